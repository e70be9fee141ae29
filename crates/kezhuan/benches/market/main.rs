//! Rates on generated listings: `just bench`, or `just bench --listings 10000`.
//!
//! The program itself imports, indexes, matches and answers; times are told with their ratio to
//! something cheap in the same run, since a time alone says as much of the machine as of the program.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measurement that cannot go on should stop, and is there to be read"
)]

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use search::{
    Condition, Question, Reader, Words,
    matching::{Depth, Effort, Profile},
};
use serde_json::json;
use tempfile::TempDir;

#[path = "../../../search/benches/matching/generator.rs"]
mod generator;
mod program;
mod table;

use generator::Generator;
use program::{Program, Server};
use table::{Spread, Table};

/// How many needs are matched, on top of the achievements.
const NEEDS: usize = 1_000;
/// How often each single thing is timed.
const SAMPLES: usize = 300;
const SEED: u64 = 20_260_131;

fn main() {
    let listings = listings();
    let folder = TempDir::new().unwrap();
    let mut generator = Generator::seeded(SEED);
    let achievements = written(folder.path(), "achievements", &mut generator, listings);
    let needs = written(folder.path(), "needs", &mut generator, NEEDS);
    let program = Program::new(folder.path().join("data"));
    program.add_matchmaker();

    let mut table = Table::new(listings);
    import_and_index(&program, &achievements, listings, &mut table);
    in_process(&program, &mut generator, &mut table);
    let server = program.serve();
    matched(&program, &server, &needs, &mut table);
    over_http(&server, &mut generator, &mut table);
    table.size("memory of the server at its peak", server.peak_memory());
    table.print();
}

/// The number after `--listings`; cargo adds arguments of its own.
fn listings() -> usize {
    let mut args = std::env::args().skip_while(|it| it != "--listings").skip(1);
    args.next().map_or(100_000, |it| it.parse().unwrap())
}

fn written(folder: &Path, name: &str, generator: &mut Generator, rows: usize) -> PathBuf {
    let path = folder.join(format!("{name}.jsonl"));
    let mut file = BufWriter::new(File::create(&path).unwrap());
    for at in 0..rows {
        let (title, body) = generator.listing();
        let id = format!("{name}-{at}");
        writeln!(file, "{}", json!({ "id": id, "title": title, "body": body })).unwrap();
    }
    file.flush().unwrap();
    path
}

fn import_and_index(program: &Program, file: &Path, listings: usize, table: &mut Table) {
    let (took, memory) = program.import("achievements", file);
    table.rate("import, published", listings, took);
    table.size("memory of the import at its peak", memory);
    let (took, memory) = program.timed(&["reindex"]);
    table.rate("a new index from the database", listings, took);
    table.size("memory of the indexing at its peak", memory);
}

/// Searching and matching without HTTP, on one core.
fn in_process(program: &Program, generator: &mut Generator, table: &mut Table) {
    let Condition::Sound(opened) = search::index::open(&program.index(), 1, &program.veil()) else {
        panic!("the index is not sound")
    };
    let reader = &opened.reader;
    let one = Spread::of(SAMPLES, || questioned(reader, &generator.words(1)));
    table.spread("search, one word, in process", &one, &one);
    let three = Spread::of(SAMPLES, || questioned(reader, &generator.words(3)));
    table.spread("search, three words, in process", &three, &one);
    let ranked = Spread::of(SAMPLES, || {
        let (title, body) = generator.listing();
        let profile = Profile::new(&title, &body);
        let started = Instant::now();
        reader.rank(&profile, (Depth { most: 20, floor: 0.3 }, Effort::default())).unwrap();
        started.elapsed()
    });
    table.spread("achievements for a need, ranked", &ranked, &one);
    let explained = Spread::of(SAMPLES, || {
        let (title, body) = generator.listing();
        let started = Instant::now();
        reader.suggest(&Profile::new(&title, &body), Depth { most: 20, floor: 0.3 }).unwrap();
        started.elapsed()
    });
    table.spread("achievements for a need, explained", &explained, &one);
}

fn questioned(reader: &Reader, words: &str) -> Duration {
    let words = Words::parse(words).unwrap();
    let started = Instant::now();
    reader.search(&Question { words, limit: 20, ..Question::default() }).unwrap();
    started.elapsed()
}

/// Needs arrive in a market that is being served, until every one has its suggestions.
fn matched(program: &Program, server: &Server, needs: &Path, table: &mut Table) {
    let (took, _) = program.import("needs", needs);
    table.rate("import of needs meanwhile", NEEDS, took);
    let started = Instant::now();
    program.wait_until_quiet();
    table.rate("needs matched, with their pairs stored", NEEDS, took + started.elapsed());
    let pairs = server.get("/api/v1/pairs?limit=1")["counts"]["suggested"].as_u64().unwrap();
    assert!(pairs >= u64::try_from(NEEDS).unwrap(), "only {pairs} suggestions");
    table.count("suggestions that came of it", pairs);
}

fn over_http(server: &Server, generator: &mut Generator, table: &mut Table) {
    let health = Spread::of(SAMPLES, || server.timed("/healthz"));
    table.spread("GET /healthz", &health, &health);
    let found = server.get("/api/v1/search?limit=1");
    let id = found["items"][0]["id"].as_str().unwrap().to_owned();
    let kind = found["items"][0]["kind"].as_str().unwrap().to_owned();
    let detail = format!("/api/v1/{kind}s/{id}");
    table.spread("GET a listing", &Spread::of(SAMPLES, || server.timed(&detail)), &health);
    let search = Spread::of(SAMPLES, || {
        let words = program::escaped(&generator.words(2));
        server.timed(&format!("/api/v1/search?q={words}"))
    });
    table.spread("GET a search, two words", &search, &health);
    let queue = Spread::of(SAMPLES, || server.timed("/api/v1/pairs?limit=20"));
    table.spread("GET the queue of pairs", &queue, &health);
}
