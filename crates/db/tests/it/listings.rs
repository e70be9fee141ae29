use std::collections::BTreeSet;

use chrono::TimeDelta;
use db::{
    Page,
    listings::{Filter, Rest},
};
use domain::{
    achievements::{Achievement, AchievementForm, AchievementId},
    days::Day,
    form,
    introductions::{AnswerForm, CONTACT_EXCHANGE, Introduction, IntroductionId, Sides},
    listings::{Kind, Number, Origin, Progress, Publication, State, Visibility},
    needs::{Need, NeedForm, NeedId},
    organisations,
    pairs::{self, Explanation, Pair, PairId},
    people::{Person, Role},
    policy::{ListingFacts, Member, Principal, Tie, View, view},
};
use serde_json::json;

use crate::store::{Store, colleague, now};

const ALL: Page = Page { after: None, limit: 1000 };

/// A need of every state and visibility, with a matchmaker who looks after it.
async fn every_need(store: &Store, author: &Person, matchmaker: &Person) -> Vec<Need> {
    let mut needs = Vec::new();
    for state in State::ALL {
        for visibility in [Visibility::Public, Visibility::Masked, Visibility::Confidential] {
            let form: NeedForm = form::read(&json!({
                "title": "铸件气孔率降低", "visibility": visibility.as_str(),
            }))
            .unwrap();
            let publication = (state != State::Draft).then_some(Publication {
                edition: 1,
                matter: 1,
                digest: 7,
                at: now(),
                until: Day::at(now()),
            });
            let origin =
                Origin { organisation: author.organisation, author: author.id, external_id: None };
            let number = 1000 + i64::try_from(needs.len()).unwrap();
            needs.push(Need::restore(
                (NeedId::generate(), 0),
                Number::new(matchmaker.login.as_str(), Kind::Need, Day::at(now()), number),
                origin,
                (Some(matchmaker.id), now(), now()),
                Progress { form, state, revision: None, publication },
            ));
        }
    }
    store.db.write(async |tx| db::listings::insert_all(tx, &needs).await).await.unwrap();
    needs
}

fn principal(person: &Person) -> Principal {
    Principal::Member(Member {
        person: person.id,
        organisation: person.organisation,
        role: person.role,
        standing: organisations::State::Verified,
    })
}

fn facts(need: &Need) -> ListingFacts {
    ListingFacts {
        organisation: need.organisation,
        author: need.author,
        matchmaker: need.matchmaker,
        state: need.state(),
        visibility: domain::listings::Form::visibility(need.form()),
        suspended: need.suspended,
        tie: Tie::None,
    }
}

/// A market with listings of every state, and everyone who might look at them.
async fn everyone(store: &Store) -> (Vec<Need>, Vec<Principal>) {
    let author = store.member("91110000802100433B", Role::Enterprise).await;
    let other = store.member("9144030071526726XG", Role::Enterprise).await;
    let researcher = store.member("12100000400009821G", Role::Research).await;
    let office = store.member("11320000MB151840XJ", Role::Matchmaker).await;
    let mut readers = vec![author.clone(), other, researcher, office.clone()];
    readers.push(colleague(author.organisation, Role::Enterprise));
    let others =
        [Role::Matchmaker, Role::Lead, Role::SystemAdmin, Role::SecurityAdmin, Role::Auditor];
    readers.extend(others.map(|role| colleague(office.organisation, role)));
    let stored: Vec<&Person> = readers[4..].iter().collect();
    store
        .db
        .write(async |tx| {
            for person in stored {
                db::people::insert(tx, person, "hash").await?;
            }
            Ok::<_, db::Error>(())
        })
        .await
        .unwrap();
    let mut needs = every_need(store, &author, &office).await;
    needs.extend(every_need(store, &readers[1], &readers[5]).await);
    let mut principals: Vec<Principal> = readers.iter().map(principal).collect();
    principals.push(Principal::Visitor);
    (needs, principals)
}

#[tokio::test]
async fn lists_hold_exactly_what_the_policy_lets_each_reader_know_of() {
    let store = Store::new().await;
    let (needs, readers) = everyone(&store).await;
    let filter = Filter::default();
    for reader in readers {
        let listed = db::listings::list::<NeedForm>(store.db.read(), &reader, &filter, ALL);
        let listed: BTreeSet<NeedId> = listed.await.unwrap().iter().map(|it| it.id).collect();
        let knows = |it: &&Need| view(&reader, &facts(it)) > View::Nothing;
        let expected: BTreeSet<NeedId> = needs.iter().filter(knows).map(|it| it.id).collect();
        assert_eq!(listed, expected, "{reader:?}");
    }
}

