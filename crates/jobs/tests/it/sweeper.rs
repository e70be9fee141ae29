use chrono::TimeDelta;
use domain::{
    days::Day,
    listings::State,
    needs::NeedForm,
    pairs::{self, DeferForm},
};

use crate::market::Market;

#[tokio::test]
async fn a_listing_expires_after_its_last_day() {
    let mut market = Market::new().await;
    let need = market.need("铸件气孔率降低技术", "气孔率高").await;
    market.settle().await;
    let state = async |market: &Market| {
        let need = db::listings::get::<NeedForm>(market.db.read(), need.id).await.unwrap();
        need.state()
    };
    market.clock.advance(TimeDelta::days(365));
    market.settle().await;
    assert_eq!(state(&market).await, State::Published, "on its last day");
    market.clock.advance(TimeDelta::days(1));
    market.settle().await;
    assert_eq!(state(&market).await, State::Expired);
    assert!(market.engine.reader().unwrap().ids().unwrap().is_empty(), "nobody finds it");
    let log = db::audit::of_object(market.db.read(), need.id.as_uuid()).await.unwrap();
    assert_eq!(log.last().unwrap().action, "needs.expire");
}

#[tokio::test]
async fn more_than_a_batch_expires_without_waiting_for_the_next_minute() {
    let mut market = Market::new().await;
    for number in 0..205 {
        market.need(&format!("铸件气孔率降低技术{number}"), "气孔率高").await;
    }
    market.clock.advance(TimeDelta::days(366));
    market.settle().await;
    assert!(market.offered().await.is_empty());
}

#[tokio::test]
async fn a_deferred_pair_comes_back_on_its_day() {
    let mut market = Market::new().await;
    let need = market.need("铸件气孔率降低技术", "气孔率高").await;
    market.achievement("球墨铸铁气孔缺陷控制", "气孔率低").await;
    market.settle().await;
    let pair = market.pairs_of(&need).await.remove(0);
    let today = Day::at(market.clock.now());
    market
        .work(&pair, |it, me| {
            it.take(me).unwrap();
            let form = DeferForm { until: Day::new("2026-01-05").unwrap() };
            it.defer(&form, me, today).unwrap();
        })
        .await;
    for (days, expected) in [(2, pairs::State::Deferred), (1, pairs::State::Suggested)] {
        market.clock.advance(TimeDelta::days(days));
        market.settle().await;
        assert_eq!(market.pairs_of(&need).await[0].state(), expected);
    }
}
