//! `kezhuan evaluate`: the matcher held against graded pairs, on the code path that makes
//! suggestions.

use std::{
    collections::HashMap,
    fs,
    io::{BufWriter, Write as _},
    path::Path,
    sync::Arc,
};

use anyhow::{Context as _, bail};
use domain::{achievements::AchievementForm, listings::Form, needs::NeedForm};
use search::{
    Entry, Reader, Shelf, Thesaurus, Veil,
    evaluation::{Figures, Grades, by_need, figures},
    index::{self, Opened},
    matching::{Depth, Effort, Profile},
    thesaurus::Way,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    Outcome,
    cli::{EvaluateArgs, Format},
    console,
    content::{self, BadRow, Prepared, Row},
    thesaurus,
};

mod simulate;

use simulate::Simulated;

pub(crate) fn run(args: &EvaluateArgs) -> anyhow::Result<Outcome> {
    let mut bad = Vec::new();
    let needs = entries::<NeedForm>(&args.needs, &mut bad)?;
    let achievements = entries::<AchievementForm>(&args.achievements, &mut bad)?;
    let folder = TempDir::new().context("no temporary folder can be made")?;
    let opened = indexed(folder.path(), [&needs, &achievements])?;
    let run = rank(&opened.reader, (&needs, &achievements), &Aim::of(args)?)?;
    write(&args.run, &run)?;
    let grades = args.qrels.as_deref().map(grades).transpose()?;
    let simulated = match &grades {
        Some(grades) if args.simulate => {
            let listed = (needs.as_slice(), achievements.as_slice());
            Some(simulate::run(args, &opened.reader, listed, (grades, &run))?)
        }
        Some(_) | None => None,
    };
    let run = run.into_iter().map(by_name).collect();
    if let (Some(out), Some(grades)) = (&args.by_need, &grades) {
        write_by_need(out, &needs, &by_need(grades, &run))?;
    }
    let figures = grades.map(|it| figures(&it, &run));
    for (file, row) in &bad {
        console::complain(&format!("{file} line {}: {}", row.line, row.reasons.join("; ")));
    }
    tell(args, figures, simulated)?;
    Ok(if bad.is_empty() { Outcome::Done } else { Outcome::Partly })
}

/// What a run is made with.
struct Aim {
    depth: Depth,
    effort: Effort,
    thesaurus: Thesaurus,
}

impl Aim {
    /// As usual, but for what was asked for.
    fn of(args: &EvaluateArgs) -> anyhow::Result<Self> {
        let usual = Effort::default();
        let effort = Effort {
            postings: args.postings.unwrap_or(usual.postings),
            candidates: args.candidates.unwrap_or(usual.candidates),
        };
        let thesaurus = args.thesaurus.as_deref().map(synonyms).transpose()?.unwrap_or_default();
        Ok(Self { depth: Depth { most: args.top, floor: 0.0 }, effort, thesaurus })
    }
}

/// The synonym groups of a file, all of which must be good.
fn synonyms(path: &Path) -> anyhow::Result<Thesaurus> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let sheet = thesaurus::read(&text)?;
    if let Some(bad) = sheet.bad.first() {
        bail!("{} line {}: {}", path.display(), bad.line, bad.reasons.join("; "));
    }
    Ok(Thesaurus::new(sheet.groups.iter().map(|(_, it)| it)))
}

/// A listing under the name that its file gives it.
type Named = (String, Entry);

/// The achievements of each need with their scores, the best first.
type Ranking = Vec<(String, Vec<(String, f32)>)>;

/// The listings of a file under the names it gives them.
fn entries<F: Form>(
    path: &Path,
    bad: &mut Vec<(String, BadRow)>,
) -> anyhow::Result<Vec<(String, Entry)>> {
    let mut entries = Vec::new();
    for row in content::read::<F>(path)? {
        match row.and_then(entry::<F>) {
            Ok(entry) => entries.push(entry),
            Err(row) => bad.push((path.display().to_string(), row)),
        }
    }
    if entries.is_empty() {
        bail!("{} holds nothing that can be read", path.display());
    }
    Ok(entries)
}

/// A row with a `body` is taken as title and text whatever their lengths; any other is a listing.
fn entry<F: Form>(row: Row) -> Result<(String, Entry), BadRow> {
    let line = row.line;
    let text = |name: &str| row.fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = || row.fields.get("id").filter(|it| it.is_number()).map(ToString::to_string);
    let Some(name) = text("id").or_else(number) else {
        return Err(BadRow::because(line, "id: is required"));
    };
    let id = Uuid::now_v7();
    if let (Some(title), Some(body)) = (text("title"), text("body")) {
        let entry = Entry {
            id,
            kind: F::KIND,
            shelf: Shelf::Open,
            title,
            summary: text("summary").unwrap_or_default(),
            text: body,
            fields: Vec::new(),
            industry: None,
            region: None,
            cooperation: Vec::new(),
            readiness: None,
            published_at: 0,
        };
        return Ok((name, entry));
    }
    let prepared = Prepared::<F>::new(row)?;
    let entry = Entry { shelf: Shelf::Open, ..Entry::of_form(id, &prepared.form) };
    Ok((name, entry))
}

