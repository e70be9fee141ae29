use std::{fs, path::Path};

use axum::http::{Method, StatusCode};
use db::scratch;
use serde_json::{Value, json};

use crate::world::{Someone, VISITOR, World, achievement, need};

/// What must be found in no file once it is in the market: of contacts, and of a confidential need.
const CONTACTS: [&str; 3] = ["锑烯铼", "13977770001", "kx7q@canary.example.cn"];
const CONFIDENTIAL: [&str; 4] = ["钆镝钬铒铥镱", "铼钽铌锆铪", "钪钇镧铈镨", "锝钌铑钯"];

fn secret_need() -> Value {
    let [title, problem, goal, tried] = CONFIDENTIAL;
    let mut form = need(&format!("{title}件热处理变形控制"));
    form["problem"] = json!(format!("{problem}件每炉变形零点三毫米，每月报废四十吨，需要降下来。"));
    form["goal"] = json!(goal);
    form["tried"] = json!(tried);
    form["visibility"] = json!("confidential");
    let [name, phone, mail] = CONTACTS;
    form["contact"] = json!({ "name": name, "phone": phone, "mail": mail });
    form
}

/// Everything under a folder.
fn files(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        bytes.extend(if path.is_dir() { files(&path) } else { fs::read(&path).unwrap() });
    }
    bytes
}

/// Everything that the database and the index keep.
async fn kept(world: &World) -> Vec<u8> {
    let mut bytes = scratch::kept(&world.db).await.unwrap();
    bytes.extend(files(&world.folder()));
    bytes
}

#[tokio::test]
async fn contacts_and_confidential_texts_are_in_no_file_in_the_clear() {
    let mut world = World::new().await;
    // What the confidential need may be paired with, so that there is an explanation.
    let title = format!("{}热处理变形控制工艺", CONFIDENTIAL[0]);
    let mut offer = achievement(&title);
    offer["visibility"] = json!("confidential");
    let made = world.post(&world.research, "/achievements", offer).await;
    world.submit(&world.research, "/achievements", &made).await;
    world.review("/achievements", &made.id(), "approve").await;
    let id = world.publish_need(secret_need()).await;
    let seen = world.get(&world.enterprise, &format!("/needs/{id}")).await;
    let mut changed = secret_need();
    changed["summary"] = json!("锝钌铑钯");
    let at = format!("/needs/{id}");
    let at = (Method::PUT, at.as_str());
    let sent = world.edit(&world.enterprise, at, &seen.tag(), Some(changed)).await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.body);
    let mut public = need("球墨铸铁件气孔率降低技术");
    public["contact"] = secret_need()["contact"].clone();
    world.publish_need(public).await;
    world.settle().await;
    let queue = world.get(&world.matchmaker, "/pairs").await;
    assert!(queue.body.to_string().contains(CONFIDENTIAL[0]), "it is paired: {}", queue.body);

    let kept = kept(&world).await;
    for secret in CONTACTS.into_iter().chain(CONFIDENTIAL) {
        assert!(!scratch::holds(&kept, secret), "{secret}");
    }
    assert!(scratch::holds(&kept, "球墨铸铁件气孔率降低技术"), "the search looks where it should");
}

