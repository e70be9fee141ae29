use std::{
    fs,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::program::{PASSWORD, Place, Server, send};

/// What the link in the newest of so many mails carries.
fn link(place: &Place, server: &Server, mails: usize) -> String {
    let folder = place.folder.path().join("mail");
    let began = Instant::now();
    loop {
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut files: Vec<_> = entries.map(|it| it.path()).collect();
        files.retain(|it| it.extension().is_some_and(|it| it == "eml"));
        files.sort();
        if files.len() >= mails {
            let mail = fs::read_to_string(files.last().unwrap()).unwrap();
            let (before, link) = mail.split_once("?token=").unwrap();
            let base = server.base.trim_end_matches('/');
            assert!(
                ["reset", "confirm"].iter().any(|it| before.ends_with(&format!("{base}/{it}")))
            );
            return link.split_whitespace().next().unwrap().to_owned();
        }
        assert!(began.elapsed() < Duration::from_secs(30), "no mail came");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn post(server: &Server, path: &str, body: &Value) -> u16 {
    send(&server.base, ("POST", path), &[], Some(body)).unwrap().0
}

/// Sends a form as a browser does.
fn form(server: &Server, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer =
        agent.post(format!("{}{path}", server.base)).send_form(fields.iter().copied()).unwrap();
    (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
}

#[test]
fn a_forgotten_password_is_set_by_mail_and_pages() {
    const NEW: &str = "丹河水边的新密码很长很长";
    let place = Place::new();
    let server = place.serve();
    let registration = json!({
        "organisation": { "number": "9144030071526726XG", "name": "某某铸业", "kind": "enterprise" },
        "account": { "login": "yang.chen", "password": PASSWORD, "name": "陈工" },
        "mail": "yang.chen@example.cn",
        "consents": [{ "purpose": "account_keeping", "version": 1 }],
    });
    assert_eq!(post(&server, "/api/v1/organisations", &registration), 201);
    let token = link(&place, &server, 1);
    let (status, page) = server.get(None, &format!("/confirm?token={token}")).unwrap();
    assert!(status == 200 && page.as_str().unwrap().contains(&token), "{page}");
    assert_eq!(form(&server, "/confirm", &[("token", &token)]).0, 200);
    assert_eq!(form(&server, "/confirm", &[("token", &token)]).0, 410);
    assert_eq!(post(&server, "/api/v1/password-resets", &json!({ "login": "yang.chen" })), 202);
    let token = link(&place, &server, 2);
    let (status, page) = form(&server, "/reset", &[("token", &token), ("password", "short")]);
    assert!(status == 422 && page.contains("class=\"wrong\""), "{page}");
    let (status, page) = form(&server, "/reset", &[("token", &token), ("password", NEW)]);
    assert!(status == 200 && page.contains("密码已设置"), "{page}");
    let sign_in = |password: &str| json!({ "login": "yang.chen", "password": password });
    assert_eq!(post(&server, "/api/v1/sessions", &sign_in(PASSWORD)), 401);
    assert_eq!(post(&server, "/api/v1/sessions", &sign_in(NEW)), 201);
}

#[test]
fn check_tells_where_mail_goes_and_what_is_wrong_with_it() {
    let place = Place::new();
    let told = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = place.command(args);
        command.envs(variables.iter().copied());
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let files = told(&["check"], &[]);
    assert!(files.contains("note mail: goes into files"), "{files}");
    let open = told(&["check", "--security"], &[]);
    assert!(open.contains("BAD  mail: goes into files"), "{open}");
    let smtp = "smtps://kz:x7Qkk3vv@mail.example.cn:465?tls=none";
    let faulty = [("KEZHUAN_MAIL_SMTP", smtp), ("KEZHUAN_SERVER_URL", "kz.example.cn/")];
    let faulty = told(&["check"], &faulty);
    assert!(faulty.contains("mail.smtp") && faulty.contains("server.url"), "{faulty}");
    // Nobody listens on port 1.
    let away = told(&["check"], &[("KEZHUAN_MAIL_SMTP", "smtp://kz:x7Qkk3vv@127.0.0.1:1")]);
    assert!(away.contains("BAD  mail: 127.0.0.1 will not do"), "{away}");
    assert!(away.contains("BAD  links in mails"), "{away}");
    for told in [faulty, away] {
        assert!(!told.contains("x7Qkk3vv"), "{told}");
    }
}
