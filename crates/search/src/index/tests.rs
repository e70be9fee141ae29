use std::{fs, path::PathBuf};

use domain::listings::Kind;
use tempfile::TempDir;

use super::*;

fn veil() -> Arc<Veil> {
    Arc::new(Veil::thin())
}

fn entry(number: u128, title: &str) -> Entry {
    Entry {
        id: Uuid::from_u128(number),
        kind: Kind::Achievement,
        shelf: Shelf::Open,
        title: title.into(),
        summary: String::new(),
        text: "在三家工厂试用".into(),
        fields: vec!["60302".into()],
        industry: Some("C38".into()),
        region: Some("140581".into()),
        cooperation: vec!["licence".into()],
        readiness: Some(7),
        published_at: 0,
    }
}

fn filled(folder: &Path) {
    let mut opened = create(folder, 1, &veil()).unwrap();
    for number in 0..50 {
        opened.writer.put(&entry(number, "锂离子电池正极材料")).unwrap();
    }
    opened.writer.commit(41).unwrap();
    opened.writer.close().unwrap();
}

#[test]
fn the_watermark_comes_back_with_the_entries() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path().join("index");
    assert!(matches!(open(&folder, 1, &veil()), Condition::Absent));
    filled(&folder);
    let Condition::Sound(mut opened) = open(&folder, 1, &veil()) else { panic!() };
    assert_eq!((opened.watermark, opened.reader.entries()), (41, 50));
    // What was not committed is not there after a crash, and neither is a later watermark.
    opened.writer.put(&entry(99, "没有提交")).unwrap();
    drop(opened);
    let Condition::Sound(opened) = open(&folder, 1, &veil()) else { panic!() };
    assert_eq!((opened.watermark, opened.reader.entries()), (41, 50));
}

#[test]
fn a_commit_without_a_watermark_is_not_trusted() {
    let folder = TempDir::new().unwrap();
    filled(folder.path());
    let index = tantivy::Index::open_in_dir(folder.path()).unwrap();
    let mut writer: IndexWriter<TantivyDocument> =
        index.writer_with_num_threads(1, 15_000_000).unwrap();
    writer.commit().unwrap();
    drop(writer);
    assert!(matches!(open(folder.path(), 1, &veil()), Condition::Outdated));
}

#[test]
fn putting_an_entry_twice_leaves_one() {
    let folder = TempDir::new().unwrap();
    let mut opened = create(folder.path(), 1, &veil()).unwrap();
    for title in ["第一版标题文字", "第二版标题文字"] {
        opened.writer.put(&entry(1, title)).unwrap();
    }
    opened.writer.commit(1).unwrap();
    opened.writer.put(&entry(1, "第三版标题文字")).unwrap();
    opened.writer.commit(2).unwrap();
    assert_eq!(opened.reader.ids().unwrap(), [Uuid::from_u128(1)]);
    opened.writer.remove(Uuid::from_u128(1));
    opened.writer.commit(3).unwrap();
    assert!(opened.reader.ids().unwrap().is_empty());
}

