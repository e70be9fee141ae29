use std::fs;

use domain::{achievements::AchievementForm, needs::NeedForm};
use tempfile::TempDir;

use super::*;

/// The rows of a file of this name and content, read as far as they can be.
fn rows<F: Form>(name: &str, content: &[u8]) -> Vec<Result<Prepared<F>, BadRow>> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    let rows = read::<F>(&path).unwrap();
    rows.into_iter().map(|it| it.and_then(Prepared::new)).collect()
}

#[test]
fn json_lines_are_read_and_bad_ones_told_with_their_line() {
    let content = concat!(
        "{\"id\": \"a\", \"title\": \"铸件气孔率降低\", \"body\": \"气孔率高\"}\n",
        "\n",
        "not json\n",
        "[1]\n",
        "{\"title\": \"铸件\", \"readiness\": 12, \"colour\": 1}\n",
        "{\"id\": 7, \"body\": \"没有题目\"}\n",
    );
    let rows = rows::<NeedForm>("a.jsonl", content.as_bytes());
    let good = rows[0].as_ref().unwrap();
    assert_eq!((good.external_id.as_deref(), good.form.problem.as_str()), (Some("a"), "气孔率高"));
    let bad: Vec<&BadRow> = rows.iter().filter_map(|it| it.as_ref().err()).collect();
    assert_eq!(bad.iter().map(|it| it.line).collect::<Vec<_>>(), [3, 4, 5, 6]);
    assert_eq!(bad[2].reasons.len(), 2, "{:?}", bad[2]);
    assert!(bad[3].reasons[0].starts_with("title"), "{:?}", bad[3]);
}

#[test]
fn a_csv_is_read_by_the_forms_own_schema() {
    let content = "\
id,title,body,keywords,fields,readiness,contact.name,contact.phone,investment.form,investment.low_fen,unclassified,indicators
n1,铸件气孔率降低,\"第一行
第二行\",铸造；气孔;报废,401|402,6,李伟,13900001234,fixed,5000000,是,\"[{\"\"name\"\":\"\"气孔率\"\",\"\"operator\"\":\"\"at_most\"\",\"\"value\"\":2}]\"
n2,铸件,,,,六,,,,,,
n3,铸件气孔率,,,,,,,,,,,extra
";
    for encoded in [content.as_bytes().to_vec(), GB18030_of(content), marked(content)] {
        let rows = rows::<NeedForm>("a.csv", &encoded);
        let form = &rows[0].as_ref().unwrap().form;
        assert_eq!(form.problem.as_str(), "第一行\n第二行");
        assert_eq!((form.keywords.len(), form.fields.len(), form.indicators.len()), (3, 2, 1));
        assert_eq!(form.investment.as_ref().unwrap().low_fen.unwrap().get(), 5_000_000);
        assert!(form.unclassified && form.contact.is_reachable());
        let bad = rows[1].as_ref().unwrap_err();
        assert_eq!((bad.line, bad.reasons.len()), (4, 1), "{bad:?}");
        assert!(bad.reasons[0].starts_with("readiness"), "{bad:?}");
        assert!(rows[2].as_ref().unwrap_err().reasons[0].contains("13 cells"));
    }
}

fn marked(content: &str) -> Vec<u8> {
    [b"\xef\xbb\xbf", content.as_bytes()].concat()
}

#[expect(non_snake_case, reason = "the name of the encoding")]
fn GB18030_of(content: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(content).0.into_owned()
}

#[test]
fn the_line_of_a_bad_row_is_the_one_an_editor_shows() {
    for (content, line) in [
        ("title,readiness\r\n铸件气孔率,6\r\n铸件,六\r\n", 3),
        ("title,readiness\n铸件气孔率,6\n\n\n铸件,六\n", 5),
        ("title,readiness\r\n\"铸件\r\n气孔率\",6\r\n\r\n铸件,六", 5),
        ("title,readiness\r铸件气孔率,6\r铸件,六\r", 3),
    ] {
        let rows = rows::<NeedForm>("a.csv", content.as_bytes());
        let bad: Vec<u64> =
            rows.iter().filter_map(|it| it.as_ref().err()).map(|it| it.line).collect();
        assert_eq!(bad.last(), Some(&line), "{content:?}");
    }
}

#[test]
fn a_damaged_byte_is_told_and_not_taken_for_another_encoding() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.jsonl");
    let rows = "{\"title\": \"球墨铸铁气孔缺陷控制\"}\n{\"title\": \"甘薯贮藏\"}\n";
    let mut damaged = rows.as_bytes().to_vec();
    damaged.insert(50, 0xff);
    fs::write(&path, &damaged).unwrap();
    let told = format!("{:#}", read::<NeedForm>(&path).unwrap_err());
    assert!(told.contains("line 2 has bytes that are no text in UTF-8"), "{told}");
    let mut cut = GB18030_of(rows);
    cut.insert(12, 0xff);
    fs::write(&path, &cut).unwrap();
    let told = format!("{:#}", read::<NeedForm>(&path).unwrap_err());
    assert!(told.contains("line 1 has bytes that are no text in gb18030"), "{told}");
    let wide: Vec<u8> = "\u{feff}"
        .chars()
        .chain(rows.chars())
        .collect::<String>()
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    fs::write(&path, wide).unwrap();
    assert_eq!(read::<NeedForm>(&path).unwrap().len(), 2);
}

#[test]
fn the_organisation_of_a_row_is_taken_out_of_its_form() {
    let content = "{\"title\": \"甘薯贮藏\", \"organisation\": \"12100000400009821G\", \"organisation_name\": \"某大学\"}";
    let rows = rows::<AchievementForm>("a.jsonl", content.as_bytes());
    let organisation = rows[0].as_ref().unwrap().organisation.as_ref().unwrap();
    assert_eq!(organisation.number, "12100000400009821G");
    assert_eq!(organisation.name.as_deref(), Some("某大学"));
}

#[test]
fn an_unclosed_quote_and_nothing_at_all_are_survived() {
    let rows = rows::<NeedForm>("a.csv", "title\n\"铸件气孔率降低".as_bytes());
    assert_eq!(rows.len(), 1);
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("empty.csv");
    fs::write(&path, "").unwrap();
    assert!(read::<NeedForm>(&path).is_err());
    assert!(read::<NeedForm>(&folder.path().join("missing.csv")).is_err());
}
