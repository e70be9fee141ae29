use domain::{
    codes::DeclineReason,
    listings::{Action, Listing},
    matchers::{Feature, Matcher, Version, Weights},
    needs::Need,
    pairs::{Grade, GradeForm, Pair, State},
    text::Text,
};

use search::matching::MATCHER;

use crate::market::Market;

const NEED: (&str, &str) = ("铸件气孔率降低技术", "球墨铸铁件气孔率高达百分之八,每月报废四十吨。");
const ACHIEVEMENT: (&str, &str) = ("球墨铸铁气孔缺陷控制工艺", "优化浇注系统,气孔率降到百分之一。");

fn graded(grade: Grade) -> GradeForm {
    let declines = grade < Grade::FairlyStrong;
    let reason = declines.then(|| DeclineReason::new("technical_objection").unwrap());
    GradeForm { grade, reason, note: Text::default() }
}

/// A market in which the one pair was declined, and the need in it.
async fn declined() -> (Market, Need) {
    let mut market = Market::new().await;
    let need = market.need(NEED.0, NEED.1).await;
    market.achievement(ACHIEVEMENT.0, ACHIEVEMENT.1).await;
    market.settle().await;
    let pair = market.pairs_of(&need).await.remove(0);
    let now = market.clock.now();
    market
        .work(&pair, |it, me| {
            it.take(me).unwrap();
            it.grade(graded(Grade::Unrelated), me, now).unwrap();
        })
        .await;
    (market, need)
}

fn states(pairs: &[Pair]) -> Vec<State> {
    pairs.iter().map(Pair::state).collect()
}

#[tokio::test]
async fn a_pair_is_suggested_whichever_side_comes_last() {
    for need_first in [true, false] {
        let mut market = Market::new().await;
        let need = if need_first {
            let need = market.need(NEED.0, NEED.1).await;
            market.settle().await;
            market.achievement(ACHIEVEMENT.0, ACHIEVEMENT.1).await;
            need
        } else {
            market.achievement(ACHIEVEMENT.0, ACHIEVEMENT.1).await;
            market.settle().await;
            market.need(NEED.0, NEED.1).await
        };
        market.settle().await;
        let pairs = market.pairs_of(&need).await;
        assert_eq!(states(&pairs), [State::Suggested], "need first: {need_first}");
        let explanation = &pairs[0].explanation;
        assert_eq!(explanation.matcher, "grams-1");
        assert!(explanation.phrases.iter().any(|it| it.text.contains("气孔")), "{explanation:?}");
    }
}

#[tokio::test]
async fn matching_again_doubles_nothing() {
    let mut market = Market::new().await;
    let need = market.need(NEED.0, NEED.1).await;
    let achievement = market.achievement(ACHIEVEMENT.0, ACHIEVEMENT.1).await;
    for _ in 0..3 {
        market.settle().await;
        market.change(need.id, |_, _| ()).await;
        market.change(achievement.id, |_, _| ()).await;
    }
    market.settle().await;
    assert_eq!(market.pairs_of(&need).await.len(), 1);
}

#[tokio::test]
async fn a_declined_pair_comes_back_only_when_one_of_the_two_changed() {
    let (mut market, need) = declined().await;
    market.change(need.id, |_, _| ()).await;
    market.settle().await;
    assert_eq!(states(&market.pairs_of(&need).await), [State::Declined]);

    market.rewrite(&need, "球墨铸铁件气孔率高,现在还要求壁厚偏差小于半毫米。").await;
    market.settle().await;
    let mut after = states(&market.pairs_of(&need).await);
    after.sort_by_key(|it| it.as_str());
    assert_eq!(after, [State::Declined, State::Suggested]);
}

#[tokio::test]
async fn a_declined_pair_stays_declined_when_one_side_is_withdrawn_and_comes_back_unchanged() {
    let (mut market, need) = declined().await;
    market.act(need.id, Action::Withdraw).await;
    market.settle().await;
    market.act(need.id, Action::Reopen).await;
    market.change(need.id, Listing::publish).await;
    market.settle().await;
    assert_eq!(states(&market.pairs_of(&need).await), [State::Declined]);
}