#[test]
fn another_versions_index_is_told_from_a_damaged_one() {
    let folder = TempDir::new().unwrap();
    let mut schema = tantivy::schema::Schema::builder();
    schema.add_text_field("title", tantivy::schema::STRING);
    let index = tantivy::Index::create_in_dir(folder.path(), schema.build()).unwrap();
    let mut writer: IndexWriter<TantivyDocument> =
        index.writer_with_num_threads(1, 15_000_000).unwrap();
    let mut prepared = writer.prepare_commit().unwrap();
    prepared.set_payload(r#"{"analysis":1,"watermark":7}"#);
    prepared.commit().unwrap();
    drop(writer);
    assert!(matches!(open(folder.path(), 1, &veil()), Condition::Outdated));
}

/// The files of a sound index that hold what was indexed.
fn data_files(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let mut data: Vec<PathBuf> = paths
        .filter(|it| !it.file_name().unwrap().to_string_lossy().starts_with('.'))
        .filter(|it| it.extension().is_some_and(|it| it != "json"))
        .collect();
    data.sort();
    data
}

/// What is done to a file, and what that is called.
type Mutation = (&'static str, fn(&Path));

#[test]
fn every_kind_of_damage_is_found() {
    let whole = TempDir::new().unwrap();
    filled(whole.path());
    let names: Vec<PathBuf> = data_files(whole.path())
        .into_iter()
        .map(|it| PathBuf::from(it.file_name().unwrap()))
        .collect();
    assert!(names.len() >= 5, "{names:?}");
    let mutations: [Mutation; 4] = [
        ("removed", |path| fs::remove_file(path).unwrap()),
        ("emptied", |path| fs::write(path, []).unwrap()),
        ("cut", |path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("flipped", |path| {
            let mut bytes = fs::read(path).unwrap();
            let middle = bytes.len() / 3;
            bytes[middle] ^= 0x40;
            fs::write(path, bytes).unwrap();
        }),
    ];
    for name in names.iter().chain([&PathBuf::from("meta.json")]) {
        for (what, mutate) in mutations {
            let copy = TempDir::new().unwrap();
            for file in fs::read_dir(whole.path()).unwrap() {
                let file = file.unwrap().path();
                fs::copy(&file, copy.path().join(file.file_name().unwrap())).unwrap();
            }
            mutate(&copy.path().join(name));
            let condition = open(copy.path(), 1, &veil());
            assert!(
                matches!(condition, Condition::Damaged(_) | Condition::Outdated),
                "{} {what}: {condition:?}",
                name.display()
            );
        }
    }
    assert!(matches!(open(whole.path(), 1, &veil()), Condition::Sound(_)), "the control");
}

#[test]
fn the_industry_of_a_masked_entry_is_not_filed() {
    let folder = TempDir::new().unwrap();
    let mut opened = create(folder.path(), 1, &veil()).unwrap();
    opened.writer.put(&Entry { shelf: Shelf::Masked, ..entry(1, "锂离子电池") }).unwrap();
    opened.writer.commit(1).unwrap();
    let searcher = opened.reader.searcher();
    let fields = opened.reader.fields();
    let filed = |field, code| searcher.doc_freq(&Term::from_field_text(field, code)).unwrap();
    assert_eq!(filed(fields.industry, "C38"), 0);
    assert_eq!((filed(fields.field, "60302"), filed(fields.region, "140581")), (1, 1));
}

#[test]
fn the_words_of_what_is_hidden_are_not_in_the_files_and_another_veil_is_not_read() {
    let folder = TempDir::new().unwrap();
    let mut opened = create(folder.path(), 1, &veil()).unwrap();
    let hidden =
        [(1, Shelf::Masked, "铼钽铌"), (2, Shelf::Closed, "钆镝钬"), (3, Shelf::Open, "钪钇镧")];
    for (number, shelf, title) in hidden {
        opened.writer.add(&Entry { shelf, ..entry(number, title) }).unwrap();
    }
    opened.writer.commit(1).unwrap();
    opened.writer.close().unwrap();
    let Condition::Sound(opened) = open(folder.path(), 1, &veil()) else { panic!() };
    let terms = terms(&opened.reader);
    let holds = |it: char| terms.iter().any(|term| term.contains(it));
    assert!("铼钽铌钆镝钬".chars().all(|it| !holds(it)), "{terms:?}");
    assert!("钪钇镧".chars().all(holds), "the search looks where it should");
    drop(opened);
    let other = Arc::new(Veil::new(&secrecy::SecretBox::new(Box::new([1; 32]))));
    assert!(matches!(open(folder.path(), 1, &other), Condition::Outdated));
    assert!(matches!(open(folder.path(), 1, &veil()), Condition::Sound(_)));
}

/// Every term of every field.
fn terms(reader: &Reader) -> Vec<String> {
    let searcher = reader.searcher();
    let mut terms = Vec::new();
    for segment in searcher.segment_readers() {
        for (field, _) in segment.schema().fields() {
            let Ok(index) = segment.inverted_index(field) else { continue };
            let mut stream = index.terms().stream().unwrap();
            while stream.advance() {
                terms.push(String::from_utf8_lossy(stream.key()).into_owned());
            }
        }
    }
    terms
}
