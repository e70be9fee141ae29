#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assert_eq!(fuzzed::target("bearer").map(|it| it(bytes)), Some(Ok(())));
});