/// Lets `reader` be the other side of introductions of some needs that both have agreed to.
async fn admit(store: &Store, reader: &Person, needs: &[Need]) {
    let form: AchievementForm = form::read(&json!({ "title": "气孔缺陷控制" })).unwrap();
    let origin = Origin { organisation: reader.organisation, author: reader.id, external_id: None };
    let number = Number::new("GP", Kind::Achievement, Day::at(now()), 1);
    let offered = Achievement::draft(AchievementId::generate(), number, origin, form, now());
    let yes = || {
        let form = json!({
            "answer": "yes", "cooperation": "合作开发", "missing": "中试", "about": "院校",
            "contact_exchange": CONTACT_EXCHANGE,
        });
        form::read::<AnswerForm>(&form).unwrap()
    };
    let admitted = async |tx: &db::Tx| {
        db::listings::insert(tx, &offered).await?;
        for need in needs {
            let sides = pairs::Sides {
                need: need.id,
                need_edition: 1,
                achievement: offered.id,
                achievement_edition: 1,
            };
            let pair = Pair::suggest(PairId::generate(), sides, Explanation::default(), now());
            db::pairs::insert_all(tx, std::slice::from_ref(&pair)).await?;
            let sides = Sides {
                pair: pair.id,
                round: 1,
                need: (need.id, need.organisation),
                achievement: (offered.id, reader.organisation),
            };
            let until = now() + TimeDelta::days(14);
            let id = IntroductionId::generate();
            let mut agreed = Introduction::ask(id, sides, reader.id, (now(), until));
            agreed.take(Kind::Need, yes(), (need.author, now())).unwrap();
            agreed.take(Kind::Achievement, yes(), (reader.id, now())).unwrap();
            db::introductions::insert(tx, &agreed).await?;
        }
        Ok::<_, db::Error>(())
    };
    store.db.write(admitted).await.unwrap();
}

#[tokio::test]
async fn what_binds_a_reader_and_what_rests_is_listed_as_the_policy_says() {
    let store = Store::new().await;
    let (needs, readers) = everyone(&store).await;
    let person = |it: &Principal| it.member().unwrap().person;
    let half: Vec<Need> = needs.iter().step_by(2).cloned().collect();
    let researcher = db::people::get(store.db.read(), person(&readers[2])).await.unwrap();
    admit(&store, &researcher, &half).await;
    let colleague = person(&readers[4]);
    let named = async |tx: &db::Tx| {
        for need in &half {
            db::readers::replace(tx, need.id.as_uuid(), &[colleague]).await?;
        }
        db::listings::suspend(tx, needs.last().unwrap().organisation, Rest::Suspended).await
    };
    let published = store.db.write(named).await.unwrap();
    assert_eq!(published.len(), 3, "of each visibility one: {published:?}");
    let ids: Vec<_> = needs.iter().map(|it| it.id.as_uuid()).collect();
    let mut seen = BTreeSet::new();
    for reader in readers {
        let ties = db::ties::of(store.db.read(), &reader, &ids).await.unwrap();
        let needs = db::listings::several::<NeedForm>(store.db.read(), &ids).await.unwrap();
        let tied = |it: &Need| ListingFacts { tie: ties.to(it.id.as_uuid()), ..facts(it) };
        let knows = |it: &&Need| view(&reader, &tied(it)) > View::Nothing;
        let expected: BTreeSet<NeedId> = needs.iter().filter(knows).map(|it| it.id).collect();
        let filter = Filter::default();
        let listed = db::listings::list::<NeedForm>(store.db.read(), &reader, &filter, ALL);
        let listed: BTreeSet<NeedId> = listed.await.unwrap().iter().map(|it| it.id).collect();
        assert_eq!(listed, expected, "{reader:?}");
        seen.extend(needs.iter().map(|it| format!("{:?}", view(&reader, &tied(it)))));
    }
    assert!(seen.contains("Partner") && seen.contains("Full"), "{seen:?}");
}

#[tokio::test]
async fn asking_for_an_organisation_does_not_unmask_its_needs() {
    let store = Store::new().await;
    let (needs, _) = everyone(&store).await;
    let filter = Filter { organisation: Some(needs[0].organisation), states: Vec::new() };
    let listed = db::listings::list::<NeedForm>(store.db.read(), &Principal::Visitor, &filter, ALL);
    let listed = listed.await.unwrap();
    assert!(!listed.is_empty());
    let visibilities = listed.iter().map(|it| domain::listings::Form::visibility(it.form()));
    assert!(visibilities.into_iter().all(|it| it == Visibility::Public));
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap() {
    let store = Store::new().await;
    let (_, readers) = everyone(&store).await;
    let (reader, filter) = (readers[9], Filter::default());
    let whole =
        db::listings::list::<NeedForm>(store.db.read(), &reader, &filter, ALL).await.unwrap();
    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let page = Page { after, limit: 7 };
        let page =
            db::listings::list::<NeedForm>(store.db.read(), &reader, &filter, page).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id.as_uuid());
        paged.extend(page);
    }
    assert_eq!(paged, whole);
    assert!(whole.len() > 14);
}

#[tokio::test]
async fn a_reviewer_is_offered_what_others_submitted() {
    let store = Store::new().await;
    let (needs, readers) = everyone(&store).await;
    let matchmaker = &readers[3];
    let known = |it: &&Need| view(matchmaker, &facts(it)) > View::Nothing;
    let submitted = needs.iter().filter(|it| it.state() == State::Submitted);
    let (all, submitted) = (submitted.clone().count(), submitted.filter(known).count());
    assert_eq!((all, submitted), (6, 5), "a confidential one has a matchmaker already");
    let found = db::listings::submissions(store.db.read(), matchmaker, None, ALL).await.unwrap();
    assert_eq!(found.len(), submitted);
    let mut own = *matchmaker.member().unwrap();
    own.organisation = needs[0].organisation;
    let own = Principal::Member(own);
    let found = db::listings::submissions(store.db.read(), &own, None, ALL).await.unwrap();
    assert!(found.iter().all(|it| it.organisation != needs[0].organisation) && !found.is_empty());
}
