use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};

use crate::world::{VISITOR, World, need};

/// One wrong value in an otherwise good need, and what it is told.
#[tokio::test]
async fn every_kind_of_bad_value_is_told_with_its_place() {
    let world = World::new().await;
    let cases: [(&str, Value, &str, &str); 16] = [
        ("/title", json!("铸".repeat(61)), "/title", "too_long"),
        ("/problem", json!("字".repeat(2001)), "/problem", "too_long"),
        ("/title", json!(["铸件"]), "/title", "wrong_type"),
        ("/keywords", json!(["a", "b", "c", "d", "e", "f"]), "/keywords", "too_many"),
        ("/keywords", json!(["铸造", "铸造", "气孔"]), "/keywords/1", "repeated"),
        ("/keywords", json!(["\u{200b}", "铸造", "气孔"]), "/keywords/0", "too_short"),
        ("/fields", json!(["999"]), "/fields/0", "unknown_code"),
        ("/industry", json!("Z99"), "/industry", "unknown_code"),
        ("/region", json!("999999"), "/region", "unknown_code"),
        ("/readiness", json!(10), "/readiness", "too_large"),
        ("/readiness", json!(6.5), "/readiness", "wrong_type"),
        (
            "/investment",
            json!({ "form": "fixed", "low_fen": -1 }),
            "/investment/low_fen",
            "too_small",
        ),
        (
            "/time_limit",
            json!({ "from": "2027-01-01", "to": "2026-12-31" }),
            "/time_limit/to",
            "wrong_order",
        ),
        (
            "/time_limit",
            json!({ "from": "2026-02-30", "to": "2026-12-31" }),
            "/time_limit/from",
            "bad_format",
        ),
        ("/contact", json!({ "name": "李", "phone": "12" }), "/contact/phone", "bad_format"),
        ("/colour", json!("red"), "/colour", "unknown_field"),
    ];
    for (at, value, pointer, code) in cases {
        let mut form = need("球墨铸铁件气孔率降低技术");
        form[at.trim_start_matches('/')] = value.clone();
        let refused = world.post(&world.enterprise, "/needs", form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{value}");
        assert_eq!(refused.pointers(), [pointer], "{value}");
        assert_eq!(refused.body["errors"][0]["code"], code, "{value}");
    }
}

#[tokio::test]
async fn all_faults_are_told_at_once_in_the_language_asked_for() {
    let world = World::new().await;
    let form = json!({ "title": "铸".repeat(61), "readiness": 0, "fields": ["999"], "x": 1 });
    let chinese = world.post(&world.enterprise, "/needs", form.clone()).await;
    assert_eq!(chinese.pointers(), ["/title", "/fields/0", "/readiness", "/x"]);
    assert_eq!(chinese.body["errors"][0]["detail"], "最多 60 个字，现在 61 个");
    assert_eq!(chinese.headers[header::CONTENT_LANGUAGE], "zh-CN");
    let english = [("accept-language", "en-GB,en;q=0.9,zh;q=0.1")];
    let at = (axum::http::Method::POST, "/needs");
    let english = world.call(&world.enterprise, at, &english, Some(form)).await;
    assert_eq!(english.body["errors"][0]["detail"], "at most 60 characters, not 61");
    assert_eq!(english.body["detail"], "Some fields will not do: see errors.");
    assert_eq!(english.headers[header::CONTENT_LANGUAGE], "en");
}

#[tokio::test]
async fn text_is_cleaned_and_counted_as_people_see_it() {
    let mut world = World::new().await;
    let mut form = need("ＤＮ600\u{200b}球墨鑄鐵管\u{202e}氣孔控制");
    form["problem"] = json!("球墨鑄鐵管在冬季運輸之後，內壁氣孔處的塗層成片脫落。");
    let id = world.publish_need(form).await;
    world.settle().await;
    let seen = world.get(&VISITOR, &format!("/needs/{id}")).await;
    assert_eq!(seen.body["title"], "DN600球墨鑄鐵管氣孔控制", "invisible characters are gone");
    let simplified = world.get(&VISITOR, "/search?q=%E9%93%B8%E9%93%81%E7%AE%A1+dn600").await;
    assert_eq!(simplified.body["total"], 1, "traditional text is found in simplified characters");
    let empty = world.post(&world.enterprise, "/needs", need("\u{200b}\u{feff}\u{3164}")).await;
    let at = format!("/needs/{}/submit", empty.id());
    let at = (axum::http::Method::POST, at.as_str());
    let refused = world.edit(&world.enterprise, at, &empty.tag(), None).await;
    assert_eq!(refused.pointers(), ["/title"], "what nobody sees is nothing");
    assert_eq!(refused.body["errors"][0]["code"], "missing");
}

#[tokio::test]
async fn a_wrong_organisation_number_is_refused_with_the_right_digit() {
    let world = World::new().await;
    let registration = |number: &str| {
        json!({
            "organisation": { "number": number, "name": "某某铸业", "kind": "enterprise" },
            "consents": crate::world::consents(),
        "account": { "login": "yang.chen", "password": "羊头山上羊头山下的铸管厂", "name": "陈工" },
        })
    };
    for (number, code) in [
        ("9144030071526726XA", "wrong_check_digit"),
        ("91440300715", "bad_format"),
        ("9144030071526726IO", "bad_format"),
        ("", "bad_format"),
    ] {
        let refused = world.post(&VISITOR, "/organisations", registration(number)).await;
        assert_eq!(refused.pointers(), ["/organisation/number"], "{number}");
        assert_eq!(refused.body["errors"][0]["code"], code, "{number}");
    }
    let full_width = registration("９１４４０３００７１５２６７２６ＸＧ");
    let made = world.post(&VISITOR, "/organisations", full_width).await;
    assert_eq!(made.body["number"], "9144030071526726XG", "{}", made.body);
}

fn raw(path: &str, kind: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(format!("/api/v1{path}"))
        .header(header::CONTENT_TYPE, kind)
        .body(body.into())
        .unwrap()
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_told_apart() {
    let world = World::new().await;
    let json = "application/json";
    let deep = "[".repeat(5000) + &"]".repeat(5000);
    let cases: [(&str, Vec<u8>, StatusCode); 9] = [
        (json, b"{".to_vec(), StatusCode::BAD_REQUEST),
        (json, b"".to_vec(), StatusCode::BAD_REQUEST),
        (json, b"\xff\xfe".to_vec(), StatusCode::BAD_REQUEST),
        (json, b"{\"login\": \"\\ud800\"}".to_vec(), StatusCode::BAD_REQUEST),
        (json, b"{\"login\": 1e400}".to_vec(), StatusCode::BAD_REQUEST),
        (json, deep.into_bytes(), StatusCode::BAD_REQUEST),
        ("text/plain", b"{}".to_vec(), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("application/x-www-form-urlencoded", b"a=b".to_vec(), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (json, vec![b' '; 65 * 1024], StatusCode::PAYLOAD_TOO_LARGE),
    ];
    for (kind, body, expected) in cases {
        let start = String::from_utf8_lossy(&body[..body.len().min(20)]).into_owned();
        let answer = world.send(raw("/sessions", kind, body)).await;
        assert_eq!(answer.status, expected, "{kind} {start}");
    }
}

#[tokio::test]
async fn a_long_body_without_a_length_is_cut_off() {
    let world = World::new().await;
    let chunks =
        futures_util::stream::iter((0..200).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1024])));
    let answer = world.send(raw("/sessions", "application/json", Body::from_stream(chunks))).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::PAYLOAD_TOO_LARGE, "too_large"));
}

