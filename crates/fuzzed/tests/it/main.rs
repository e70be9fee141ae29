//! The corpus of `fuzz/`, replayed, and changed at random for a moment.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should stop"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use fuzzed::TARGETS;

mod random;

use random::Random;

fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|it| (it.clone(), fs::read(it).unwrap())).collect()
}

#[test]
fn whatever_was_found_once_stays_mended() {
    for (name, target) in TARGETS {
        let files = corpus(name);
        assert!(files.len() >= 3, "{name} has hardly a corpus");
        for (path, bytes) in files {
            // The first time a dictionary may have to be read.
            assert_eq!(target(&bytes), Ok(()), "{}", path.display());
            let started = Instant::now();
            let _ = target(&bytes);
            assert!(started.elapsed() < Duration::from_secs(10), "{}", path.display());
        }
    }
}

/// For how long: `FUZZ_SECONDS` a target, or a moment.
fn moment() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "tests run as long as they are told")]
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|it| it.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}

#[test]
fn no_bytes_break_a_promise() {
    for (name, target) in TARGETS {
        let seeds: Vec<Vec<u8>> = corpus(name).into_iter().map(|it| it.1).collect();
        let (mut random, started) = (Random::seeded(name), Instant::now());
        let (mut tried, mut slowest) = (0_u64, Duration::ZERO);
        while started.elapsed() < moment() {
            let bytes = random.changed(&seeds);
            let before = Instant::now();
            assert_eq!(target(&bytes), Ok(()), "{name}: {:?}", String::from_utf8_lossy(&bytes));
            slowest = slowest.max(before.elapsed());
            tried += 1;
        }
        println!("{name}: {tried} inputs, the slowest took {slowest:?}");
        // Other work on the machine counts too; what blows up takes far longer.
        assert!(slowest < Duration::from_secs(10), "{name}: {slowest:?}");
    }
}
