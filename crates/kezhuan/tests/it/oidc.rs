//! Signing in by another provider, with a real one: `tests/oidc/provider.mjs`.

use chrono::{DateTime, TimeDelta, Utc};
use db::{
    identities::{self, Identity, IdentityId},
    second_factors,
};
use domain::people::{Login, Person, State};
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};

use crate::{
    left_out,
    program::{PASSWORD, Server, Token},
};

mod browser;
mod market;

use browser::Browser;
use market::{Begun, Market};

/// What the provider calls somebody.
const SUBJECT: &str = "wang.wei-041726";

fn now() -> DateTime<Utc> {
    db::Clock::system().now()
}

/// A market with a provider; nothing where there is none to be had, which is said.
fn market() -> Option<Market> {
    let market = Market::open();
    if market.is_none() {
        left_out::say(
            "sign-in by another provider. It takes node, and \
             `npm ci --prefix crates/kezhuan/tests/oidc`.",
        );
    }
    market
}

impl Market {
    async fn person(&self, login: &str) -> Person {
        let db = self.place.database().await;
        let login = Login::new(login).unwrap();
        db::people::find(db.read(), &login).await.unwrap().unwrap().0
    }

    /// Links an account without going to the provider.
    async fn link(&self, login: &str, subject: &str) {
        let person = self.person(login).await.id;
        let db = self.place.database().await;
        let (id, issuer) = (IdentityId::generate(), self.provider.issuer.clone());
        let digest = identities::digest(&issuer, subject);
        let new = Identity { id, person, issuer, linked_at: now(), used_at: None };
        db.write(async |tx| identities::insert(tx, &new, &digest).await).await.unwrap();
    }

    async fn audited(&self, action: &str, reason: Option<&str>) -> usize {
        let db = self.place.database().await;
        let reason = reason.map_or("reason IS NULL".to_owned(), |it| format!("reason = '{it}'"));
        let sql = format!("SELECT seq FROM audit WHERE action = '{action}' AND {reason}");
        db.read().query_all_raw(statement(&db, &sql)).await.unwrap().len()
    }
}

fn statement(db: &db::Db, sql: &str) -> sea_orm::Statement {
    sea_orm::Statement::from_string(db.read().get_database_backend(), sql)
}

#[tokio::test]
async fn someone_links_their_account_and_signs_in_by_the_provider() {
    let Some(market) = market() else { return };
    let mut browser = Browser::default();
    market.sign_in_by_password(&mut browser, "plant.li");
    let page = browser.get(&market.at("/signin/oidc"));
    assert!(page.body.contains("action=\"/signin/oidc/link\""), "{}", page.body);
    let wrong = browser.submit(&market.at("/signin/oidc/link"), "password=wrong");
    assert_eq!(wrong.status, 422, "{}", wrong.body);
    let form = format!("password={}", PASSWORD.replace(' ', "+"));
    let leaving = browser.submit(&market.at("/signin/oidc/link"), &form);
    let back = market.through_the_provider(&mut browser, &leaving, SUBJECT);
    let linked = browser.get(&back);
    assert_eq!((linked.status, linked.location.as_str()), (303, "/signin/oidc"), "{}", linked.body);
    assert!(browser.get(&market.at("/signin/oidc")).body.contains("已绑定"));
    let mine = browser.get(&market.at("/api/v1/me/identities")).json();
    assert_eq!(mine["items"][0]["issuer"], market.provider.issuer);
    let first = browser.cookie("kezhuan").unwrap();
    assert_eq!(browser.delete(&market.at("/api/v1/sessions/current")).status, 204);
    assert_eq!(browser.cookie("kezhuan"), None);
    assert_eq!(browser.get(&market.at("/api/v1/me")).status, 401);

    let mut elsewhere = Browser::default();
    let page = elsewhere.get(&market.at("/signin/oidc"));
    assert!(page.body.contains("action=\"/signin/oidc\""), "{}", page.body);
    let leaving = elsewhere.submit(&market.at("/signin/oidc"), "");
    assert!(elsewhere.cookie("kezhuan-oidc").is_some());
    let back = market.through_the_provider(&mut elsewhere, &leaving, SUBJECT);
    let signed_in = elsewhere.get(&back);
    assert_eq!((signed_in.status, signed_in.location.as_str()), (303, "/"), "{}", signed_in.body);
    assert_eq!(elsewhere.cookie("kezhuan-oidc"), None, "the proof is not kept");
    assert_ne!(elsewhere.cookie("kezhuan").unwrap(), first);
    let me = elsewhere.get(&market.at("/api/v1/me")).json();
    assert_eq!(me["login"], "plant.li");
    // It is an old way now, in every browser.
    assert_eq!(elsewhere.get(&back).status, 409);

    assert_eq!(market.audited("me.identities:link", None).await, 1);
    assert_eq!(market.audited("sessions.create:oidc", None).await, 1);
    let kept = db::scratch::kept(&market.place.database().await).await.unwrap();
    assert!(!db::scratch::holds(&kept, SUBJECT), "whom the provider names is not readable");
    assert!(db::scratch::holds(&kept, &market.provider.issuer));
}

