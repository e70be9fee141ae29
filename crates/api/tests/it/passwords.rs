use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::world::{VISITOR, World};

const PASSWORD: &str = "羊头山上羊头山下的铸管厂";

async fn session(world: &World) -> String {
    let registration = json!({
        "organisation": { "number": "9144030071526726XG", "name": "某某铸业", "kind": "enterprise" },
        "consents": crate::world::consents(),
        "account": { "login": "yang.chen", "password": PASSWORD, "name": "陈工" },
    });
    let made = world.post(&VISITOR, "/organisations", registration).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    sign_in(world, PASSWORD).await
}

async fn sign_in(world: &World, password: &str) -> String {
    let credentials = json!({ "login": "yang.chen", "password": password });
    let session = world.post(&VISITOR, "/sessions", credentials).await;
    assert_eq!(session.status, StatusCode::CREATED, "{}", session.body);
    format!("Bearer {}", session.body["token"].as_str().unwrap())
}

#[tokio::test]
async fn a_password_is_held_against_the_rules_with_everything_else() {
    let world = World::new().await;
    let registration = json!({
        "organisation": { "number": "9144030071526726XK", "name": "某某铸业", "kind": "enterprise" },
        "consents": crate::world::consents(),
        "account": { "login": "yang.chen", "password": "Yang.Chen1", "name": "陈工", "age": 3 },
    });
    let refused = world.post(&VISITOR, "/organisations", registration).await;
    let told: Vec<(&str, &str)> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["pointer"].as_str().unwrap(), it["code"].as_str().unwrap()))
        .collect();
    let expected = [
        ("/organisation/number", "wrong_check_digit"),
        ("/account/age", "unknown_field"),
        ("/account/password", "too_short"),
        ("/account/password", "guessable"),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn one_of_the_last_passwords_is_not_set_again() {
    let world = World::new().await;
    let mut bearer = session(&world).await;
    let passwords: Vec<String> = (1..=5).map(|it| format!("第{it}个很长很长的新密码啊")).collect();
    let mut old = PASSWORD.to_owned();
    let change = async |bearer: &str, old: &str, new: &str| {
        let body = json!({ "old": old, "new": new });
        let headers = [("authorization", bearer)];
        world.call(&VISITOR, (Method::PUT, "/me/password"), &headers, Some(body)).await
    };
    for new in &passwords {
        for used in std::iter::once(PASSWORD).chain(passwords.iter().map(String::as_str)) {
            if used == new {
                break;
            }
            let refused = change(&bearer, &old, used).await;
            assert_eq!(refused.body["errors"][0]["code"], "used_before", "{used}");
            assert_eq!(refused.pointers(), ["/new"]);
        }
        let done = change(&bearer, &old, new).await;
        assert!(done.status.is_success(), "{}", done.body);
        bearer = sign_in(&world, new).await;
        old.clone_from(new);
    }
    let again = change(&bearer, &old, PASSWORD).await;
    assert!(again.status.is_success(), "it is the sixth last: {}", again.body);
}

#[tokio::test]
async fn a_new_password_is_neither_ones_own_name_nor_the_organisations() {
    let world = World::new().await;
    let bearer = session(&world).await;
    for new in ["Yang.Chen-2026", "某某铸业20262026"] {
        let body = json!({ "old": PASSWORD, "new": new });
        let headers = [("authorization", bearer.as_str())];
        let at = (Method::PUT, "/me/password");
        let refused = world.call(&VISITOR, at, &headers, Some(body)).await;
        assert_eq!(refused.body["errors"][0]["code"], "guessable", "{new}: {}", refused.body);
        assert_eq!(refused.pointers(), ["/new"]);
    }
}
