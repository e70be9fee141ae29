use std::{fs, path::PathBuf, sync::Arc};

use domain::listings::Action;
use jobs::Folder;
use search::{Question, Veil, Words};
use uuid::Uuid;

use crate::market::{Market, process};

fn found(market: &Market, words: &str) -> Vec<Uuid> {
    let question =
        Question { words: Words::parse(words).unwrap(), limit: 50, ..Question::default() };
    let found = market.engine.reader().unwrap().search(&question).unwrap();
    found.hits.into_iter().map(|it| it.id).collect()
}

async fn assert_in_step(market: &Market) {
    let indexed = market.engine.reader().unwrap().ids().unwrap();
    assert_eq!(indexed, market.offered().await);
}

async fn filled() -> Market {
    let mut market = Market::new().await;
    for number in 0..20 {
        market.need(&format!("铸件气孔率降低技术{number}"), "气孔率高").await;
        market.achievement(&format!("红薯贮藏技术{number}"), "烂薯率低").await;
    }
    market.settle().await;
    market
}

fn current(market: &Market) -> PathBuf {
    market.folder.path().join("index").join("current")
}

#[tokio::test]
async fn the_index_follows_every_change() {
    let mut market = filled().await;
    assert_in_step(&market).await;
    let need = market.need("瓦斯抽采封孔材料", "浓度低").await;
    market.settle().await;
    assert_eq!(found(&market, "瓦斯抽采"), [need.id.as_uuid()]);
    market.rewrite(&need, "抽采浓度只有百分之二十").await;
    market.settle().await;
    assert_eq!(found(&market, "百分之二十"), [need.id.as_uuid()]);
    market.act(need.id, Action::Withdraw).await;
    market.settle().await;
    assert!(found(&market, "瓦斯抽采").is_empty());
    assert_in_step(&market).await;
}

#[tokio::test]
async fn a_process_goes_on_where_it_was() {
    let market = filled().await;
    let before = market.engine.watermark();
    market.need("瓦斯抽采封孔材料", "浓度低").await;
    let mut market = market.restart();
    market.settle().await;
    assert!(market.engine.watermark() > before);
    assert_in_step(&market).await;
    assert!(asides(&market).is_empty(), "nothing was made anew");
}

#[tokio::test]
async fn old_events_that_come_again_bring_nothing_back() {
    let mut market = filled().await;
    let need = market.need("瓦斯抽采封孔材料", "浓度低").await;
    market.act(need.id, Action::Withdraw).await;
    let (kind, subject, now) =
        (domain::listings::Kind::Need, need.id.as_uuid(), market.clock.now());
    for _ in 0..3 {
        market
            .db
            .write(async |tx| db::outbox::push(tx, kind, &[subject, subject], now).await)
            .await
            .unwrap();
    }
    market.settle().await;
    assert!(found(&market, "瓦斯抽采").is_empty());
    assert_in_step(&market).await;
}

fn asides(market: &Market) -> Vec<PathBuf> {
    let entries = fs::read_dir(market.folder.path().join("index")).unwrap();
    let paths = entries.map(|it| it.unwrap().path());
    paths.filter(|it| it.to_string_lossy().contains("aside-")).collect()
}

/// What may be done to an index while nobody looks.
type Damage = fn(&PathBuf);

