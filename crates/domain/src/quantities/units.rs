//! Units of the SI and of the trade, brought to metre, kilogram, second, kelvin, ampere, yuan and
//! bit; what is counted, or has a scale of its own, is a dimension by its name.

use std::{collections::HashMap, fmt, sync::LazyLock};

use super::letters::Letter;

mod table;

use table::{
    COUNTED, FREQUENCY, HEAT, LABELS, LENGTH, LONGEST, NAMED, NONE, OTHERWISE, PER, PREFIXED,
    PREFIXES, TIME,
};

/// What a number is a number of. Only numbers of one dimension can be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dimension {
    /// The powers of m, kg, s, K, A, yuan, bit.
    powers: [i8; 7],
    /// What is counted or has its own scale (台, 目, HRC, %), with powers, in order of name.
    counted: Vec<(String, i8)>,
}

/// A unit: `base = value × factor + offset`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unit {
    pub(crate) factor: f64,
    pub(crate) offset: f64,
    pub(crate) dimension: Dimension,
}

const BASES: [&str; 7] = ["m", "kg", "s", "K", "A", "yuan", "bit"];

struct Atom {
    factor: f64,
    offset: f64,
    powers: [i8; 7],
    counted: Option<&'static str>,
}

static ATOMS: LazyLock<HashMap<String, Atom>> = LazyLock::new(|| {
    let mut atoms = HashMap::new();
    let plain = |factor, powers| Atom { factor, offset: 0.0, powers, counted: None };
    for (symbol, factor, powers) in PREFIXED {
        for (prefix, by) in PREFIXES {
            atoms.insert(format!("{prefix}{symbol}"), plain(by * factor, *powers));
        }
        atoms.insert((*symbol).to_owned(), plain(*factor, *powers));
    }
    for (name, factor, powers) in NAMED {
        atoms.insert((*name).to_owned(), plain(*factor, *powers));
    }
    for (name, factor, counted) in COUNTED {
        let counted = Some(*counted);
        let atom = Atom { factor: *factor, offset: 0.0, powers: NONE, counted };
        atoms.insert((*name).to_owned(), atom);
    }
    for name in ["℃", "°C", "摄氏度", "°c"] {
        let atom = Atom { factor: 1.0, offset: 273.15, powers: HEAT, counted: None };
        atoms.insert(name.to_owned(), atom);
    }
    let rate = |factor, counted| Atom { factor, offset: 0.0, powers: FREQUENCY, counted };
    for (name, factor, counted) in [
        ("rpm", 1.0 / 60.0, "转"),
        ("RPM", 1.0 / 60.0, "转"),
        ("fps", 1.0, "帧"),
        ("FPS", 1.0, "帧"),
        ("TPS", 1.0, "次"),
        ("QPS", 1.0, "次"),
    ] {
        atoms.insert(name.to_owned(), rate(factor, Some(counted)));
    }
    atoms
});

impl Unit {
    /// The unit that begins at `at`, and where it ends.
    pub(crate) fn at(letters: &[Letter], at: usize) -> Option<(Self, usize)> {
        let (atom, end) = atom_at(letters, at, false)?;
        let mut unit = Self { factor: 1.0, offset: atom.offset, dimension: Dimension::default() };
        let mut end = unit.times(&atom, 1, (letters, end));
        loop {
            let sign: i8 = match char_at(letters, end) {
                Some('/' | '每') => -1,
                Some('·' | '•' | '⋅' | '*' | '.') => 1,
                _ => return Some((unit.or_share(), end)),
            };
            let Some(after) = unit.factor_at(letters, end + 1, sign) else {
                return Some((unit.or_share(), end));
            };
            unit.offset = 0.0;
            end = after;
        }
    }

    /// mg/kg is a share of the whole, as % is.
    fn or_share(mut self) -> Self {
        if self.dimension.powers == NONE && self.dimension.counted.is_empty() {
            self.dimension.count("%", 1);
        }
        self
    }

    /// The unit that a text is as a whole; one that is not known stands for itself.
    pub(crate) fn of(text: &str) -> Self {
        let letters = super::letters::fold(text.trim());
        if letters.is_empty() {
            return Self { factor: 1.0, offset: 0.0, dimension: Dimension::default() };
        }
        if let Some((unit, end)) = Self::at(&letters, 0)
            && end == letters.len()
        {
            return unit;
        }
        let itself = vec![(text.trim().to_lowercase(), 1)];
        let dimension = Dimension { powers: NONE, counted: itself };
        Self { factor: 1.0, offset: 0.0, dimension }
    }

    /// What one second is of this, so that 日产 500 吨 is a rate.
    pub(crate) fn per_seconds(mut self, seconds: f64) -> Self {
        self.factor /= seconds;
        if let Some(time) = self.dimension.powers.get_mut(2) {
            *time -= 1;
        }
        self
    }