#[tokio::test]
async fn a_word_of_the_provider_that_does_not_prove_it_opens_nothing() {
    let Some(market) = market() else { return };
    market.link("plant.li", SUBJECT).await;
    market.link("school.zhou", "somebody-else").await;
    for how in [
        "audience",
        "issuer",
        "expired",
        "nonce",
        "subject",
        "stranger",
        "unsigned",
        "shared-secret",
    ] {
        market.provider.twist(how);
        let begun = market.begin();
        let (status, refused) = market.finish(&begun, &market.returned(&begun, SUBJECT));
        assert_eq!((status, &refused["code"]), (401, &json!("identity_not_proved")), "{how}");
    }
    assert_eq!(market.audited("sessions.create:oidc", Some("identity_not_proved")).await, 8);
    market.provider.twist("none");
    // The provider's word for another sign-in, and a code for another way there.
    let begun = market.begin();
    let other = Begun { address: begun.address.replace("nonce=", "nonce=x"), ..begun.clone() };
    let (status, refused) = market.finish(&begun, &market.returned(&other, SUBJECT));
    assert_eq!((status, &refused["code"]), (401, &json!("identity_not_proved")));
    let (begun, other) = (market.begin(), market.begin());
    let (mut came, others) = (market.returned(&begun, SUBJECT), market.returned(&other, SUBJECT));
    came["code"] = others["code"].clone();
    let (status, refused) = market.finish(&begun, &came);
    assert_eq!((status, &refused["code"]), (401, &json!("identity_not_proved")));
    let begun = market.begin();
    let mut came = market.returned(&begun, SUBJECT);
    came["iss"] = json!("https://another.example");
    assert_eq!(market.finish(&begun, &came).1["code"], "identity_not_proved");

    let begun = market.begin();
    let (status, session) = market.finish(&begun, &market.returned(&begun, SUBJECT));
    assert_eq!((status, &session["stage"]), (201, &json!("whole")), "{session}");
}

