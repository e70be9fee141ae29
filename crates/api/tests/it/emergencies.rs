use axum::http::StatusCode;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::world::{Answer, Someone, World, need};

const SECRET: &str = "机密的气孔问题";

/// A confidential need that is published, by its id.
async fn confidential(world: &World) -> String {
    let mut form = need(SECRET);
    form["visibility"] = json!("confidential");
    world.publish_need(form).await
}

async fn ask(world: &World, who: &Someone, need: &str) -> Answer {
    let reason = "接到举报，称内容涉密，须核实";
    let form = json!({ "kind": "need", "listing": need, "minutes": 30, "reason": reason });
    world.post(who, "/emergencies", form).await
}

async fn act(world: &World, who: &Someone, emergency: &Answer, what: &str) -> Answer {
    world.post(who, &format!("/emergencies/{}/{what}", emergency.id()), json!(null)).await
}

async fn open(world: &World, who: &Someone, emergency: &Answer) -> Answer {
    world.get(who, &format!("/emergencies/{}/listing", emergency.id())).await
}

#[tokio::test]
async fn an_administrator_reads_one_listing_after_another_agreed_and_its_author_is_told() {
    let world = World::new().await;
    let need = confidential(&world).await;
    let (asker, second) = (&world.auditor, &world.security_admin);
    let asked = ask(&world, asker, &need).await;
    assert_eq!((asked.status, &asked.body["state"]), (StatusCode::CREATED, &json!("asked")));
    assert_eq!(open(&world, asker, &asked).await.code(), "wrong_state", "nobody has agreed");
    assert_eq!(world.get(&world.enterprise, "/me/notices").await.body["items"], json!([]));

    let agreed = act(&world, second, &asked, "confirm").await;
    assert_eq!(agreed.body["state"], "open", "{}", agreed.body);
    let notices = world.get(&world.enterprise, "/me/notices").await;
    let told = &notices.body["items"][0];
    assert_eq!((&told["subject"], &told["object"]), (&json!("need_opened"), &json!(need)));

    let seen = open(&world, asker, &asked).await;
    assert_eq!((&seen.body["title"], &seen.body["view"]), (&json!(SECRET), &json!("business")));
    assert_eq!(seen.body["form"].get("contact"), None, "whom to contact is not shown");
    assert_eq!(open(&world, second, &asked).await.code(), "another_person");
    // It is one door: the listing itself, and lists of listings, stay as they are.
    let beside = world.get(asker, &format!("/needs/{need}")).await;
    assert_eq!(beside.body.get("title"), None, "{}", beside.body);

    let log = db::audit::of_object(world.db.read(), need.parse().unwrap()).await.unwrap();
    let steps: Vec<&str> = log.iter().map(|it| it.action.as_str()).collect();
    let expected = ["emergencies.ask:asked", "emergencies.decide:open", "emergencies.use"];
    assert_eq!(steps[steps.len() - 3..], expected);

    world.clock.advance(TimeDelta::minutes(30));
    assert_eq!(open(&world, asker, &asked).await.code(), "wrong_state", "its time is over");
    let over = world.get(second, &format!("/emergencies/{}", asked.id())).await;
    assert_eq!(over.body["state"], "ended");
}

#[tokio::test]
async fn nobody_opens_a_listing_alone_or_with_one_of_the_same_office() {
    let world = World::new().await;
    let need = confidential(&world).await;
    let (system, security) = (&world.system_admin, &world.security_admin);
    let same = world.colleague_of(system, "sys.two").await;
    let asked = ask(&world, system, &need).await;
    for who in [system, &same] {
        let refused = act(&world, who, &asked, "confirm").await;
        assert_eq!(refused.code(), "another_person");
    }
    for who in [&world.auditor, &world.matchmaker, &world.lead, &world.enterprise] {
        assert_eq!(act(&world, who, &asked, "confirm").await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(act(&world, security, &asked, "refuse").await.body["state"], "refused");
    assert_eq!(act(&world, security, &asked, "confirm").await.code(), "wrong_state");
    let again = ask(&world, system, &need).await;
    assert_eq!(act(&world, security, &again, "confirm").await.body["state"], "open");
    assert_eq!(act(&world, &world.auditor, &again, "end").await.body["state"], "ended");
    assert_eq!(open(&world, system, &again).await.code(), "wrong_state");
}

#[tokio::test]
async fn what_is_not_there_or_was_not_submitted_is_not_opened() {
    let world = World::new().await;
    let absent = ask(&world, &world.auditor, "01890000-0000-7000-8000-000000000000").await;
    assert_eq!(absent.pointers(), ["/listing"]);
    let draft: Value = world.post(&world.enterprise, "/needs", need(SECRET)).await.body;
    let asked = ask(&world, &world.auditor, draft["id"].as_str().unwrap()).await;
    act(&world, &world.security_admin, &asked, "confirm").await;
    assert_eq!(open(&world, &world.auditor, &asked).await.code(), "wrong_state");
}
