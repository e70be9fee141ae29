#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assert_eq!(fuzzed::target("language").map(|it| it(bytes)), Some(Ok(())));
});
