use api::{Files, Limits, Proofs, Rules, Scanner};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use chrono::TimeDelta;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::world::{Answer, Someone, VISITOR, World, achievement, need};

const PDF: &[u8] = b"%PDF-1.7\nthe report\n";

/// Sends a file.
async fn send(world: &World, who: &Someone, to: &str, bytes: &[u8]) -> Answer {
    world.send_file(who, &format!("/api/v1{to}"), bytes).await
}

async fn send_with(
    world: &World,
    who: &Someone,
    to: &str,
    headers: &[(&str, &str)],
    bytes: &[u8],
) -> Answer {
    let mut request = Request::post(format!("/api/v1{to}"))
        .header(header::CONTENT_TYPE, "application/octet-stream");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(who.signed(request).body(Body::from(bytes.to_vec())).unwrap()).await
}

/// Downloads an attachment.
async fn download(
    world: &World,
    who: &Someone,
    id: &str,
) -> (StatusCode, axum::http::HeaderMap, Vec<u8>) {
    let request = Request::get(format!("/api/v1/attachments/{id}"));
    let request = who.signed(request).body(Body::empty()).unwrap();
    let (parts, body) = world.router.clone().oneshot(request).await.unwrap().into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes().to_vec())
}

/// Whether each of some readers may download it.
async fn readers(world: &World, id: &str, who: &[&Someone]) -> Vec<bool> {
    let mut open = Vec::new();
    for someone in who {
        let (status, ..) = download(world, someone, id).await;
        assert!([StatusCode::OK, StatusCode::NOT_FOUND].contains(&status), "{status}");
        open.push(status == StatusCode::OK);
    }
    open
}

fn ruled(world: &World, rules: Rules) -> axum::Router {
    world.replica_with(Limits::default(), Files::new(world.files.clone(), rules))
}

fn rules() -> Rules {
    Rules { file_bytes: 1000, organisation_bytes: 100_000, scanner: None, proofs: Proofs::Optional }
}

#[tokio::test]
async fn a_file_comes_back_as_it_was_sent_and_is_never_shown_in_place() {
    let world = World::new().await;
    let draft = world.need_draft("球墨铸铁件气孔率降低技术").await;
    let to =
        format!("/needs/{}/attachments?name=..%2F%E6%8A%A5%E5%91%8A%22%0D%0A.html", draft.id());
    let sent = send(&world, &world.enterprise, &to, PDF).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.body);
    assert_eq!(sent.body["name"], "报告.pdf");
    assert_eq!(sent.body["file_type"], "pdf");
    let (status, headers, bytes) = download(&world, &world.enterprise, &sent.id()).await;
    assert_eq!((status, bytes.as_slice()), (StatusCode::OK, PDF));
    assert_eq!(headers[header::CONTENT_TYPE], "application/pdf");
    assert_eq!(
        headers[header::CONTENT_DISPOSITION],
        "attachment; filename=\"attachment.pdf\"; filename*=UTF-8''%E6%8A%A5%E5%91%8A.pdf"
    );
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["content-security-policy"], "default-src 'none'; sandbox");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    let names = world.stored_files();
    assert_eq!(names.len(), 1);
    assert!(uuid::Uuid::parse_str(&names[0]).is_ok(), "a random name: {names:?}");
}

