#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assert_eq!(fuzzed::target("number").map(|it| it(bytes)), Some(Ok(())));
});
