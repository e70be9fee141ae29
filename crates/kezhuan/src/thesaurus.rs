//! `kezhuan thesaurus`: synonym groups from a file and into one.

use std::{collections::HashMap, fs, path::Path};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use db::{Clock, Tx, audit, jobs};
use domain::{
    form,
    thesaurus::{Group, GroupForm, GroupId, MOST, Word},
};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::{
    Outcome,
    cli::{Format, SynonymsArgs, ThesaurusArgs, ThesaurusCommand},
    console,
    content::BadRow,
    import::Failed,
    serve::open_database,
    settings::Settings,
};

/// The starter set.
pub(crate) const STARTER: &str = include_str!("../../../config/thesaurus.csv");

pub(crate) async fn run(settings: Settings, args: ThesaurusArgs) -> anyhow::Result<Outcome> {
    match args.command {
        ThesaurusCommand::Import(args) => import(&settings, &args).await,
        ThesaurusCommand::Export { out } => export(&settings, out.as_deref()).await,
    }
}

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    /// The groups that can be read, each with its line.
    pub(crate) groups: Vec<(u64, GroupForm)>,
    /// The lines that cannot.
    pub(crate) bad: Vec<BadRow>,
}

/// What became of a file.
#[derive(Debug, Default, Serialize)]
struct Summary {
    new: usize,
    unchanged: usize,
    dry_run: bool,
    bad: Vec<BadRow>,
}

/// Reads CSV with a header line: `words`, `broader` and `note`, with `;` between words.
pub(crate) fn read(text: &str) -> anyhow::Result<Sheet> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().context("the header line cannot be read")?.clone();
    let mut sheet = Sheet::default();
    for record in reader.records() {
        let record = record.context("the file cannot be read as CSV")?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells = header.iter().zip(&record).filter(|(_, cell)| !cell.trim().is_empty());
        let fields = cells.map(|(name, cell)| (name.trim().to_owned(), value(name.trim(), cell)));
        match form::read::<GroupForm>(&serde_json::Value::Object(fields.collect())) {
            Ok(group) => sheet.groups.push((line, group)),
            Err(faults) => sheet.bad.push(BadRow { line, reasons: console::tell(&faults) }),
        }
    }
    Ok(sheet)
}

fn value(name: &str, cell: &str) -> serde_json::Value {
    if name == "note" {
        return cell.trim().into();
    }
    let words = cell.split([';', '；']).map(str::trim).filter(|it| !it.is_empty());
    words.map(serde_json::Value::from).collect()
}

/// Of what a file holds, the groups that are new; and how many were there already. What cannot go
/// with the others is added to the bad lines.
pub(crate) fn sort(sheet: &mut Sheet, there: &[Group]) -> (Vec<GroupForm>, usize) {
    let mut all: Vec<GroupForm> = there.iter().map(|it| it.form.clone()).collect();
    let mutual = |form: &GroupForm| if form.goes_both_ways() { form.words.clone() } else { vec![] };
    let mut taken: HashMap<Word, ()> = all.iter().flat_map(mutual).map(|it| (it, ())).collect();
    let (mut new, mut unchanged) = (Vec::new(), 0);
    for (line, form) in std::mem::take(&mut sheet.groups) {
        if all.iter().any(|it| it.says_what(&form)) {
            unchanged += 1;
            continue;
        }
        let mine = mutual(&form);
        let twice: Vec<&str> =
            mine.iter().filter(|it| taken.contains_key(*it)).map(Word::as_str).collect();
        if !twice.is_empty() {
            let why =
                format!("words: stand in another group that goes both ways: {}", twice.join("; "));
            sheet.bad.push(BadRow::because(line, why));
            continue;
        }
        if u64::try_from(all.len()).is_ok_and(|it| it >= MOST) {
            sheet.bad.push(BadRow::because(line, format!("there are {MOST} groups already")));
            continue;
        }
        taken.extend(mine.into_iter().map(|it| (it, ())));
        all.push(form.clone());
        new.push(form);
    }
    (new, unchanged)
}

/// Stores new groups, puts that on record, and has every need matched again.
pub(crate) async fn store(tx: &Tx, new: Vec<GroupForm>, now: DateTime<Utc>) -> db::Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let group = |form| Group::new(GroupId::generate(), form, None, now);
    let groups: Vec<Group> = new.into_iter().map(group).collect();
    db::thesaurus::insert_all(tx, &groups).await?;
    let line = audit::Line {
        detail: json!({ "groups": groups.len() }),
        ..audit::Line::new(now, "thesaurus.import")
    };
    audit::append(tx, line).await?;
    jobs::enqueue(tx, jobs::Kind::MatchAll, Uuid::nil(), now).await
}