#[tokio::test]
async fn a_way_back_is_open_once_to_one_browser_for_ten_minutes() {
    let Some(market) = market() else { return };
    market.link("plant.li", SUBJECT).await;
    let ended = |begun: &Begun, came: &Value, why: &str| {
        let (status, refused) = market.finish(begun, came);
        assert_eq!((status, &refused["code"]), (409, &json!("flow_ended")), "{why}");
    };
    let begun = market.begin();
    let came = market.returned(&begun, SUBJECT);
    let mut other = came.clone();
    other["state"] = json!(format!("{}x", came["state"].as_str().unwrap()));
    ended(&begun, &other, "another state");
    ended(&Begun { browser: None, ..begun.clone() }, &came, "no proof of the browser");
    ended(&Begun { browser: market.begin().browser, ..begun.clone() }, &came, "another browser");
    let owner = market.server.sign_in("plant.li");
    let (status, refused) = market.finish_link(&owner, &begun, &came);
    assert_eq!((status, &refused["code"]), (409, &json!("flow_ended")), "it was to sign in");
    let (status, session) = market.finish(&begun, &came);
    assert_eq!(status, 201, "{session}");
    assert_eq!(session["person"]["login"], "plant.li");
    ended(&begun, &came, "once");

    let begun = market.begin();
    let came = market.returned(&begun, SUBJECT);
    let until: DateTime<Utc> = begun.expires_at.parse().unwrap();
    assert!((until - now() - TimeDelta::minutes(10)).abs() < TimeDelta::minutes(1), "{until}");
    let db = market.place.database().await;
    let late = "UPDATE oidc_flows SET expires_at = '2026-01-01 00:00:00+00:00'";
    db.read().execute_raw(statement(&db, late)).await.unwrap();
    ended(&begun, &came, "late");

    // A link that was begun is no sign-in, and not another person's.
    let begun = market.begin_link(&owner);
    let came = market.returned(&begun, "another");
    ended(&begun, &came, "it was to link");
    let other = market.server.sign_in("school.zhou");
    assert_eq!(market.finish_link(&other, &begun, &came).1["code"], "flow_ended");
    assert!(market.audited("sessions.create", Some("flow_ended")).await >= 1);
}

/// Someone who lets another open an address of theirs does not sign that one in as themselves.
#[tokio::test]
async fn nobody_is_signed_in_by_an_address_that_someone_else_gives_them() {
    let Some(market) = market() else { return };
    market.link("school.zhou", "mallory").await;
    let (mut mallory, mut victim) = (Browser::default(), Browser::default());
    let leaving = mallory.submit(&market.at("/signin/oidc"), "");
    let back = market.through_the_provider(&mut mallory, &leaving, "mallory");
    victim.submit(&market.at("/signin/oidc"), "");
    let refused = victim.get(&back);
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(victim.cookie("kezhuan"), None);
    assert_eq!(mallory.get(&back).status, 303, "it was good where it began");
    // Nor does another site begin one with a form of its own.
    let mut foreign = Browser::default();
    foreign.site = Some("https://evil.example".into());
    let refused = foreign.submit(&market.at("/signin/oidc"), "");
    assert_eq!((refused.status, foreign.cookie("kezhuan-oidc")), (403, None));
}

#[tokio::test]
async fn the_provider_gives_no_code_without_a_challenge() {
    let Some(market) = market() else { return };
    let mut browser = Browser::default();
    let leaving = browser.submit(&market.at("/signin/oidc"), "");
    let address = browser::address(&leaving.body);
    assert!(address.contains("code_challenge_method=S256"), "{address}");
    let kept: Vec<&str> =
        address.split('&').filter(|it| !it.starts_with("code_challenge")).collect();
    let back = browser.through(&kept.join("&"), (SUBJECT, &market.back));
    assert!(back.contains("error=invalid_request"), "{back}");
    let page = browser.get(&back);
    assert_eq!(page.status, 400);
    assert!(page.body.contains("请重新开始"), "{}", page.body);
}

#[tokio::test]
async fn an_identity_that_is_linked_with_no_active_account_opens_nothing() {
    let Some(market) = market() else { return };
    // The same name here and there links nobody.
    let begun = market.begin();
    let (status, refused) = market.finish(&begun, &market.returned(&begun, "plant.li"));
    assert_eq!((status, &refused["code"]), (403, &json!("identity_not_linked")));

    market.link("plant.li", SUBJECT).await;
    let mut person = market.person("plant.li").await;
    person.state = State::Disabled;
    let db = market.place.database().await;
    db.write(async |tx| db::people::save(tx, &mut person).await).await.unwrap();
    let begun = market.begin();
    let (status, refused) = market.finish(&begun, &market.returned(&begun, SUBJECT));
    assert_eq!((status, &refused["code"]), (403, &json!("account_disabled")));
    assert_eq!(market.audited("sessions.create:oidc", Some("identity_not_linked")).await, 1);
    assert_eq!(market.audited("sessions.create:oidc", Some("account_disabled")).await, 1);
}

