//! A thousand ways to change the log behind the program's back.

use db::{
    Error, Tx,
    audit::{self, Place},
};
use sea_orm::ConnectionTrait as _;

use crate::{
    audit::write,
    store::{Store, now},
};

/// How many lines there are, and the last that an anchor names.
const LINES: u64 = 40;
const ANCHOR: u64 = 30;
const EDITS: usize = 1000;

const COLUMNS: [&str; 11] = [
    "at",
    "actor_id",
    "origin",
    "action",
    "object_kind",
    "object_id",
    "outcome",
    "reason",
    "request_id",
    "detail",
    "hash",
];
const NULLABLE: [&str; 5] = ["actor_id", "origin", "object_kind", "object_id", "reason"];

/// Numbers that look random, and are the same each time (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (it ^ (it >> 31)) % end
    }

    /// A line, up to the last that is named.
    fn line(&mut self, last: u64) -> u64 {
        1 + self.below(last)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[usize::try_from(self.below(u64::try_from(from.len()).unwrap())).unwrap()]
    }
}

/// Statements that change the log, and what that is called.
fn edit(dice: &mut Dice) -> (&'static str, Vec<String>) {
    let (one, other) = (dice.line(LINES), dice.line(LINES));
    match dice.below(9) {
        0..=2 => {
            let column = dice.pick(&COLUMNS);
            let sql = format!(
                "UPDATE audit SET {column} = (SELECT {column} FROM audit WHERE seq = {other}) \
                 WHERE seq = {one} AND {column} <> (SELECT {column} FROM audit WHERE seq = {other})"
            );
            ("change", vec![sql])
        }
        3 => {
            let column = dice.pick(&NULLABLE);
            ("empty", vec![format!("UPDATE audit SET {column} = NULL WHERE seq = {one}")])
        }
        4 => ("delete", vec![format!("DELETE FROM audit WHERE seq = {one}")]),
        5 => ("insert", inserted(one, other)),
        6 if one != other => ("swap", swapped(one, other)),
        6 | 7 => {
            let last = dice.below(ANCHOR);
            ("cut the end", cut_end(last, dice.below(2) == 0))
        }
        _ => ("cut the beginning", cut_beginning(dice.line(LINES), dice.below(2) == 0)),
    }
}

/// A copy of a line is put in, and the later ones move.
fn inserted(at: u64, copied: u64) -> Vec<String> {
    let columns = COLUMNS.join(", ");
    vec![
        format!(
            "INSERT INTO audit (seq, {columns}) SELECT 0, {columns} FROM audit WHERE seq = {copied}"
        ),
        format!("UPDATE audit SET seq = seq + 1000000 WHERE seq > {at}"),
        "UPDATE audit SET seq = seq - 999999 WHERE seq > 1000000".to_owned(),
        format!("UPDATE audit SET seq = {at} + 1 WHERE seq = 0"),
    ]
}

fn swapped(one: u64, other: u64) -> Vec<String> {
    let moved = |from, to| format!("UPDATE audit SET seq = {to} WHERE seq = {from}");
    vec![moved(one, 0), moved(other, one), moved(0, other)]
}

fn cut_end(last: u64, clever: bool) -> Vec<String> {
    let hash = if last == 0 {
        "floor_hash".to_owned()
    } else {
        format!("(SELECT hash FROM audit WHERE seq = {last})")
    };
    let fix = format!("UPDATE audit_chain SET head = {last}, head_hash = {hash}");
    let cut = format!("DELETE FROM audit WHERE seq > {last}");
    if clever { vec![fix, cut] } else { vec![cut] }
}

fn cut_beginning(last: u64, clever: bool) -> Vec<String> {
    let hash = format!("(SELECT hash FROM audit WHERE seq = {last})");
    let fix = format!("UPDATE audit_chain SET floor = {last}, floor_hash = {hash}");
    let cut = format!("DELETE FROM audit WHERE seq <= {last}");
    if clever { vec![fix, cut] } else { vec![cut] }
}

/// Runs the statements, and tells whether they changed anything.
async fn run(tx: &Tx, statements: &[String]) -> bool {
    let mut changed = 0;
    for sql in statements {
        changed += tx.execute_unprepared(sql).await.unwrap().rows_affected();
    }
    changed > 0
}

#[tokio::test]
async fn every_edit_of_the_log_is_found() {
    let Store { db, .. } = &Store::new().await;
    write(db, 0..i64::try_from(ANCHOR).unwrap(), now()).await;
    let anchors: [Place; 1] = [audit::head(db.read()).await.unwrap()];
    write(db, i64::try_from(ANCHOR).unwrap()..i64::try_from(LINES).unwrap(), now()).await;
    let mut dice = Dice(20_260_102);
    let (mut edits, mut kinds) = (0, std::collections::BTreeMap::new());
    while edits < EDITS {
        let (kind, statements) = edit(&mut dice);
        let undone: Result<(), Error> = db
            .write(async |tx| {
                if run(tx, &statements).await {
                    edits += 1;
                    *kinds.entry(kind).or_insert(0) += 1;
                    let verdict = audit::verify(tx, &anchors).await.unwrap();
                    assert!(verdict.broken.is_some(), "{kind} was not found: {statements:#?}");
                }
                Err(Error::Stale)
            })
            .await;
        assert!(undone.is_err());
    }
    assert_eq!(kinds.len(), 7, "{kinds:?}");
    let verdict = audit::verify(db.read(), &anchors).await.unwrap();
    assert_eq!((verdict.broken, verdict.lines, verdict.anchors), (None, LINES, 1));
}
