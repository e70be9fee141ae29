use std::{collections::BTreeSet, fmt::Write as _};

use db::{exports, sealed};

use crate::store::Store;

const LIST: &str = include_str!("../../../../docs/privacy.md");

/// The rows of the field list: table, column, and what it says of the files.
fn listed() -> Vec<(String, String, String)> {
    let mut table = String::new();
    let mut rows = Vec::new();
    for line in LIST.lines() {
        if let Some(name) = line.strip_prefix("### ") {
            name.trim_matches('`').clone_into(&mut table);
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let ["", column, .., files, ""] = cells.as_slice()
            && let Some(column) = column.strip_prefix('`').and_then(|it| it.strip_suffix('`'))
            && !table.is_empty()
        {
            rows.push((table.clone(), column.to_owned(), (*files).to_owned()));
        }
    }
    rows
}

#[tokio::test]
async fn every_column_is_in_the_field_list_and_nothing_else() {
    let store = Store::new().await;
    let schema = exports::schema(store.db.read()).await.unwrap();
    let real: BTreeSet<_> = schema.into_iter().map(|it| (it.table_name, it.name)).collect();
    let told: BTreeSet<_> =
        listed().into_iter().map(|(table, column, _)| (table, column)).collect();
    let mut wrong = String::new();
    for (table, column) in real.difference(&told) {
        writeln!(wrong, "docs/privacy.md: under ### `{table}` add\n| `{column}` | personal data: yes, id, perhaps or no | purpose | basis | kept | clear, sealed or digest |").unwrap();
    }
    for (table, column) in told.difference(&real) {
        writeln!(wrong, "docs/privacy.md: `{table}`.`{column}` does not exist: remove its row")
            .unwrap();
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn what_the_field_list_calls_sealed_is_what_a_rotation_goes_by() {
    let told: BTreeSet<_> = listed()
        .into_iter()
        .filter(|(_, _, files)| files.starts_with("sealed"))
        .map(|(table, column, _)| (table, column))
        .collect();
    let real: BTreeSet<_> = sealed::columns()
        .into_iter()
        .map(|(table, column)| (table.to_owned(), column.to_owned()))
        .collect();
    assert_eq!(told, real);
}

#[tokio::test]
async fn every_table_that_names_a_person_is_in_the_export() {
    let store = Store::new().await;
    let schema = exports::schema(store.db.read()).await.unwrap();
    let names = ["person_id", "author_id", "actor_id", "reviewer_id", "graded_by", "taken_by"];
    for column in schema.iter().filter(|it| names.contains(&it.name.as_str())) {
        let own = exports::OWN.iter().find(|it| it.table == column.table_name);
        let of = own.is_some_and(|it| it.of.contains(&column.name.as_str()));
        assert!(of, "exports::OWN lacks {}.{}", column.table_name, column.name);
    }
}