#[tokio::test]
async fn queries_that_cannot_be_read_are_refused() {
    let world = World::new().await;
    for (query, pointers) in [
        ("q=a&q=b", vec!["/q"]),
        ("readiness=high&limit=1000&order=best", vec!["/readiness", "/order", "/limit"]),
        (
            "kind=thing&field=0&industry=0&region=0&cooperation=0",
            vec!["/kind", "/field", "/industry", "/region", "/cooperation"],
        ),
        ("cursor=ZAAAAAAAAA", vec!["/cursor"]),
    ] {
        let refused = world.get(&VISITOR, &format!("/search?{query}")).await;
        assert_eq!(refused.pointers(), pointers, "{query}: {}", refused.body);
    }
    let long = "%E9%93%B8".repeat(257);
    let refused = world.get(&VISITOR, &format!("/search?q={long}")).await;
    assert_eq!(refused.pointers(), ["/q"]);
    let undecodable = world.get(&VISITOR, "/search?q=%zz").await;
    assert_eq!((undecodable.status, undecodable.code()), (StatusCode::BAD_REQUEST, "unreadable"));
}

#[tokio::test]
async fn every_fault_of_an_achievement_is_told_at_once() {
    let world = World::new().await;
    let body = json!({
        "title": "铸".repeat(61),
        "price": { "form": "fixed", "low_fen": -5, "colour": "red" },
        "readiness": 0,
        "fields": ["999"],
        "parameters": [{ "name": "", "operator": "about", "value": "many" }],
        "description": "字".repeat(5001),
        "owner": "me",
    });
    let refused = world.post(&world.research, "/achievements", body).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let pointers = refused.pointers();
    for expected in [
        "/title",
        "/price/low_fen",
        "/price/colour",
        "/readiness",
        "/fields/0",
        "/parameters/0/operator",
        "/parameters/0/value",
        "/description",
        "/owner",
    ] {
        assert!(pointers.contains(&expected), "{expected} in {pointers:?}");
    }
}
