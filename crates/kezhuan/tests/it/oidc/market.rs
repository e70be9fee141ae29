use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

use super::browser::{self, Browser, Page};
use crate::{
    left_out,
    program::{PASSWORD, Place, Server, Token, send},
};

/// A market whose people can sign in by a provider.
pub(super) struct Market {
    pub(super) place: Place,
    pub(super) server: Server,
    pub(super) provider: Provider,
    /// Where the provider sends people back to.
    pub(super) back: String,
}

/// A provider that is running.
pub(super) struct Provider {
    child: Child,
    /// Kept open: a program whose output nobody takes would be stopped by it.
    _stdout: BufReader<ChildStdout>,
    pub(super) issuer: String,
}

/// Someone who is on their way to the provider.
#[derive(Clone, Debug)]
pub(super) struct Begun {
    pub(super) address: String,
    pub(super) browser: Option<String>,
    pub(super) expires_at: String,
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oidc");
const SECRET: &str = "only for tests, and long enough";

/// A port that nobody listens on at the moment.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Provider {
    fn start(back: &str) -> Option<Self> {
        let there = Path::new(FOLDER).join("node_modules/oidc-provider").exists();
        let node = Command::new("node").arg("--version").output();
        if !there || node.is_err() {
            assert!(!left_out::is_refused(), "npm ci --prefix crates/kezhuan/tests/oidc");
            return None;
        }
        let port = free_port().to_string();
        let mut child = Command::new("node")
            .args(["provider.mjs", &port, back])
            .current_dir(FOLDER)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut ready = String::new();
        while !ready.starts_with("ready at ") {
            ready.clear();
            assert!(stdout.read_line(&mut ready).unwrap() > 0, "the provider did not start");
        }
        let issuer = ready.trim().replace("ready at ", "");
        Some(Self { child, _stdout: stdout, issuer })
    }

    /// Makes it lie, or be honest again.
    pub(super) fn twist(&self, how: &str) {
        assert_eq!(Browser::default().get(&format!("{}/twist/{how}", self.issuer)).status, 200);
    }

    pub(super) fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Market {
    pub(super) fn open() -> Option<Self> {
        let port = free_port().to_string();
        let back = format!("http://127.0.0.1:{port}/oidc/callback");
        let provider = Provider::start(&back)?;
        let place = std::thread::spawn(Place::new).join().unwrap();
        place.people();
        let mut command = place.command(&["serve", "--port", &port]);
        command.envs(settings(&provider));
        let server = Server::start(command);
        Some(Self { place, server, provider, back })
    }

    /// What the program is told of the provider.
    pub(super) fn settings(&self) -> [(&'static str, String); 4] {
        settings(&self.provider)
    }

    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.server.base)
    }

    pub(super) fn sign_in_by_password(&self, browser: &mut Browser, login: &str) {
        let body = json!({ "login": login, "password": PASSWORD, "as": "cookie" }).to_string();
        let to = self.at("/api/v1/sessions");
        let page = browser.send("POST", &to, Some(("application/json", &body)));
        assert_eq!(page.status, 201, "{}", page.body);
    }

    /// From a page that leaves, through the provider, to the address it sends the browser back to.
    pub(super) fn through_the_provider(
        &self,
        browser: &mut Browser,
        leaving: &Page,
        subject: &str,
    ) -> String {
        assert_eq!(leaving.status, 200, "{}", leaving.body);
        browser.through(&browser::address(&leaving.body), (subject, &self.back))
    }

    pub(super) fn post(&self, who: Option<&Token>, path: &str, body: &Value) -> (u16, Value) {
        let bearer = who.map(|it| format!("Bearer {}", it.0));
        let headers: Vec<(&str, &str)> =
            bearer.iter().map(|it| ("authorization", it.as_str())).collect();
        let answer = send(&self.server.base, ("POST", path), &headers, Some(body)).unwrap();
        (answer.0, answer.1)
    }

    pub(super) fn begin(&self) -> Begun {
        Begun::new(self.post(None, "/api/v1/oidc/sign-ins", &json!({})))
    }

    pub(super) fn begin_link(&self, who: &Token) -> Begun {
        let password = json!({ "password": PASSWORD });
        Begun::new(self.post(Some(who), "/api/v1/me/identities", &password))
    }

    /// What a browser of its own came back with from the provider, as `subject`.
    pub(super) fn returned(&self, begun: &Begun, subject: &str) -> Value {
        let back = Browser::default().through(&begun.address, (subject, &self.back));
        let (_, query) = back.split_once('?').unwrap();
        let pairs = query.split('&').filter_map(|it| it.split_once('='));
        let decoded = |it: &str| it.replace("%3A", ":").replace("%2F", "/");
        pairs.map(|(name, value)| (name.to_owned(), Value::String(decoded(value)))).collect()
    }

    pub(super) fn finish(&self, begun: &Begun, came: &Value) -> (u16, Value) {
        self.post(None, "/api/v1/oidc/sign-ins/finish", &begun.finishing(came))
    }

    pub(super) fn finish_link(&self, who: &Token, begun: &Begun, came: &Value) -> (u16, Value) {
        self.post(Some(who), "/api/v1/me/identities/finish", &begun.finishing(came))
    }
}

fn settings(provider: &Provider) -> [(&'static str, String); 4] {
    [
        ("KEZHUAN_OIDC_ISSUER", provider.issuer.clone()),
        ("KEZHUAN_OIDC_CLIENT_ID", "kezhuan".into()),
        ("KEZHUAN_OIDC_CLIENT_SECRET", SECRET.into()),
        ("KEZHUAN_SESSIONS_COOKIES", "plain".into()),
    ]
}

impl Begun {
    fn new((status, body): (u16, Value)) -> Self {
        assert_eq!(status, 201, "{body}");
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        Self {
            address: text("address").unwrap(),
            browser: text("browser"),
            expires_at: text("expires_at").unwrap(),
        }
    }

    /// What finishes it.
    pub(super) fn finishing(&self, came: &Value) -> Value {
        let mut body = came.clone();
        if let Some(browser) = &self.browser {
            body["browser"] = json!(browser);
        }
        body
    }
}
