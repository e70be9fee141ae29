use std::time::Duration;

/// What was measured, a line a thing.
pub(crate) struct Table {
    listings: usize,
    lines: Vec<[String; 4]>,
}

/// How long the same thing took, many times over.
pub(crate) struct Spread {
    median: Duration,
    late: Duration,
}

impl Spread {
    /// Does something that tells how long it took, again and again; a tenth first, unmeasured.
    pub(crate) fn of(samples: usize, mut once: impl FnMut() -> Duration) -> Self {
        for _ in 0..samples / 10 {
            once();
        }
        let mut times: Vec<Duration> = (0..samples).map(|_| once()).collect();
        times.sort_unstable();
        let at = |hundredths: usize| times.get((times.len() - 1) * hundredths / 100).copied();
        Self { median: at(50).unwrap_or_default(), late: at(99).unwrap_or_default() }
    }
}

impl Table {
    pub(crate) const fn new(listings: usize) -> Self {
        Self { listings, lines: Vec::new() }
    }

    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "a rate of at most millions"
    )]
    pub(crate) fn rate(&mut self, what: &str, count: usize, took: Duration) {
        let rate = count as f64 / took.as_secs_f64();
        self.line(
            what,
            [format!("{rate:.0} /s"), format!("{:.1} s", took.as_secs_f64()), String::new()],
        );
    }

    pub(crate) fn spread(&mut self, what: &str, it: &Spread, against: &Spread) {
        let milliseconds = |it: Duration| format!("{:.2} ms", it.as_secs_f64() * 1000.0);
        let ratio = it.median.as_secs_f64() / against.median.as_secs_f64();
        let ratio = format!("{ratio:.1}");
        self.line(what, [milliseconds(it.median), milliseconds(it.late), ratio]);
    }

    pub(crate) fn size(&mut self, what: &str, kibibytes: u64) {
        self.line(what, [format!("{} MiB", kibibytes / 1024), String::new(), String::new()]);
    }

    pub(crate) fn count(&mut self, what: &str, count: u64) {
        self.line(what, [count.to_string(), String::new(), String::new()]);
    }

    fn line(&mut self, what: &str, [first, second, third]: [String; 3]) {
        eprintln!("{what}: {first} {second}");
        self.lines.push([what.to_owned(), first, second, third]);
    }

    pub(crate) fn print(&self) {
        println!("\n{} achievements, SQLite, release build\n", self.listings);
        println!(
            "| what | rate, median or size | time or 99th percentile | median to the first of its kind |"
        );
        println!("|---|---:|---:|---:|");
        for line in &self.lines {
            println!("| {} |", line.join(" | "));
        }
    }
}
