//! From a text to its quantities.

use super::{
    Amount, Bound, Change, Quantity, Unit,
    letters::{Letter, begins, ends, fold},
    names,
    numbers::{Number, end_of_code, is_digit},
    rates::as_rate,
    words::{self, Compared},
};

/// Latin words that may stand right before a number: Ra0.2, HRC58, φ50.
const SYMBOLS: &[&str] = &["Ra", "Rz", "pH", "PH", "Φ", "φ", "ø", "HRC", "HRA", "HRB", "HB", "HV"];
/// Those of them that are scales.
const SCALES: &[&str] = &["HRC", "HRA", "HRB", "HB", "HV"];
/// Names whose numbers have no unit.
const BARE: &[&str] =
    &["ra", "rz", "ph", "粗糙度", "系数", "因数", "折射率", "摩擦系数", "黏度比", "长径比"];
/// How far back a clause is looked at.
const CLAUSE: usize = 40;

/// A text being read.
pub(super) struct Reading<'a> {
    text: &'a str,
    letters: Vec<Letter>,
}

/// What a number and what stands around it come to.
struct Found {
    /// Where its first digit stands.
    at: usize,
    low: Number,
    high: Option<Number>,
    low_unit: Option<Unit>,
    unit: Option<Unit>,
    below: bool,
    /// Where number and unit end.
    end: usize,
}

/// What stands before a number.
struct Before {
    compared: Option<Compared>,
    change: Option<bool>,
    /// It is where something began: 由 8% 降至 2%.
    origin: bool,
    name: String,
    from: usize,
    /// Where the words between name and number begin.
    between: usize,
}