#[tokio::test]
async fn an_achievement_reaches_every_need_that_it_fits() {
    let mut market = Market::new().await;
    let mut needs = Vec::new();
    for number in 0..45 {
        needs.push(market.need(&format!("{}{number}", NEED.0), NEED.1).await);
    }
    market.settle().await;
    market.achievement(ACHIEVEMENT.0, ACHIEVEMENT.1).await;
    market.settle().await;
    for need in &needs {
        assert_eq!(market.pairs_of(need).await.len(), 1);
    }
}

#[tokio::test]
async fn a_material_change_makes_open_pairs_stale() {
    let mut market = Market::new().await;
    let need = market.need(NEED.0, NEED.1).await;
    market.achievement(ACHIEVEMENT.0, ACHIEVEMENT.1).await;
    market.settle().await;
    let pair = market.pairs_of(&need).await.remove(0);
    market.work(&pair, |it, me| it.take(me).unwrap()).await;
    market.rewrite(&need, "球墨铸铁件气孔率高,现在还要求壁厚偏差小于半毫米。").await;
    market.settle().await;
    let mut after = states(&market.pairs_of(&need).await);
    after.sort_by_key(|it| it.as_str());
    assert_eq!(after, [State::Stale, State::Suggested]);
}

#[tokio::test]
async fn what_is_withdrawn_or_paused_leaves_the_queue_and_comes_back_with_it() {
    let mut market = Market::new().await;
    let need = market.need(NEED.0, NEED.1).await;
    let achievement = market.achievement(ACHIEVEMENT.0, ACHIEVEMENT.1).await;
    market.settle().await;
    market.act(achievement.id, Action::Pause).await;
    market.settle().await;
    assert_eq!(states(&market.pairs_of(&need).await), [State::Expired]);
    market.act(achievement.id, Action::Resume).await;
    market.settle().await;
    assert_eq!(states(&market.pairs_of(&need).await), [State::Suggested]);
    market.act(need.id, Action::Withdraw).await;
    market.settle().await;
    assert_eq!(states(&market.pairs_of(&need).await), [State::Expired]);
}