async fn import(settings: &Settings, args: &SynonymsArgs) -> anyhow::Result<Outcome> {
    let name = args.file.display();
    let text = fs::read_to_string(&args.file).with_context(|| format!("cannot read {name}"))?;
    let mut sheet = read(&text)?;
    let db = open_database(settings).await?;
    let now = Clock::system().now();
    let mut summary = Summary { dry_run: args.dry_run, ..Summary::default() };
    let done = db.write(async |tx| {
        if args.dry_run {
            let (new, unchanged) = sort(&mut sheet, &db::thesaurus::all(tx).await?);
            (summary.new, summary.unchanged) = (new.len(), unchanged);
            return Ok::<_, Failed>(());
        }
        db::thesaurus::revise(tx).await?;
        let (new, unchanged) = sort(&mut sheet, &db::thesaurus::all(tx).await?);
        (summary.new, summary.unchanged) = (new.len(), unchanged);
        Ok(store(tx, new, now).await?)
    });
    done.await.map_err(|it| it.0)?;
    db.close().await?;
    summary.bad = sheet.bad;
    summary.bad.sort_by_key(|it| it.line);
    summary.tell(args.format)?;
    Ok(if summary.bad.is_empty() { Outcome::Done } else { Outcome::Partly })
}

impl Summary {
    fn tell(&self, format: Format) -> anyhow::Result<()> {
        if format == Format::Json {
            console::say(&serde_json::to_string_pretty(self)?);
            return Ok(());
        }
        for row in &self.bad {
            console::complain(&format!("line {}: {}", row.line, row.reasons.join("; ")));
        }
        let Self { new, unchanged, dry_run, bad } = self;
        let stored = if *dry_run { " Nothing was stored." } else { "" };
        let bad = bad.len();
        console::say(&format!("{new} new, {unchanged} there already, {bad} bad.{stored}"));
        Ok(())
    }
}

async fn export(settings: &Settings, out: Option<&Path>) -> anyhow::Result<Outcome> {
    let db = open_database(settings).await?;
    let groups = db::thesaurus::all(db.read()).await?;
    db.close().await?;
    let text = written(&groups)?;
    match out {
        Some(path) => {
            fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        None => console::say(text.trim_end()),
    }
    Ok(Outcome::Done)
}

/// The groups as a file that can be imported.
fn written(groups: &[Group]) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["words", "broader", "note"])?;
    let joined = |words: &[Word]| words.iter().map(Word::as_str).collect::<Vec<_>>().join(";");
    for Group { form, .. } in groups {
        let note = form.note.as_str();
        writer.write_record([&joined(&form.words), &joined(&form.broader), note])?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_starter_set_is_good_and_large() {
        let mut sheet = read(STARTER).unwrap();
        let (new, unchanged) = sort(&mut sheet, &[]);
        assert_eq!(sheet.bad.iter().map(|it| (it.line, &it.reasons)).collect::<Vec<_>>(), []);
        assert_eq!(unchanged, 0, "groups that stand there twice");
        assert!(new.len() >= 250, "{}", new.len());
    }

    #[test]
    fn what_is_exported_can_be_imported() {
        let mut sheet = read(STARTER).unwrap();
        let now = "2026-01-02T03:04:05Z".parse().unwrap();
        let (new, _) = sort(&mut sheet, &[]);
        let groups: Vec<Group> =
            new.into_iter().map(|it| Group::new(GroupId::generate(), it, None, now)).collect();
        let mut again = read(&written(&groups).unwrap()).unwrap();
        let (new, unchanged) = sort(&mut again, &groups);
        assert_eq!((new.len(), unchanged, again.bad.len()), (0, groups.len(), 0));
    }

    #[test]
    fn bad_lines_are_told_with_their_line_and_why() {
        let text = "words,broader,note\n瓦斯;煤层气,,\n气,,\n瓦斯;甲烷,,\n甲烷,烷烃,\n煤层气；瓦斯,,又一次\n";
        let mut sheet = read(text).unwrap();
        let (new, unchanged) = sort(&mut sheet, &[]);
        let lines: Vec<u64> = sheet.bad.iter().map(|it| it.line).collect();
        assert_eq!((new.len(), unchanged, lines), (2, 1, vec![3, 4]));
    }
}