/// An index of some listings.
fn indexed(folder: &Path, listings: [&[(String, Entry)]; 2]) -> anyhow::Result<Opened> {
    let mut opened = index::create(folder, 2, &Arc::new(Veil::thin()))?;
    let bar = console::bar(length(listings.iter().map(|it| it.len()).sum()), "indexing");
    for (_, entry) in listings.into_iter().flatten() {
        opened.writer.add(entry)?;
        bar.inc(1);
    }
    opened.writer.commit(0)?;
    bar.finish_and_clear();
    Ok(opened)
}

fn rank(
    reader: &Reader,
    (needs, achievements): (&[Named], &[Named]),
    Aim { depth, effort, thesaurus }: &Aim,
) -> anyhow::Result<Ranking> {
    let names: HashMap<Uuid, &String> =
        achievements.iter().map(|(name, it)| (it.id, name)).collect();
    let bar = console::bar(length(needs.len()), "matching");
    let mut ranking = Vec::with_capacity(needs.len());
    for (name, need) in needs {
        let profile = Profile::from(need).with(thesaurus, Way::Forth);
        let found = reader.rank(&profile, (*depth, *effort))?;
        let named = |(id, score)| names.get(&id).map(|name| ((*name).clone(), score));
        ranking.push((name.clone(), found.into_iter().filter_map(named).collect()));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(ranking)
}

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn write(path: &Path, ranking: &Ranking) -> anyhow::Result<()> {
    let file =
        fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut out = BufWriter::new(file);
    for (need, found) in ranking {
        for (achievement, score) in found {
            writeln!(out, "{need}\t{achievement}\t{score}")?;
        }
    }
    Ok(out.flush()?)
}

/// The figures of each need in a table of their own, so that losses can be read.
fn write_by_need(
    path: &Path,
    needs: &[(String, Entry)],
    figures: &[(&str, Figures)],
) -> anyhow::Result<()> {
    let titles: HashMap<&str, &str> =
        needs.iter().map(|(name, it)| (name.as_str(), it.title.as_str())).collect();
    let mut out =
        csv::Writer::from_path(path).with_context(|| format!("cannot write {}", path.display()))?;
    out.write_record([
        "need",
        "judged_ndcg10",
        "full_ndcg10",
        "recall20",
        "recall50",
        "mrr",
        "title",
    ])?;
    for (need, it) in figures {
        let values = [it.judged_ndcg10, it.full_ndcg10, it.recall20, it.recall50, it.mrr];
        let values = values.map(|it| format!("{it:.4}"));
        let title = titles.get(need).copied().unwrap_or_default();
        out.write_record(
            [*need].into_iter().chain(values.iter().map(String::as_str)).chain([title]),
        )?;
    }
    Ok(out.flush()?)
}

fn by_name((need, found): (String, Vec<(String, f32)>)) -> (String, HashMap<String, f64>) {
    (need, found.into_iter().map(|(name, score)| (name, f64::from(score))).collect())
}

fn grades(path: &Path) -> anyhow::Result<Grades> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut grades = Grades::new();
    for (line, at) in text.lines().zip(1..) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [need, achievement, grade] = cells[..] else {
            bail!("{} line {at}: three cells with tabs between them are wanted", path.display());
        };
        let grade = grade.parse::<u8>().ok().filter(|it| *it <= 3);
        let grade =
            grade.with_context(|| format!("{} line {at}: a grade is 0 to 3", path.display()))?;
        grades.entry(need.to_owned()).or_default().insert(achievement.to_owned(), grade);
    }
    Ok(grades)
}

fn tell(
    args: &EvaluateArgs,
    figures: Option<Figures>,
    simulated: Option<Simulated>,
) -> anyhow::Result<()> {
    match (args.format, figures) {
        (Format::Json, figures) => {
            let told = json!({ "run": args.run, "figures": figures, "simulated": simulated });
            console::say(&serde_json::to_string_pretty(&told)?);
        }
        (Format::Text, None) => console::say(&format!("The run is in {}", args.run.display())),
        (Format::Text, Some(it)) => {
            console::say(&format!("The run is in {}", args.run.display()));
            for (name, value) in [
                ("judged nDCG@10", it.judged_ndcg10),
                ("full nDCG@10", it.full_ndcg10),
                ("recall@20", it.recall20),
                ("recall@50", it.recall50),
                ("MRR", it.mrr),
            ] {
                console::say(&format!("{name:>15}  {value:.4}"));
            }
            if let Some(it) = simulated {
                it.tell();
            }
        }
    }
    Ok(())
}
