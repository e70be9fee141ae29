//! Whether one amount is enough for another.

use crate::quantities::{Amount, Bound, Change};

/// Values that differ by less than this share are the same, for sums in other units.
const SAME: f64 = 1e-9;
/// A value asked for exactly is kept within half a percent.
const EXACTLY: f64 = 0.005;

/// Whether `stated` is what is `wanted`; `None` if that cannot be said. Both are of one dimension
/// and one kind. `exact` tells that a single value is wanted and no other.
pub(super) fn answers(wanted: &Amount, exact: bool, stated: &Amount) -> Option<bool> {
    if wanted.kind != Change::Level {
        return change(wanted.bound, stated.bound);
    }
    let (low, high) = ends(stated.bound);
    match wanted.bound {
        Bound::AtLeast(least) | Bound::Reaches(least) => at_least(least, low, high),
        Bound::AtMost(most) => at_least(-most, -high, -low),
        Bound::Equals(value) => equals(value, exact, (low, high)),
        Bound::Between(from, to) => {
            let warm = wanted.dimension.is_temperature();
            within((from, to), (low, high), warm)
        }
    }
}

/// A change is wanted to be at least so large.
fn change(wanted: Bound, stated: Bound) -> Option<bool> {
    let least = match wanted {
        Bound::AtLeast(it) | Bound::Equals(it) | Bound::Reaches(it) | Bound::Between(it, _) => it,
        Bound::AtMost(_) => return None,
    };
    let (low, high) = ends(stated);
    at_least(least, low, high)
}

/// Whether what lies from `low` to `high` is at least so much. Who promises at least 60 where 80 is
/// wanted does not promise enough; who promises at most something promises nothing here.
fn at_least(least: f64, low: f64, high: f64) -> Option<bool> {
    if not_below(low, least) {
        return Some(true);
    }
    let open_above = high == f64::INFINITY;
    (open_above || !not_below(high, least)).then_some(false)
}

fn equals(value: f64, exact: bool, (low, high): (f64, f64)) -> Option<bool> {
    let near = EXACTLY * value.abs();
    if low.is_finite() && high.is_finite() {
        let holds = low - near <= value && value <= high + near;
        return if holds { Some(true) } else { exact.then_some(false) };
    }
    let excluded = value < low - near || value > high + near;
    (exact && excluded).then_some(false)
}

/// A range of temperature is one to work in, and wants to be covered; another is one to stay in.
fn within((from, to): (f64, f64), (low, high): (f64, f64), covered: bool) -> Option<bool> {
    if !low.is_finite() || !high.is_finite() {
        let apart = low > to || high < from;
        return apart.then_some(false);
    }
    let covers = not_below(from, low) && not_below(high, to);
    if covered {
        let range = high > low;
        return if covers { Some(true) } else { range.then_some(false) };
    }
    let inside = not_below(low, from) && not_below(to, high);
    let apart = low > to || high < from;
    if inside || covers { Some(true) } else { apart.then_some(false) }
}

fn not_below(value: f64, least: f64) -> bool {
    value >= least - SAME * least.abs()
}

fn ends(bound: Bound) -> (f64, f64) {
    match bound {
        Bound::AtLeast(it) => (it, f64::INFINITY),
        Bound::AtMost(it) => (f64::NEG_INFINITY, it),
        Bound::Equals(it) | Bound::Reaches(it) => (it, it),
        Bound::Between(low, high) => (low, high),
    }
}
