use std::collections::HashSet;

use domain::{listings::Kind, needs::NeedForm, pairs::Sides, people::Person};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::market::{Market, process};

/// Two processes on one database, each with its own index, while listings come and go.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn jobs_run_once_and_both_indexes_follow() {
    let market = Market::new().await;
    let (another_engine, another) = market.another_process();
    let Market { db, clock, engine, worker, enterprise, research, matchmaker, folder } = market;
    let stop = CancellationToken::new();
    let running = [worker, another].map(|it| tokio::spawn(it.run(stop.clone())));
    let mut last = market_without_process(db, clock, (enterprise, research, matchmaker), folder);
    let mut needs = Vec::new();
    for _ in 0..12 {
        needs.push(last.need("铸件气孔率降低技术", "气孔率高").await);
        last.achievement("球墨铸铁气孔缺陷控制", "气孔率低").await;
    }
    for need in needs.iter().take(4) {
        last.act(need.id, domain::listings::Action::Withdraw).await;
    }
    wait_until_idle(&last).await;
    stop.cancel();
    for worker in running {
        worker.await.unwrap();
    }
    let offered = last.offered().await;
    for engine in [&engine, &another_engine] {
        assert_eq!(engine.reader().unwrap().ids().unwrap(), offered);
    }
    let mut seen: HashSet<Sides> = HashSet::new();
    let mut suggested = 0;
    for need in &needs {
        let lines = db::audit::of_object(last.db.read(), need.id.as_uuid()).await.unwrap();
        let lines = lines.iter().filter(|it| it.action == "pairs.suggest");
        suggested += lines.map(|it| it.detail["new"].as_u64().unwrap()).sum::<u64>();
        for pair in last.pairs_of(need).await {
            assert!(seen.insert(pair.sides), "twice: {:?}", pair.sides);
        }
    }
    assert_eq!(suggested, u64::try_from(seen.len()).unwrap(), "what was done is done once");
    assert!(seen.len() >= 8 * 12, "{} pairs", seen.len());
    last.settle().await;
    assert_eq!(last.engine.reader().unwrap().ids().unwrap(), offered, "a third one too");
}

/// The same market with a third process that has not begun yet.
fn market_without_process(
    db: db::Db,
    clock: db::Clock,
    (enterprise, research, matchmaker): (Person, Person, Person),
    folder: TempDir,
) -> Market {
    let (engine, worker) = process(&db, &clock, &folder, "third");
    Market { db, clock, engine, worker, enterprise, research, matchmaker, folder }
}

/// Waits until no job is left and every need that is offered has its pairs.
async fn wait_until_idle(market: &Market) {
    use db::jobs::{Kind as Job, count};
    let all = [Job::MatchNeed, Job::MatchAchievement, Job::MatchAll];
    let patience = std::time::Duration::from_mins(1);
    let idle = async {
        let mut quiet = 0;
        while quiet < 5 {
            let waiting = count(market.db.read(), &all).await.unwrap();
            quiet = if waiting == 0 { quiet + 1 } else { 0 };
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(patience, idle).await.unwrap();
    let needs = db::listings::all::<NeedForm>(market.db.read(), None, 100).await.unwrap().listings;
    for need in needs {
        let pairs = db::pairs::of_listing(market.db.read(), Kind::Need, need.id.as_uuid()).await;
        assert!(!pairs.unwrap().is_empty());
    }
}
