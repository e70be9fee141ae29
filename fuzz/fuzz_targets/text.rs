#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assert_eq!(fuzzed::target("text").map(|it| it(bytes)), Some(Ok(())));
});