#[tokio::test]
async fn what_is_not_taken_leaves_nothing_behind() {
    let mut world = World::new().await;
    world.router = ruled(&world, rules());
    let draft = world.need_draft("球墨铸铁件气孔率降低技术").await;
    let to = format!("/needs/{}/attachments?name=x.pdf", draft.id());
    let sent = |bytes: Vec<u8>| {
        let (world, to) = (&world, &to);
        async move { send(world, &world.enterprise, to, &bytes).await }
    };
    for (bytes, code) in [
        (b"<!doctype html><script>alert(1)</script>".to_vec(), "file_type_refused"),
        (b"<svg onload=alert(1)>".to_vec(), "file_type_refused"),
        (b"MZ\x90\0".to_vec(), "file_type_refused"),
        (Vec::new(), "file_type_refused"),
        ([PDF, &[b' '; 1000]].concat(), "too_large"),
    ] {
        assert_eq!(sent(bytes).await.code(), code);
    }
    let elsewhere =
        send(&world, &world.enterprise, &to.replace("name=x.pdf", "name=x&y=z"), PDF).await;
    assert_eq!(elsewhere.pointers(), ["/y"]);
    let form = Request::post(format!("/api/v1{to}"))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
    let form = world.enterprise.signed(form).body(Body::from(PDF)).unwrap();
    assert_eq!(world.send(form).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let colleague = world.colleague_of(&world.enterprise, "plant.qian").await;
    let refused = send(&world, &colleague, &to, PDF).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "only the author attaches");
    for stranger in [&world.matchmaker, &world.research, &world.system_admin] {
        assert_eq!(send(&world, stranger, &to, PDF).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(send(&world, &VISITOR, &to, PDF).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.stored_files(), Vec::<String>::new());
}

#[tokio::test]
async fn who_may_read_an_attachment_is_decided_when_it_is_downloaded() {
    let world = World::new().await;
    let sent = world.post(&world.enterprise, "/needs", need("球墨铸铁件气孔率降低技术")).await;
    let to = format!("/needs/{}/attachments?name=x&readers=", sent.id());
    let mut ids = Vec::new();
    for readers in ["everyone", "staff"] {
        ids.push(send(&world, &world.enterprise, &format!("{to}{readers}"), PDF).await.id());
    }
    let strangers = [&VISITOR, &world.research, &world.system_admin, &world.auditor];
    let insiders = [&world.enterprise, &world.matchmaker];
    assert_eq!(readers(&world, &ids[0], &strangers).await, [false; 4], "a draft");
    assert_eq!(readers(&world, &ids[0], &insiders).await, [true, false]);
    world.submit(&world.enterprise, "/needs", &sent).await;
    assert_eq!(readers(&world, &ids[0], &insiders).await, [true, true]);
    assert_eq!(readers(&world, &ids[0], &strangers).await, [false; 4]);
    world.review("/needs", &sent.id(), "approve").await;
    assert_eq!(readers(&world, &ids[0], &strangers).await, [true, true, false, false]);
    assert_eq!(readers(&world, &ids[1], &strangers).await, [false; 4], "for staff only");
    assert_eq!(readers(&world, &ids[1], &insiders).await, [true, true]);

    world.clock.advance(TimeDelta::seconds(1));
    let late = send(&world, &world.enterprise, &format!("{to}everyone"), PDF).await.id();
    assert_eq!(readers(&world, &late, &strangers).await, [false; 4], "nobody has reviewed it");
    assert_eq!(readers(&world, &late, &insiders).await, [true, true]);
    let list = world.get(&VISITOR, &format!("/needs/{}/attachments", sent.id())).await;
    assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(list.body["items"][0]["id"], ids[0].as_str());

    let now = world.get(&world.enterprise, &format!("/needs/{}", sent.id())).await;
    let at = format!("/needs/{}/withdraw", sent.id());
    let gone = world.edit(&world.enterprise, (Method::POST, &at), &now.tag(), None).await;
    assert_eq!(gone.status, StatusCode::OK, "{}", gone.body);
    assert_eq!(readers(&world, &ids[0], &strangers).await, [false; 4], "withdrawn");
    assert_eq!(readers(&world, &ids[0], &[&world.enterprise]).await, [true]);
}

#[tokio::test]
async fn an_attachment_goes_with_its_file_and_a_lost_file_is_swept() {
    let mut world = World::new().await;
    let draft = world.post(&world.research, "/achievements", achievement("气孔缺陷控制工艺")).await;
    let to = format!("/achievements/{}/attachments?name=x", draft.id());
    let key = [("idempotency-key", "one")];
    let first = send_with(&world, &world.research, &to, &key, PDF).await;
    let again = send_with(&world, &world.research, &to, &key, PDF).await;
    assert_eq!(first.body, again.body, "sent twice, there once");
    assert_eq!(world.stored_files().len(), 1);
    let at = format!("/attachments/{}", first.id());
    let remove =
        async |who: &Someone| world.call(who, (Method::DELETE, &at), &[], None).await.status;
    assert_eq!(remove(&VISITOR).await, StatusCode::UNAUTHORIZED);
    assert_eq!(remove(&world.enterprise).await, StatusCode::NOT_FOUND, "a draft of another");
    assert_eq!(remove(&world.research).await, StatusCode::NO_CONTENT);
    assert_eq!(download(&world, &world.research, &first.id()).await.0, StatusCode::NOT_FOUND);
    assert!(world.stored_files().is_empty());

    let kept = send(&world, &world.research, &to, PDF).await;
    world.files.put(uuid::Uuid::now_v7(), b"lost").unwrap();
    let now = db::Clock::system().now();
    let later = (now + TimeDelta::hours(2)).into();
    assert_eq!(world.files.sweep(&world.db, now.into()).await.unwrap(), 0);
    assert_eq!(world.files.sweep(&world.db, later).await.unwrap(), 1, "it belongs to nothing");
    assert_eq!(download(&world, &world.research, &kept.id()).await.2, PDF);
    let tag = world.get(&world.research, &format!("/achievements/{}", draft.id())).await.tag();
    let at = format!("/achievements/{}", draft.id());
    let gone = world.edit(&world.research, (Method::DELETE, &at), &tag, None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.body);
    assert_eq!(
        world.files.sweep(&world.db, later).await.unwrap(),
        1,
        "a draft goes with its files"
    );
    world.settle().await;
}

#[tokio::test]
async fn an_organisation_has_so_much_room_also_for_many_at_once() {
    let mut world = World::new().await;
    let organisation_bytes = i64::try_from(PDF.len() * 3).unwrap();
    world.router = ruled(&world, Rules { organisation_bytes, ..rules() });
    let draft = world.need_draft("球墨铸铁件气孔率降低技术").await;
    let to = format!("/needs/{}/attachments?name=x", draft.id());
    let all = (0..7).map(|_| send(&world, &world.enterprise, &to, PDF));
    let all = futures_util::future::join_all(all).await;
    let taken = all.iter().filter(|it| it.status == StatusCode::CREATED).count();
    let full = all.iter().filter(|it| it.code() == "quota_exceeded").count();
    assert_eq!((taken, full), (3, 4));
    assert_eq!(world.stored_files().len(), 3);
}

#[tokio::test]
async fn a_changed_file_is_not_given_out() {
    let world = World::new().await;
    let draft = world.need_draft("球墨铸铁件气孔率降低技术").await;
    let to = format!("/needs/{}/attachments?name=x", draft.id());
    let sent = send(&world, &world.enterprise, &to, PDF).await;
    let name = world.stored_files().remove(0).parse().unwrap();
    world.files.remove(name).unwrap();
    world.files.put(name, b"%PDF-1.7\nsomething else").unwrap();
    let (status, ..) = download(&world, &world.enterprise, &sent.id()).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn while_the_scanner_does_not_answer_nothing_is_taken() {
    let mut world = World::new().await;
    let scanner = Some(Scanner::Unix("/nowhere/clamd.ctl".into()));
    world.router = ruled(&world, Rules { scanner, ..rules() });
    let draft = world.need_draft("球墨铸铁件气孔率降低技术").await;
    let to = format!("/needs/{}/attachments?name=x", draft.id());
    let refused = send(&world, &world.enterprise, &to, PDF).await;
    assert_eq!(refused.code(), "scanner_unavailable");
    assert!(world.stored_files().is_empty());
}

#[tokio::test]
async fn the_office_checks_licence_and_letter_before_it_verifies() {
    let mut world = World::new().await;
    world.router = ruled(&world, Rules { proofs: Proofs::Required, ..rules() });
    let (id, member) = world.newcomer().await;
    let at = format!("/organisations/{id}");
    let verify = async || {
        let tag = world.get(&world.security_admin, &at).await.tag();
        let path = format!("{at}/verify");
        let body = Some(serde_json::json!({}));
        world.edit(&world.security_admin, (Method::POST, &path), &tag, body).await
    };
    assert_eq!(verify().await.code(), "proofs_missing");
    let mut sent = Vec::new();
    for kind in ["licence", "letter"] {
        let to = format!("{at}/proofs?name=x&kind={kind}");
        let refused = send(&world, &world.research, &to, PDF).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "it is not known to others yet");
        let proof = send(&world, &member, &to, PDF).await;
        assert_eq!(proof.status, StatusCode::CREATED, "{}", proof.body);
        sent.push(proof.id());
    }
    let everyone = [&member, &world.security_admin, &world.research, &world.matchmaker, &VISITOR];
    for id in &sent {
        assert_eq!(readers(&world, id, &everyone).await, [true, true, false, false, false]);
    }
    let list = world.get(&world.security_admin, &format!("{at}/proofs")).await;
    assert_eq!(list.body["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        world.get(&world.research, &format!("{at}/proofs")).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(verify().await.status, StatusCode::OK);
    let path = format!("/attachments/{}", sent[0]);
    let late = world.call(&member, (Method::DELETE, &path), &[], None).await;
    assert_eq!(late.code(), "wrong_state", "the office has relied on it");
}