#[tokio::test]
async fn an_identity_opens_one_account_until_it_is_unlinked() {
    let Some(market) = market() else { return };
    let (li, zhou) = (market.server.sign_in("plant.li"), market.server.sign_in("school.zhou"));
    let link = |who: &Token, subject: &str| {
        let begun = market.begin_link(who);
        market.finish_link(who, &begun, &market.returned(&begun, subject))
    };
    let (status, linked) = link(&li, SUBJECT);
    assert_eq!(status, 201, "{linked}");
    assert_eq!(link(&zhou, SUBJECT).1["code"], "already_exists", "it is somebody's");
    assert_eq!(link(&li, "another").1["code"], "already_exists", "one has one");

    let at = format!("/api/v1/me/identities/{}/unlink", linked["id"].as_str().unwrap());
    let password = json!({ "password": PASSWORD });
    assert_eq!(market.post(Some(&zhou), &at, &password).0, 404);
    assert_eq!(market.post(Some(&li), &at, &json!({ "password": "wrong" })).0, 422);
    assert_eq!(market.post(Some(&li), &at, &password).0, 204);
    let begun = market.begin();
    let (_, refused) = market.finish(&begun, &market.returned(&begun, SUBJECT));
    assert_eq!(refused["code"], "identity_not_linked");
    assert_eq!(market.audited("me.identities:unlink", None).await, 1);
    assert_eq!(link(&zhou, SUBJECT).0, 201);
}

#[tokio::test]
async fn the_second_factor_is_asked_for_all_the_same() {
    let Some(market) = market() else { return };
    market.link("plant.li", SUBJECT).await;
    let (person, secret) = (market.person("plant.li").await.id, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP");
    let db = market.place.database().await;
    db.write(async |tx| {
        second_factors::begin(tx, person, secret).await?;
        second_factors::confirm(tx, (person, secret), (0, now())).await
    })
    .await
    .unwrap();
    let begun = market.begin();
    let (status, session) = market.finish(&begun, &market.returned(&begun, SUBJECT));
    assert_eq!(
        (status, &session["stage"], &session["person"]),
        (201, &json!("code"), &Value::Null)
    );
    let half = Token(session["token"].as_str().unwrap().to_owned());
    let (status, refused) = market.server.get(Some(&half), "/api/v1/me").unwrap();
    assert_eq!((status, &refused["code"]), (403, &json!("code_required")));
}

#[tokio::test]
async fn without_its_provider_a_market_says_so_and_goes_on() {
    let Some(mut market) = market() else { return };
    market.provider.stop();
    let (status, refused) = market.post(None, "/api/v1/oidc/sign-ins", &json!({}));
    assert_eq!((status, &refused["code"]), (503, &json!("provider_unavailable")));
    market.server.sign_in("plant.li");
}

#[tokio::test]
async fn another_replica_sees_them_come_back() {
    if !db::scratch::on_postgres() {
        left_out::say("sign-in by another provider over two replicas, on PostgreSQL.");
        return;
    }
    let Some(market) = market() else { return };
    market.link("plant.li", SUBJECT).await;
    let folder = market.place.folder.path().join("other");
    let mut command = market.place.command_in(&folder, &["serve", "--port", "0"]);
    command.envs(market.settings()).env("KEZHUAN_SERVER_URL", market.server.base.as_str());
    let other = Server::start(command);
    let begun = market.begin();
    let came = market.returned(&begun, SUBJECT);
    let finish = |server: &Server| {
        let body = begun.finishing(&came);
        server.send("POST", "/api/v1/oidc/sign-ins/finish", &[], Some(&body)).unwrap()
    };
    assert_eq!(finish(&other).0, 201);
    assert_eq!(finish(&market.server).0, 409, "once, wherever it is");
}