#[tokio::test]
async fn a_missing_damaged_or_foreign_index_is_set_aside_and_made_anew() {
    let damages: [(&str, Damage); 4] = [
        ("removed", |index| fs::remove_dir_all(index).unwrap()),
        ("emptied", |index| {
            fs::remove_dir_all(index).unwrap();
            fs::create_dir(index).unwrap();
        }),
        ("cut", |index| {
            let meta = fs::read(index.join("meta.json")).unwrap();
            fs::write(index.join("meta.json"), &meta[..meta.len() / 2]).unwrap();
        }),
        ("of another version", |index| {
            let meta = fs::read_to_string(index.join("meta.json")).unwrap();
            let other = meta.replace(r#"{\"analysis\":1,"#, r#"{\"analysis\":999,"#);
            assert_ne!(meta, other);
            fs::write(index.join("meta.json"), other).unwrap();
        }),
    ];
    let mut market = filled().await;
    for (what, damage) in damages {
        let index = current(&market);
        market = damaged(market, || damage(&index)).await;
        assert_in_step(&market).await;
        assert_eq!(found(&market, "气孔率").len(), 20, "{what}");
    }
    assert_eq!(asides(&market).len(), 2, "the last two are kept");
}

/// Ends the process, does `damage`, and begins another, which makes the index anew.
async fn damaged(mut market: Market, damage: impl FnOnce()) -> Market {
    market.settle().await;
    let Market { db, clock, folder, enterprise, research, matchmaker, worker, .. } = market;
    drop(worker);
    damage();
    let (engine, worker) = process(&db, &clock, &folder, "index");
    assert!(engine.reader().is_err(), "nothing is lent out before it was looked at");
    let mut market = Market { db, clock, engine, worker, enterprise, research, matchmaker, folder };
    market.settle().await;
    market
}

#[tokio::test]
async fn an_index_that_missed_forgotten_events_is_made_anew() {
    let mut market = filled().await;
    let copy = market.folder.path().join("copy");
    copy_folder(&current(&market), &copy);
    market.need("瓦斯抽采封孔材料", "浓度低").await;
    market.settle().await;
    let later = market.clock.now() + chrono::TimeDelta::days(8);
    market.db.write(async |tx| db::outbox::forget(tx, later).await).await.unwrap();
    let index = current(&market);
    let market = damaged(market, || {
        fs::remove_dir_all(&index).unwrap();
        copy_folder(&copy, &index);
    })
    .await;
    assert_eq!(found(&market, "瓦斯抽采").len(), 1);
    assert_in_step(&market).await;
}

#[tokio::test]
async fn an_index_of_another_database_is_made_anew() {
    let one = filled().await;
    let mut other = Market::new().await;
    other.need("瓦斯抽采封孔材料", "浓度低").await;
    other.settle().await;
    let (from, index) = (current(&one), current(&other));
    let other = damaged(other, || {
        fs::remove_dir_all(&index).unwrap();
        copy_folder(&from, &index);
    })
    .await;
    assert_in_step(&other).await;
}

fn copy_folder(from: &PathBuf, to: &PathBuf) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap().path();
        fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
}

#[tokio::test]
async fn an_index_is_made_anew_while_the_old_one_serves() {
    let mut market = filled().await;
    let before = market.engine.reader().unwrap();
    market.worker.rebuild().await.unwrap();
    assert_eq!(before.ids().unwrap(), market.offered().await, "still readable");
    assert_in_step(&market).await;
}

#[tokio::test]
async fn two_processes_do_not_share_an_index() {
    let market = filled().await;
    let second = Folder::take(&market.folder.path().join("index"), 1, Veil::thin());
    assert!(matches!(second, Err(jobs::Error::FolderInUse(_))), "{second:?}");
}

#[tokio::test]
async fn a_listing_that_cannot_be_read_does_not_stop_the_others() {
    use sea_orm::ConnectionTrait as _;
    let market = filled().await;
    let broken = market.need("瓦斯抽采封孔材料", "浓度低").await;
    let id = broken.id.as_uuid().simple().to_string();
    let column =
        if db::scratch::on_postgres() { "replace(id::text, '-', '')" } else { "lower(hex(id))" };
    let spoil = format!(
        "UPDATE listings SET form = '{{\"fields\": [\"dropped\"]}}' WHERE {column} = '{id}'"
    );
    let spoilt = market.db.read().execute_unprepared(&spoil).await.unwrap();
    assert_eq!(spoilt.rows_affected(), 1);
    fs::remove_dir_all(current(&market)).unwrap();
    let mut market = market.restart();
    let other = market.need("瓦斯抽采钻孔封孔", "浓度低").await;
    market.settle().await;
    assert_eq!(found(&market, "瓦斯抽采"), [other.id.as_uuid()]);
    assert_eq!(found(&market, "红薯贮藏").len(), 20);
}

#[tokio::test]
async fn an_index_that_someone_looks_at_is_not_taken_for_a_damaged_one() {
    let market = filled().await;
    let folder = current(&market);
    let mut market = market.restart();
    let search::Condition::Sound(held) = search::index::open(&folder, 1, &Arc::new(Veil::thin()))
    else {
        panic!()
    };
    assert!(market.worker.settle().await.is_err(), "it tries again later");
    drop(held);
    market.settle().await;
    assert_in_step(&market).await;
    let names = fs::read_dir(market.folder.path().join("index")).unwrap();
    let aside =
        names.filter(|it| it.as_ref().unwrap().file_name().to_string_lossy().contains("aside"));
    assert_eq!(aside.count(), 0, "nothing was set aside");
}