    /// Reads one factor, or several in brackets, after a stroke or a dot.
    fn factor_at(&mut self, letters: &[Letter], at: usize, sign: i8) -> Option<usize> {
        if char_at(letters, at) != Some('(') {
            let (atom, end) = atom_at(letters, at, sign < 0)?;
            return Some(self.times(&atom, sign, (letters, end)));
        }
        let mut tried = self.clone();
        let mut end = at;
        while matches!(char_at(letters, end), Some('(' | '·' | '•' | '⋅' | '*' | '.')) {
            let (atom, after) = atom_at(letters, end + 1, sign < 0)?;
            end = tried.times(&atom, sign, (letters, after));
        }
        if char_at(letters, end) != Some(')') {
            return None;
        }
        *self = tried;
        Some(end + 1)
    }

    /// Multiplies by an atom and the power written after it; tells where that ends.
    fn times(&mut self, atom: &Atom, sign: i8, (letters, end): (&[Letter], usize)) -> usize {
        let (power, end) = power_at(letters, end, atom);
        let power = sign * power;
        self.factor *= atom.factor.powi(power.into());
        for (mine, its) in self.dimension.powers.iter_mut().zip(atom.powers) {
            *mine = mine.saturating_add(its.saturating_mul(power));
        }
        if let Some(counted) = atom.counted {
            self.dimension.count(counted, power);
        }
        end
    }
}

impl Dimension {
    /// Whether it is a temperature, whose ranges are meant to be covered.
    pub(crate) fn is_temperature(&self) -> bool {
        self.powers == HEAT && self.counted.is_empty()
    }

    fn count(&mut self, name: &str, power: i8) {
        match self.counted.iter_mut().find(|(it, _)| it == name) {
            Some((_, mine)) => *mine = mine.saturating_add(power),
            None => self.counted.push((name.to_owned(), power)),
        }
        self.counted.retain(|(_, it)| *it != 0);
        self.counted.sort_unstable();
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bases = BASES.iter().map(|it| (*it).to_owned()).zip(self.powers);
        let mut first = true;
        for (name, power) in self.counted.iter().cloned().chain(bases).filter(|it| it.1 != 0) {
            f.write_str(if first { "" } else { "·" })?;
            f.write_str(&name)?;
            if power != 1 {
                write!(f, "{power}")?;
            }
            first = false;
        }
        Ok(())
    }
}

/// The longest spelling of a unit that begins at `at`.
fn atom_at(letters: &[Letter], at: usize, per: bool) -> Option<(Atom, usize)> {
    let rest = letters.get(at..letters.len().min(at + LONGEST))?;
    for length in (1..=rest.len()).rev() {
        let spelling: String = rest.iter().take(length).map(|it| it.it).collect();
        let next = char_at(letters, at + length);
        let latin = spelling.chars().last().is_some_and(|it| it.is_ascii_alphabetic() || it == 'Ω');
        if latin && next.is_some_and(|it| it.is_ascii_alphabetic()) {
            continue;
        }
        let found = per.then(|| PER.iter().find(|(it, _)| *it == spelling)).flatten();
        if let Some((_, factor)) = found {
            let atom = Atom { factor: *factor, offset: 0.0, powers: TIME, counted: None };
            return Some((atom, at + length));
        }
        let Some(atom) = ATOMS.get(&spelling) else { continue };
        if is_otherwise(letters, at) || is_label(&spelling, next) {
            return None;
        }
        let Atom { factor, offset, powers, counted } = *atom;
        return Some((Atom { factor, offset, powers, counted }, at + length));
    }
    None
}

fn is_otherwise(letters: &[Letter], at: usize) -> bool {
    OTHERWISE.iter().any(|it| super::letters::begins(letters, at, it))
}

fn is_label(spelling: &str, next: Option<char>) -> bool {
    LABELS.iter().any(|(it, before)| *it == spelling && before.chars().next() == next)
}

/// The power written at `at`, such as 2 in m2, and where it ends.
fn power_at(letters: &[Letter], at: usize, atom: &Atom) -> (i8, usize) {
    let (digit, end) = match char_at(letters, at) {
        Some('²') => return (2, at + 1),
        Some('³') => return (3, at + 1),
        Some('^') => (char_at(letters, at + 1), at + 2),
        other if atom.powers == LENGTH => (other, at + 1),
        _ => return (1, at),
    };
    let alone = !char_at(letters, end).is_some_and(|it| it.is_ascii_digit());
    match digit {
        Some('2') if alone => (2, end),
        Some('3') if alone => (3, end),
        _ => (1, at),
    }
}

fn char_at(letters: &[Letter], at: usize) -> Option<char> {
    letters.get(at).map(|it| it.it)
}