impl<'a> Reading<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, letters: fold(text) }
    }

    pub(super) fn all(&self) -> Vec<Quantity> {
        let mut found: Vec<(Quantity, usize)> = Vec::new();
        let mut at = 0;
        while at < self.letters.len() {
            let words = begins(&self.letters, at, "百分之");
            if !words && !is_digit(&self.letters, at) {
                at += 1;
                continue;
            }
            match self.quantity(at, found.last()) {
                Ok((quantity, end)) => {
                    found.push((quantity, end));
                    at = end.max(at + 1);
                }
                Err(end) => at = end.max(at + 1),
            }
        }
        found.into_iter().map(|it| it.0).collect()
    }

    /// The quantity whose number begins at `at`; or where to go on.
    fn quantity(
        &self,
        at: usize,
        last: Option<&(Quantity, usize)>,
    ) -> Result<(Quantity, usize), usize> {
        self.refuse_before(at)?;
        let found = self.amount(at)?;
        let start = self.sign_before(at, &found);
        let floor = last.map_or(0, |it| it.1);
        let before = self.before(start, floor);
        let after = words::after(&self.letters, self.past(found.end, &["个", "左右"]));
        let (after, end) = after.map_or((None, found.end), |(it, end)| (Some(it), end));
        let next = self.char_at(end);
        if found.unit.is_none() && !self.stands_alone(&before, after, next) {
            return Err(found.end);
        }
        let compared = after.or(before.compared);
        let mut quantity = self.compose(&found, &before, compared);
        if quantity.name.is_empty()
            && let Some((last, last_end)) = last
            && self.only_spaces(*last_end, before.between)
        {
            quantity.name.clone_from(&last.name);
        }
        let from = self.letters.get(before.from).map_or(0, |it| it.from);
        let to = end.checked_sub(1).and_then(|it| self.letters.get(it)).map_or(from, |it| it.to);
        quantity.range = from..to;
        Ok((quantity, end))
    }

    /// Refuses a number that is a part of a model, a date, a version or an ordinal.
    fn refuse_before(&self, at: usize) -> Result<(), usize> {
        let code = || Err(end_of_code(&self.letters, at));
        let Some(before) = at.checked_sub(1).and_then(|it| self.char_at(it)) else { return Ok(()) };
        if SYMBOLS.iter().any(|it| self.symbol_before(at, it)) {
            return Ok(());
        }
        let second = at.checked_sub(2).and_then(|it| self.char_at(it));
        let joined = matches!(before, '-' | '/' | '.' | '_' | '#')
            && second.is_some_and(|it| it.is_ascii_alphanumeric());
        if before.is_ascii_alphabetic() || before == '_' || before == '#' || joined {
            return code();
        }
        let ordinal = matches!(before, '第' | '图' | '表' | '№' | '〔' | '[' | '附');
        let time = before == ':' && second.is_some_and(|it| it.is_ascii_digit());
        let dated = before == '月' && second.is_some_and(|it| it.is_ascii_digit());
        let product = before == '×' && second.is_some_and(|it| it.is_ascii_digit());
        if ordinal || time || dated || product { code() } else { Ok(()) }
    }

    fn symbol_before(&self, at: usize, symbol: &str) -> bool {
        let from = ends(&self.letters, at, symbol);
        from.is_some_and(|it| {
            !it.checked_sub(1)
                .and_then(|it| self.char_at(it))
                .is_some_and(|it| it.is_ascii_alphanumeric())
        })
    }

    /// The number or the range at `at`, with its units.
    fn amount(&self, at: usize) -> Result<Found, usize> {
        if let Some(number) = Number::in_words(&self.letters, at) {
            let unit = Some(Unit::of("%"));
            let end = number.end;
            return Ok(Found {
                at,
                low: number,
                high: None,
                low_unit: None,
                unit,
                below: false,
                end,
            });
        }
        if !is_digit(&self.letters, at) {
            return Err(at + 1);
        }
        let low = Number::at(&self.letters, at)?;
        let lettered = self.back_over_spaces(at).checked_sub(1).and_then(|it| self.char_at(it));
        let code = low.digits > 7 && lettered.is_some_and(|it| it.is_ascii_alphabetic());
        if code || self.is_date(&low) || low.digits > 10 {
            return Err(end_of_code(&self.letters, low.end));
        }
        let past = self.past(low.end, &["余", "多", "几"]);
        let unit = self.unit(past);
        let (unit, end) = unit.map_or((None, low.end), |(unit, end)| (Some(unit), end));
        if unit.is_none() && self.char_at(end).is_some_and(|it| it.is_ascii_alphabetic()) {
            return Err(end_of_code(&self.letters, end));
        }
        if unit.is_none() && matches!(self.char_at(end), Some(':' | '#')) {
            return Err(end_of_code(&self.letters, end + 1));
        }
        let alone = Found { at, low, high: None, low_unit: None, unit, below: false, end };
        Ok(self.range(alone))
    }

    /// Goes on to the other end of a range, if there is one.
    fn range(&self, alone: Found) -> Found {
        let Some((from, negative)) = self.other_end(alone.end) else { return alone };
        let Ok(high) = Number::at(&self.letters, from) else { return alone };
        let past = self.past(high.end, &["余", "多"]);
        let unit = self.unit(past);
        let (unit, end) = match unit {
            Some((unit, end)) => (Some(unit), end),
            None if alone.unit.is_some() => return alone,
            None => (None, high.end),
        };
        let next = self.char_at(end);
        if unit.is_none() && next.is_some_and(|it| it.is_ascii_alphanumeric() || it == '-') {
            return alone;
        }
        let low_unit = alone.unit;
        Found { high: Some(high), low_unit, unit, below: negative, end, ..alone }
    }

    /// Where the number after a range's sign begins, and whether it is below zero.
    fn other_end(&self, end: usize) -> Option<(usize, bool)> {
        let at = self.past_spaces(end);
        let sign = self.char_at(at)?;
        let mut from = match sign {
            '~' | '-' | '至' | '到' => at + 1,
            _ => return None,
        };
        // Two dashes alike are one; of two unlike the second is a sign.
        while self.char_at(from) == Some(sign) && self.written(from) == self.written(at) {
            from += 1;
        }
        from = self.past_spaces(from);
        let negative = matches!(self.char_at(from), Some('-' | '零' | '负'));
        let from = if begins(&self.letters, from, "零下") {
            from + 2
        } else {
            from + usize::from(negative)
        };
        is_digit(&self.letters, from).then_some((from, negative))
    }

    /// What stands in the text itself at `at`.
    fn written(&self, at: usize) -> Option<&str> {
        self.letters.get(at).and_then(|it| self.text.get(it.from..it.to))
    }

    fn unit(&self, at: usize) -> Option<(Unit, usize)> {
        Unit::at(&self.letters, self.past_spaces(at))
    }

    /// Whether a number is a year, or begins a date.
    fn is_date(&self, number: &Number) -> bool {
        let year = number.digits == 4
            && (1900.0..2100.0).contains(&number.plain)
            && number.plain.fract() == 0.0;
        let at = self.past_spaces(number.end);
        let next = self.char_at(at);
        if year && number.by < 2.0 {
            let then = |it| self.char_at(at + it);
            let until = matches!(next, Some('-' | '~' | '至' | '/' | '到'))
                && is_digit(&self.letters, at + 1);
            return until
                || next == Some('年')
                || (next == Some('.') && then(1).is_some_and(|it| it.is_ascii_digit()));
        }
        let month = next == Some('月') && number.plain <= 12.0;
        let number_of =
            matches!(next, Some('号' | '后' | '期')) || begins(&self.letters, at, "世纪");
        month || number_of
    }

    /// Where the sign before a number begins: 零下, 负, -.
    fn sign_before(&self, at: usize, found: &Found) -> usize {
        if let Some(from) =
            ends(&self.letters, at, "零下").or_else(|| ends(&self.letters, at, "负"))
        {
            return from;
        }
        let Some(dash) = at.checked_sub(1).filter(|it| self.char_at(*it) == Some('-')) else {
            return at;
        };
        let warm = found.unit.as_ref().is_some_and(|it| it.dimension.is_temperature());
        let joined = dash.checked_sub(1).and_then(|it| self.char_at(it));
        let open = joined.is_none_or(|it| " ,，(:≥≤><=~为在".contains(it));
        if open || (warm && !joined.is_some_and(|it| it.is_ascii_alphanumeric())) {
            dash
        } else {
            at
        }
    }

    /// Reads the words before a number: comparison, change, name.
    fn before(&self, start: usize, floor: usize) -> Before {
        let mut before = Before {
            compared: None,
            change: None,
            origin: false,
            name: String::new(),
            from: start,
            between: start,
        };
        let mut at = self.back_over_symbol(start);
        for _ in 0..8 {
            at = self.back_over_spaces(at);
            let origin = ends(&self.letters, at, "由").or_else(|| ends(&self.letters, at, "从"));
            if before.compared.is_none()
                && let Some(from) = origin
            {
                before.origin = true;
                at = from;
            } else if let Some((compared, from)) = words::before(&self.letters, at) {
                before.compared.get_or_insert(compared);
                at = if compared == Compared::Within { self.middle(from) } else { from };
            } else if let Some((rises, what, from)) = words::change(&self.letters, at)
                && before.change.is_none()
            {
                before.change = Some(rises);
                what.clone_into(&mut before.name);
                at = from;
            } else if let Some(from) = words::beside(&self.letters, at) {
                at = from;
            } else {
                break;
            }
        }
        before.between = at;
        before.from = at;
        if before.name.is_empty() {
            let symbol = self.symbol(start);
            let (name, from) = names::before(&self.letters, floor, at);
            before.from = from.min(at);
            before.name =
                if symbol.is_empty() || name.ends_with(&symbol) { name } else { name + &symbol };
        }
        before
    }

    /// Where the number before `±` begins.
    fn middle(&self, sign: usize) -> usize {
        let back = (1..=8).map_while(|it| sign.checked_sub(it));
        let digits = back
            .take_while(|it| self.char_at(*it).is_some_and(|it| it.is_ascii_digit() || it == '.'));
        digits.last().unwrap_or(sign)
    }

    /// Ra, Rz and pH are part of the name; φ is a diameter; a scale of hardness is a unit.
    fn symbol(&self, start: usize) -> String {
        let symbol = SYMBOLS.iter().find(|it| self.symbol_before(start, it)).copied();
        match symbol {
            Some("Φ" | "φ" | "ø") => "直径".to_owned(),
            Some(it) if SCALES.contains(&it) => String::new(),
            Some(it) => it.to_lowercase(),
            None => String::new(),
        }
    }

    fn back_over_symbol(&self, start: usize) -> usize {
        let symbol = SYMBOLS.iter().find(|it| self.symbol_before(start, it));
        symbol.and_then(|it| ends(&self.letters, start, it)).unwrap_or(start)
    }

    fn compose(&self, found: &Found, before: &Before, compared: Option<Compared>) -> Quantity {
        let mut name = before.name.clone();
        let mut change = before.change;
        if change.is_none()
            && before.compared.is_none_or(|it| it != Compared::Reaches && it != Compared::AtMost)
            && let Some((rises, rest)) = words::leading_change(&name)
        {
            change = Some(rises);
            name = String::from(rest);
        }
        let scale = SCALES.iter().find(|it| ends(&self.letters, found.at, it).is_some());
        let mut unit = found.unit.clone().unwrap_or_else(|| Unit::of(""));
        if let (None, Some(scale)) = (&found.unit, scale) {
            unit = Unit::of(scale);
        }
        let kind = match change {
            Some(true) => Change::Rise,
            Some(false) => Change::Fall,
            None => Change::Level,
        };
        if kind != Change::Level || compared == Some(Compared::Within) {
            unit.offset = 0.0;
        }
        (name, unit) = as_rate(name, unit);
        let bound = self.bound(found, &unit, compared);
        let ranged = matches!(bound, Bound::Between(..));
        Quantity {
            name,
            amount: Amount { kind, bound, dimension: unit.dimension },
            so_far: before.origin || self.tells_so_far(before.between),
            compared: ranged || !matches!(compared, None | Some(Compared::Equals)),
            range: 0..0,
        }
    }

    fn bound(&self, found: &Found, unit: &Unit, compared: Option<Compared>) -> Bound {
        let signed = |value: f64, below: bool| if below { -value } else { value };
        let base = |value: f64, unit: &Unit| value * unit.factor + unit.offset;
        if let Some(high) = &found.high {
            let mut low = found.low.value();
            if found.low.by < 2.0 && high.by > 1.0 && found.low.plain < high.plain {
                low *= high.by;
            }
            let low_unit = found.low_unit.as_ref().filter(|it| it.dimension == unit.dimension);
            let low_unit = Unit { offset: unit.offset, ..low_unit.unwrap_or(unit).clone() };
            let low = base(signed(low, self.is_below(found)), &low_unit);
            let high = base(signed(high.value(), found.below), unit);
            return Bound::Between(low.min(high), low.max(high));
        }
        let value = base(signed(found.low.value(), self.is_below(found)), unit);
        match compared {
            Some(Compared::AtLeast) => Bound::AtLeast(value),
            Some(Compared::AtMost) => Bound::AtMost(value),
            Some(Compared::Reaches) => Bound::Reaches(value),
            Some(Compared::Within) => self.within(found, unit, value),
            Some(Compared::Equals) | None => Bound::Equals(value),
        }
    }

    /// `25±2` is a range; `±0.5` alone is a tolerance, at most.
    fn within(&self, found: &Found, unit: &Unit, tolerance: f64) -> Bound {
        let sign = found.at.checked_sub(1);
        let middle = sign.and_then(|sign| {
            let number = Number::at(&self.letters, self.middle(sign)).ok();
            number.filter(|it| it.end == sign && is_digit(&self.letters, self.middle(sign)))
        });
        match middle {
            Some(middle) => {
                let middle = middle.value() * unit.factor;
                let offset = if unit.dimension.is_temperature() { 273.15 } else { 0.0 };
                Bound::Between(middle - tolerance + offset, middle + tolerance + offset)
            }
            None => Bound::AtMost(tolerance),
        }
    }

    fn is_below(&self, found: &Found) -> bool {
        self.sign_before(found.at, found) < found.at
    }

    /// Whether a number without a unit is a quantity nevertheless.
    fn stands_alone(&self, before: &Before, after: Option<Compared>, next: Option<char>) -> bool {
        let followed =
            next.is_some_and(|it| it.is_alphanumeric() || matches!(it, '-' | '、' | ')' | '#'));
        if SCALES.iter().any(|it| ends(&self.letters, before.between + it.len(), it).is_some()) {
            return !followed;
        }
        let bare = BARE.iter().any(|it| before.name.ends_with(it));
        let named = before.name.chars().count() >= 2;
        let compared = before.compared.is_some_and(|it| it != Compared::Equals)
            || before.change.is_some()
            || after.is_some();
        !followed && (bare || (named && compared))
    }

    /// Whether the clause up to `at` tells how things are so far.
    fn tells_so_far(&self, at: usize) -> bool {
        let least = at.saturating_sub(CLAUSE);
        let clause: Vec<usize> = (least..at)
            .rev()
            .take_while(|it| !self.char_at(*it).is_some_and(|it| "，。；;、\n！,".contains(it)))
            .collect();
        let name = self.letters.get(at).map_or(self.text.len(), |it| it.from);
        let from = clause.last().and_then(|it| self.letters.get(*it)).map_or(name, |it| it.from);
        words::so_far(self.text.get(from..name).unwrap_or_default())
    }

    fn past(&self, at: usize, words: &[&str]) -> usize {
        let found = words.iter().find(|it| begins(&self.letters, at, it));
        found.map_or(at, |it| at + it.chars().count())
    }

    fn past_spaces(&self, mut at: usize) -> usize {
        while self.char_at(at) == Some(' ') {
            at += 1;
        }
        at
    }

    fn back_over_spaces(&self, mut at: usize) -> usize {
        while at.checked_sub(1).and_then(|it| self.char_at(it)) == Some(' ') {
            at -= 1;
        }
        at
    }

    fn only_spaces(&self, from: usize, to: usize) -> bool {
        (from..to).all(|it| self.char_at(it) == Some(' '))
    }

    fn char_at(&self, at: usize) -> Option<char> {
        self.letters.get(at).map(|it| it.it)
    }
}