#[tokio::test]
async fn the_best_come_first_and_the_tail_is_left_out() {
    let mut market = Market::new().await;
    let fillers = ["红薯贮藏保鲜", "瓦斯抽采封孔", "储能电池热管理", "丝绸数码印花"];
    for filler in fillers {
        market.need(&format!("{filler}技术需求"), "公司目前急需研发新技术。").await;
        market.achievement(&format!("{filler}技术成果"), "效果良好。").await;
    }
    market.achievement(ACHIEVEMENT.0, ACHIEVEMENT.1).await;
    let need = market.need(NEED.0, NEED.1).await;
    market.settle().await;
    let pairs = market.pairs_of(&need).await;
    assert_eq!(
        pairs.len(),
        1,
        "{:?}",
        pairs.iter().map(|it| &it.explanation.phrases).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn many_achievements_at_once_have_every_need_matched_once_a_little_later() {
    let mut market = Market::new().await;
    let need = market.need(NEED.0, NEED.1).await;
    market.settle().await;
    let achievement = market.achievement(ACHIEVEMENT.0, ACHIEVEMENT.1).await;
    // As an import does it: one job for all.
    let now = market.clock.now();
    let ids = [achievement.id.as_uuid()];
    let kind = domain::listings::Kind::Achievement;
    market.db.write(async |tx| db::outbox::announce_many(tx, kind, &ids, now).await).await.unwrap();
    market.clock.advance(chrono::TimeDelta::seconds(3));
    market.settle().await;
    assert_eq!(market.pairs_of(&need).await.len(), 1);
    let all = [db::jobs::Kind::MatchAll, db::jobs::Kind::MatchNeed];
    assert_eq!(db::jobs::count(market.db.read(), &all).await.unwrap(), 0);
}

/// A market with one need and its two pairs, and a version of the matcher for which the need's title
/// counts double.
async fn with_a_trained_version() -> (Market, Need) {
    let mut market = Market::new().await;
    let need = market.need(NEED.0, NEED.1).await;
    market.achievement(ACHIEVEMENT.0, ACHIEVEMENT.1).await;
    market.achievement("球墨铸铁件报废原因分析", "每月报废率高的原因。").await;
    let version = Version {
        name: "grams-1.1".into(),
        weights: Weights::new(&[(Feature::Title, 2.0)].into()),
    };
    let figures = serde_json::json!({
        "verdicts": 1, "later_verdicts": 1, "later_needs": 1, "present": "grams-1",
        "present_accuracy": 0.5, "accuracy": 0.5, "least_gain": 0.0, "most_gain": 0.0,
        "outcome": "too_few",
    });
    let figures = serde_json::from_value(figures).unwrap();
    let trained_at = market.clock.now();
    let made = Matcher { version, base: MATCHER.into(), figures, trained_at };
    market.db.write(async |tx| db::matchers::insert(tx, &made).await).await.unwrap();
    market.settle().await;
    (market, need)
}

#[tokio::test]
async fn an_activated_version_suggests_until_one_goes_back() {
    let (mut market, need) = with_a_trained_version().await;
    let plain = market.pairs_of(&need).await;
    assert!(plain.iter().all(|it| it.explanation.matcher == MATCHER));
    let now = market.clock.now();
    let activate = async |tx: &db::Tx| db::matchers::activate(tx, "grams-1.1", MATCHER, now).await;
    assert!(market.db.write(activate).await.unwrap());
    assert!(!market.db.write(activate).await.unwrap(), "it suggests already");
    market.settle().await;
    let trained = market.pairs_of(&need).await;
    assert_eq!(trained.len(), plain.len());
    for (pair, place) in trained.iter().zip(1..) {
        let it = &pair.explanation;
        assert_eq!((it.matcher.as_str(), it.position), ("grams-1.1", place));
        assert!((it.parts.learned - it.parts.title).abs() < 1e-9, "{it:?}");
        let before = plain.iter().find(|it| it.id == pair.id).unwrap();
        assert!((it.score - before.explanation.score - it.parts.title).abs() < 1e-6);
    }
    let back = market.db.write(async |tx| db::matchers::back(tx, MATCHER, now).await).await;
    assert_eq!(back.unwrap().as_deref(), Some(MATCHER));
    market.settle().await;
    let again = market.pairs_of(&need).await;
    for (one, other) in again.iter().zip(&plain) {
        assert_eq!((one.id, &one.explanation.matcher), (other.id, &other.explanation.matcher));
        assert!((one.explanation.score - other.explanation.score).abs() < 1e-6);
    }
    let back = market.db.write(async |tx| db::matchers::back(tx, MATCHER, now).await).await;
    assert_eq!(back.unwrap(), None, "there is nothing before the built-in one");
}

#[tokio::test]
async fn a_version_that_weighs_another_matchers_scores_does_not_suggest() {
    let (market, _) = with_a_trained_version().await;
    let now = market.clock.now();
    let unknown = market.db.write(async |tx| db::matchers::activate(tx, "x", MATCHER, now).await);
    assert!(matches!(unknown.await, Err(db::Error::NotFound)));
    let activate = async |tx: &db::Tx| db::matchers::activate(tx, "grams-1.1", MATCHER, now).await;
    market.db.write(activate).await.unwrap();
    let active = async |base| db::matchers::active(market.db.read(), base).await.unwrap().name;
    assert_eq!(active(MATCHER).await, "grams-1.1");
    assert_eq!(active("grams-2").await, "grams-2");
}

#[tokio::test]
async fn a_need_that_is_matched_again_heeds_the_verdicts_on_it() {
    let (mut market, need) = with_a_trained_version().await;
    let pairs = market.pairs_of(&need).await;
    assert_eq!(pairs.len(), 2, "{pairs:?}");
    let now = market.clock.now();
    market
        .work(&pairs[0], |it, me| {
            it.take(me).unwrap();
            it.grade(graded(Grade::Strong), me, now).unwrap();
        })
        .await;
    market.achievement("球墨铸铁气孔控制装置", "优化浇注系统,气孔率低。").await;
    market.settle().await;
    let found = market.pairs_of(&need).await;
    let new = found.iter().find(|it| pairs.iter().all(|old| old.id != it.id)).unwrap();
    assert!(new.explanation.parts.verdicts > 0.0, "it is like the accepted one");
    assert_eq!(found.iter().filter(|it| it.state() == State::Accepted).count(), 1);
    let waiting = db::jobs::count(market.db.read(), &[db::jobs::Kind::MatchNeed]).await.unwrap();
    assert_eq!(waiting, 0, "nothing asks for itself for ever");
}