#[tokio::test]
async fn an_account_begins_with_consent_to_the_present_text() {
    let world = World::new().await;
    let texts = world.get(&VISITOR, "/consents").await;
    assert_eq!(texts.body[0]["purpose"], "account_keeping", "{}", texts.body);
    let mut body = json!({
        "organisation": { "number": "9144030071526726XG", "name": "某某铸业", "kind": "enterprise" },
        "account": { "login": "yang.chen", "password": "羊头山上羊头山下的铸管厂", "name": "陈工" },
    });
    let without = world.post(&VISITOR, "/organisations", body.clone()).await;
    assert_eq!(without.pointers(), ["/consents"], "{}", without.body);
    body["consents"] = json!([{ "purpose": "account_keeping", "version": 99 }]);
    let stale = world.post(&VISITOR, "/organisations", body.clone()).await;
    assert_eq!(stale.pointers(), ["/consents/0/version"], "{}", stale.body);
    body["consents"][0]["version"] = texts.body[0]["version"].clone();
    let made = world.post(&VISITOR, "/organisations", body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let sign_in = json!({ "login": "yang.chen", "password": "羊头山上羊头山下的铸管厂" });
    let session = world.post(&VISITOR, "/sessions", sign_in).await;
    let someone = Someone::with_token(session.body["token"].as_str().unwrap());
    let given = world.get(&someone, "/me/consents").await;
    assert_eq!(given.body[0]["purpose"], "account_keeping", "{}", given.body);
    assert!(given.body[0].get("withdrawn_at").is_none());
}

#[tokio::test]
async fn a_consent_is_given_once_and_withdrawn_once() {
    let world = World::new().await;
    let who = &world.enterprise;
    let exchange = json!({ "purpose": "contact_exchange", "version": 1 });
    let given = world.post(who, "/me/consents", exchange.clone()).await;
    assert_eq!(given.status, StatusCode::CREATED, "{}", given.body);
    let again = world.post(who, "/me/consents", exchange.clone()).await;
    assert_eq!(again.code(), "already_exists");
    let at = format!("/me/consents/{}/withdraw", given.id());
    let at = (Method::POST, at.as_str());
    let other = world.call(&world.research, at.clone(), &[], None).await;
    assert_eq!(other.status, StatusCode::NOT_FOUND, "nobody withdraws another's");
    assert_eq!(world.call(who, at.clone(), &[], None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.call(who, at.clone(), &[], None).await.code(), "wrong_state");
    let listed = world.get(who, "/me/consents").await;
    assert!(listed.body[0]["withdrawn_at"].is_string(), "{}", listed.body);
    assert_eq!(world.post(who, "/me/consents", exchange).await.status, StatusCode::CREATED);
    let account = json!({ "purpose": "account_keeping", "version": 1 });
    let account = world.post(who, "/me/consents", account).await;
    let at = format!("/me/consents/{}/withdraw", account.id());
    let refused = world.call(who, (Method::POST, &at), &[], None).await;
    assert_eq!(refused.code(), "consent_needed", "{}", refused.body);
}

#[tokio::test]
async fn ones_own_name_is_corrected_by_whoever_read_it_last() {
    let world = World::new().await;
    let who = &world.enterprise;
    let seen = world.get(who, "/me").await;
    let at = (Method::PUT, "/me");
    let done = world.edit(who, at.clone(), &seen.tag(), Some(json!({ "name": "李伟" }))).await;
    assert_eq!((done.status, &done.body["name"]), (StatusCode::OK, &json!("李伟")));
    let late = world.edit(who, at.clone(), &seen.tag(), Some(json!({ "name": "李炜" }))).await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
    let odd =
        world.edit(who, at.clone(), &done.tag(), Some(json!({ "name": "", "role": "lead" }))).await;
    assert_eq!(odd.pointers(), ["/name", "/role"], "{}", odd.body);
}

#[tokio::test]
async fn what_is_kept_of_someone_is_told_to_them_whole_and_without_secrets() {
    let world = World::new().await;
    let who = &world.enterprise;
    let key = [("idempotency-key", "k-1")];
    let made = world.call(who, (Method::POST, "/needs"), &key, Some(secret_need())).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let told = world.get(who, "/me/export").await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    assert_eq!(told.headers["cache-control"], "no-store");
    let tables = &told.body["tables"];
    assert_eq!(tables["people"][0]["login"], "plant.li");
    assert_eq!(tables["people"][0]["name"], "某人");
    assert_eq!(tables["listings"][0]["form"]["contact"]["phone"], CONTACTS[1]);
    assert!(tables["answers"][0]["answer"].to_string().contains(CONFIDENTIAL[0]));
    let again = world.get(who, "/me/export").await;
    let lines = again.body["tables"]["audit"].as_array().unwrap();
    assert!(lines.iter().any(|it| it["action"] == "me.export"), "{lines:?}");
    let text = told.body.to_string();
    for secret in ["password_hash", "argon2", "\"hash\"", "v1."] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let other = world.get(&world.research, "/me/export").await;
    assert!(!other.body.to_string().contains(CONFIDENTIAL[0]), "only one's own");
}

/// Someone with a name, a password and everything else by which they could be known.
async fn known(world: &World) -> Someone {
    let body = json!({
        "organisation": { "number": "9144030071526726XG", "name": "某某铸业", "kind": "enterprise" },
        "account": { "login": "kx7q.canary", "password": "羊头山上羊头山下的铸管厂", "name": CONTACTS[0] },
        "mail": CONTACTS[2],
        "consents": [{ "purpose": "account_keeping", "version": 1 }],
    });
    let made = world.post(&VISITOR, "/organisations", body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let confirmed = json!({ "token": world.last_link().await });
    world.post(&VISITOR, "/mail-confirmations", confirmed).await;
    let sign_in = json!({ "login": "kx7q.canary", "password": "羊头山上羊头山下的铸管厂" });
    let session = world.post(&VISITOR, "/sessions", sign_in).await;
    let who = Someone::with_token(session.body["token"].as_str().unwrap());
    let token = json!({ "name": "kx7q-token", "days": 30 });
    let token = world.post(&who, "/tokens", token).await;
    assert_eq!(token.status, StatusCode::CREATED, "{}", token.body);
    who
}

#[tokio::test]
async fn nothing_leads_to_someone_who_closed_the_account() {
    let mut world = World::new().await;
    let who = known(&world).await;
    let mut form = secret_need();
    form["visibility"] = json!("public");
    let key = [("idempotency-key", "k-1")];
    let made = world.call(&who, (Method::POST, "/needs"), &key, Some(form)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    world.settle().await;
    let before = kept(&world).await;
    assert!(scratch::holds(&before, "kx7q.canary"), "the search looks where it should");
    assert_eq!(world.get(&who, "/me/mail").await.body["mail"], CONTACTS[2]);
    // One mail waits and one link is open when the account is closed.
    let other = json!({ "mail": "kx7q@other.example.cn", "password": "羊头山上羊头山下的铸管厂" });
    world.call(&who, (Method::PUT, "/me/mail"), &[], Some(other)).await;
    let sent = world.letters_sent();

    let wrong = world.post(&who, "/me/erase", json!({ "password": "not the password" })).await;
    assert_eq!(wrong.pointers(), ["/password"]);
    let right = json!({ "password": "羊头山上羊头山下的铸管厂" });
    let done = world.post(&who, "/me/erase", right).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.body);
    assert_eq!(world.get(&who, "/me").await.status, StatusCode::UNAUTHORIZED);
    let sign_in = json!({ "login": "kx7q.canary", "password": "羊头山上羊头山下的铸管厂" });
    let refused = world.post(&VISITOR, "/sessions", sign_in).await;
    assert_eq!(refused.code(), "wrong_credentials");

    let after = kept(&world).await;
    for trace in ["kx7q.canary", "kx7q-token"].into_iter().chain(CONTACTS) {
        assert!(!scratch::holds(&after, trace), "{trace}");
    }
    let need = domain::needs::NeedId::from_uuid(made.id().parse().unwrap());
    let need = db::listings::get::<domain::needs::NeedForm>(world.db.read(), need).await.unwrap();
    assert!(db::mail_addresses::find(world.db.read(), need.author).await.unwrap().is_none());
    assert_eq!(world.letters().await.len(), sent, "what waited is not sent");
    let links = (need.author, db::links::Purpose::Mail);
    assert_eq!(db::links::count(world.db.read(), links, world.clock.now()).await.unwrap(), 0);
    assert_eq!(need.form().contact, domain::contacts::Contact::default());
    assert!(need.form().problem.as_str().contains(CONFIDENTIAL[1]), "what it asks for stays");
    let people = world.get(&world.system_admin, "/people").await;
    let of = people.body["items"].as_array().unwrap();
    let closed = of.iter().find(|it| it["name"] == "已注销用户").unwrap();
    assert_eq!(closed["state"], "disabled");
    assert_eq!(closed["login"], format!("closed-{}", need.author.as_uuid().simple()));
}

#[tokio::test]
async fn contacts_go_from_every_edition_and_change_of_the_organisation() {
    let world = World::new().await;
    let person = world.enterprise.person.clone().unwrap();
    let seen = world.get(&world.enterprise, "/me").await;
    let named = json!({ "name": CONTACTS[0] });
    world.edit(&world.enterprise, (Method::PUT, "/me"), &seen.tag(), Some(named)).await;
    let colleague = world.colleague_of(&world.enterprise, "plant.qiao").await;
    let made = world.post(&colleague, "/needs", secret_need()).await;
    world.submit(&colleague, "/needs", &made).await;
    world.review("/needs", &made.id(), "approve").await;
    let at = format!("/needs/{}", made.id());
    let seen = world.get(&colleague, &at).await;
    world.edit(&colleague, (Method::PUT, &at), &seen.tag(), Some(secret_need())).await;
    let erase = format!("/people/{}/erase", person.id);
    let done = world.call(&world.system_admin, (Method::POST, &erase), &[], None).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.body);
    let now = world.get(&colleague, &at).await;
    assert_eq!(now.body["form"]["title"], secret_need()["title"], "{}", now.body);
    let editions = world.get(&colleague, &format!("{at}/editions")).await;
    for body in [&now.body, &editions.body] {
        let text = body.to_string();
        assert!(CONTACTS.iter().all(|it| !text.contains(it)), "{text}");
    }
    assert_ne!(now.tag(), seen.tag(), "a copy with the contact cannot be saved over it");
}

#[tokio::test]
async fn the_last_administrator_of_a_kind_cannot_close_the_account() {
    let world = World::new().await;
    let auditor = world.auditor.person.clone().unwrap();
    let erase = format!("/people/{}/erase", auditor.id);
    let at = (Method::POST, erase.as_str());
    let refused = world.call(&world.system_admin, at.clone(), &[], None).await;
    assert_eq!(refused.code(), "last_administrator", "{}", refused.body);
    world.colleague_of(&world.auditor, "aud.two").await;
    let done = world.call(&world.system_admin, at.clone(), &[], None).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.body);
    for who in [&world.enterprise, &world.matchmaker, &world.security_admin] {
        let refused = world.call(who, at.clone(), &[], None).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
}
