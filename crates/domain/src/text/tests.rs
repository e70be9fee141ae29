use proptest::prelude::*;

use super::*;

#[test]
fn what_nobody_sees_is_removed() {
    assert_eq!(clean("铸\u{200b}件\u{feff}裂\u{202e}纹\u{0}"), "铸件裂纹");
    assert_eq!(clean("\u{3164}\u{115f}\u{180e}"), "");
    assert_eq!(clean("\u{1bca0}\u{1bca3}\u{1d173}\u{1d17a}"), "");
    let dotless = "\u{2800}".repeat(6);
    assert_eq!(Line::<6, 60>::new(&dotless), Err(Fault::TooShort { min: 6, actual: 0 }));
    assert_eq!(Line::<1, 9>::new("\u{200b}\u{200d}"), Err(Fault::TooShort { min: 1, actual: 0 }));
}

#[test]
fn full_width_letters_are_folded_and_punctuation_stays() {
    assert_eq!(clean("Ｒａ≤０.２，温度８５℃（①）"), "Ra≤0.2，温度85℃（①）");
    assert_eq!(clean("⼯业\u{f9dc}"), "工业隆");
}

#[test]
fn lines_end_clean() {
    assert_eq!(clean("  一 \r\n\r\n\r\n二\u{3000}\r三\t"), "一\n\n二\n三");
    assert_eq!(Line::<0, 9>::new(" 一\n 二 ").unwrap().as_str(), "一 二");
}

#[test]
fn characters_are_counted_and_not_bytes() {
    let sixty = "铸".repeat(60);
    assert!(Line::<6, 60>::new(&sixty).is_ok());
    let one_more = format!("{sixty}造");
    assert_eq!(Line::<6, 60>::new(&one_more), Err(Fault::TooLong { max: 60, actual: 61 }));
    let outside_the_plane = "𠮷".repeat(60);
    assert!(Line::<6, 60>::new(&outside_the_plane).is_ok());
    // One character that NFKC makes eighteen of.
    assert_eq!(Text::<0, 17>::new("\u{fdfa}"), Err(Fault::TooLong { max: 17, actual: 18 }));
}

proptest! {
    #[test]
    fn cleaning_twice_changes_nothing_more(raw in any::<String>()) {
        let once = clean(&raw);
        prop_assert_eq!(clean(&once), once.clone());
        prop_assert!(!once.chars().any(invisible));
    }
}
