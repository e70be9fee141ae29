use super::*;

fn texts(terms: &[Term]) -> Vec<&str> {
    terms.iter().map(|it| it.text.as_str()).collect()
}

#[test]
fn text_becomes_characters_pairs_words_and_numbers() {
    let terms = grams(&glyphs("铸件Ra≤0.2,5G"));
    assert_eq!(texts(&terms), ["铸", "件", "铸件", "ra", "0.2", "5", "g"]);
}

#[test]
fn a_term_keeps_where_it_stood() {
    let text = "含ＤＮ600的鑄鐵管";
    for term in grams(&glyphs(text)) {
        let original = text.get(term.from..term.to).unwrap();
        let again: String = glyphs(original).iter().map(|it| it.it).collect();
        assert_eq!(again, term.text);
    }
}

#[test]
fn traditional_full_width_and_capitals_come_out_alike() {
    let terms = grams(&glyphs("鋰電池正極材料ＰＶＤ"));
    assert_eq!(
        terms.iter().map(|it| &it.text).collect::<Vec<_>>(),
        grams(&glyphs("锂电池正极材料pvd")).iter().map(|it| &it.text).collect::<Vec<_>>()
    );
    let count = SIMPLIFIED.len();
    assert!(count > 2000, "only {count} characters have a simplified form");
}

#[test]
fn pairs_do_not_cross_a_space_or_a_stop() {
    let terms = grams(&glyphs("废弃 生物。质"));
    assert!(!texts(&terms).iter().any(|it| ["弃生", "物质"].contains(it)));
}

#[test]
fn words_come_from_the_dictionary_with_the_words_inside_them() {
    let found = words(&glyphs("清華大學的DN600锂电池5G 2.5"), 2);
    for word in ["清华大学", "大学", "锂电池", "电池", "dn600", "dn", "600", "5g", "2.5"]
    {
        assert!(found.iter().any(|it| it == word), "{word} in {found:?}");
    }
    assert!(!found.iter().any(|it| it == "的"));
    assert!(!found.iter().any(|it| it == "5g2.5"), "a space parts models");
}

#[test]
fn odd_text_is_cut_without_harm() {
    for odd in ["", " ", "....", "1.", ".5", "\u{1f600}\u{202e}", "𠮷野家", "ﷺ", "İ", "1.2.3"]
    {
        for term in grams(&glyphs(odd)) {
            assert!(odd.get(term.from..term.to).is_some(), "{odd}: {term:?}");
        }
        let _ = words(&glyphs(odd), 1);
    }
    assert_eq!(texts(&grams(&glyphs("1.2.3"))), ["1.2", "3"]);
}
