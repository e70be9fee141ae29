//! The index and the matcher alone, on half a million generated achievements:
//! `cargo bench --package search -- --listings 500000`.
//!
//! Everything is told with its ratio to a bare query of the engine for the same terms in the same
//! run, since a time alone says as much of the machine as of the program.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a measurement that cannot go on should stop, and is there to be read"
)]

use std::{
    collections::{BTreeSet, HashSet},
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::listings::Kind;
use search::{
    Entry, Reader, Shelf, Veil,
    index::{self, Opened},
    matching::{Breadth, Depth, Effort, Profile},
    text,
};
use tantivy::{
    Index, Searcher, Term,
    collector::{Count, TopDocs},
    query::{BooleanQuery, Occur, Query, TermQuery},
    schema::{Field, IndexRecordOption},
};
use tempfile::TempDir;
use uuid::Uuid;

#[expect(dead_code, reason = "the bench of the whole program types words, too")]
mod generator;

use generator::Generator;

/// How many needs stand in the market.
const NEEDS: usize = 5_000;
/// How often each single thing is timed.
const SAMPLES: usize = 200;
const SEED: u64 = 20_260_131;
const DEPTH: Depth = Depth { most: 20, floor: 0.3 };

fn main() {
    let listings = listings();
    let folder = TempDir::new().unwrap();
    let mut generator = Generator::seeded(SEED);
    let mut opened = index::create(folder.path(), 2, &Arc::new(Veil::thin())).unwrap();
    let needs: Vec<Entry> = (0..NEEDS).map(|_| entry(Kind::Need, &mut generator)).collect();
    for need in &needs {
        opened.writer.add(need).unwrap();
    }
    println!("| what | median or rate | 99th percentile or time | median to a bare query |");
    println!("|---|---:|---:|---:|");
    let opened = indexed(opened, listings, &mut generator);
    let bare = Bare::open(&folder);
    let probes = &needs[..SAMPLES];
    let against = spread("a bare query of all terms", None, probes, |it| {
        let query = bare.query(&it.title, &it.text);
        timed(|| assert!(bare.run(&query) > 0))
    });
    rankings(&opened.reader, probes, against);
    again(&opened.reader, &needs);
    println!("| memory at its peak | {} MiB | | |", peak_memory());
}

/// The number after `--listings`; cargo adds arguments of its own.
fn listings() -> usize {
    let mut args = std::env::args().skip_while(|it| it != "--listings").skip(1);
    args.next().map_or(500_000, |it| it.parse().unwrap())
}

fn entry(kind: Kind, generator: &mut Generator) -> Entry {
    let (title, text) = generator.listing();
    Entry {
        id: Uuid::now_v7(),
        kind,
        shelf: Shelf::Open,
        title,
        summary: String::new(),
        text,
        fields: Vec::new(),
        industry: None,
        region: None,
        cooperation: Vec::new(),
        readiness: None,
        published_at: 0,
    }
}

/// Adds the achievements, some at a time so that making them is not measured.
fn indexed(mut opened: Opened, listings: usize, generator: &mut Generator) -> Opened {
    let mut took = Duration::ZERO;
    let mut left = listings;
    while left > 0 {
        let some = left.min(10_000);
        let part: Vec<Entry> = (0..some).map(|_| entry(Kind::Achievement, generator)).collect();
        took += timed(|| part.iter().for_each(|it| opened.writer.add(it).unwrap()));
        left -= some;
    }
    took += timed(|| opened.writer.commit(0).unwrap());
    let rate = listings as f64 / took.as_secs_f64();
    println!("| indexing, two threads | {rate:.0} /s | {:.1} s | |", took.as_secs_f64());
    opened
}

fn rankings(reader: &Reader, probes: &[Entry], bare: Duration) {
    for (what, effort) in [
        ("achievements for a need, one stage", Effort::EXACT),
        ("achievements for a need, two stages", Effort::default()),
    ] {
        spread(what, Some(bare), probes, |it| {
            let profile = Profile::from(it);
            timed(|| drop(reader.rank(&profile, (DEPTH, effort)).unwrap()))
        });
    }
    spread("the same, with explanations", Some(bare), probes, |it| {
        timed(|| drop(reader.suggest(&Profile::from(it), DEPTH).unwrap()))
    });
    spread("needs that an achievement touches", Some(bare), probes, |it| {
        let breadth = Breadth { always: 30, most: 500, floor: 0.3 };
        let profile = Profile::from(it);
        timed(|| drop(reader.touched(&profile, breadth).unwrap()))
    });
    same(reader, probes);
}

/// How many of the best twenty of one stage are among the best twenty of two.
fn same(reader: &Reader, probes: &[Entry]) {
    let best = |it: &Entry, effort| -> HashSet<Uuid> {
        let found = reader.rank(&Profile::from(it), (DEPTH, effort)).unwrap();
        found.into_iter().map(|it| it.0).collect()
    };
    let (mut kept, mut all) = (0, 0);
    for probe in probes {
        let exact = best(probe, Effort::EXACT);
        kept += exact.intersection(&best(probe, Effort::default())).count();
        all += exact.len();
    }
    let share = kept as f64 / all as f64 * 100.0;
    println!("| suggestions of one stage that two stages find | {share:.2} % | | |");
}

/// Every need matched again, on two threads.
fn again(reader: &Reader, needs: &[Entry]) {
    let took = timed(|| {
        std::thread::scope(|scope| {
            for half in needs.chunks(needs.len().div_ceil(2)) {
                scope.spawn(move || {
                    for need in half {
                        reader.suggest(&Profile::from(need), DEPTH).unwrap();
                    }
                });
            }
        });
    });
    let rate = needs.len() as f64 / took.as_secs_f64();
    println!("| needs matched again, two threads | {rate:.1} /s | {:.1} s | |", took.as_secs_f64());
}

/// The engine by itself, with the terms of a need and its own weights.
struct Bare {
    searcher: Searcher,
    field: Field,
}

impl Bare {
    fn open(folder: &TempDir) -> Self {
        let index = Index::open_in_dir(folder.path()).unwrap();
        let field = index.schema().get_field("open_achievements").unwrap();
        Self { searcher: index.reader().unwrap().searcher(), field }
    }

    fn query(&self, title: &str, body: &str) -> BooleanQuery {
        let glyphs = text::glyphs(&format!("{title}\n{body}"));
        let terms: BTreeSet<String> = text::grams(&glyphs).into_iter().map(|it| it.text).collect();
        let clause = |term: String| {
            let term = Term::from_field_text(self.field, &term);
            let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
            (Occur::Should, Box::new(query) as Box<dyn Query>)
        };
        BooleanQuery::new(terms.into_iter().map(clause).collect())
    }

    /// Counting turns the engine's pruning off, which is slower with so many terms.
    fn run(&self, query: &BooleanQuery) -> usize {
        let best = TopDocs::with_limit(20).order_by_score();
        let (best, _) = self.searcher.search(query, &(best, Count)).unwrap();
        best.len()
    }
}

fn timed(what: impl FnOnce()) -> Duration {
    let started = Instant::now();
    what();
    started.elapsed()
}

/// Times something for each probe, after a tenth of them unmeasured; answers the median.
fn spread(
    what: &str,
    against: Option<Duration>,
    probes: &[Entry],
    mut once: impl FnMut(&Entry) -> Duration,
) -> Duration {
    for it in probes.iter().take(probes.len() / 10) {
        once(it);
    }
    let mut times: Vec<Duration> = probes.iter().map(once).collect();
    times.sort_unstable();
    let at = |hundredths: usize| times[(times.len() - 1) * hundredths / 100];
    let milliseconds = |it: Duration| it.as_secs_f64() * 1000.0;
    let ratio = against.map_or(1.0, |it| at(50).as_secs_f64() / it.as_secs_f64());
    let (median, late) = (milliseconds(at(50)), milliseconds(at(99)));
    println!("| {what} | {median:.1} ms | {late:.1} ms | {ratio:.2} |");
    at(50)
}

/// The most memory that the process has had, in MiB, or nothing where the system does not tell.
fn peak_memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|it| it.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.map_or_else(|| "?".to_owned(), |it| (it / 1024).to_string())
}
