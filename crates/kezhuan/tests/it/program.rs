use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use db::{Keys, keys::Confidential};
use search::Veil;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A data folder and a database that nobody else uses.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    /// The address of the database, if it is not SQLite in the folder.
    postgres: Option<String>,
}

/// A server that is running.
pub(crate) struct Server {
    child: Child,
    /// Kept open: a program whose output nobody takes would be stopped by it.
    _stdout: BufReader<ChildStdout>,
    pub(crate) base: String,
}

/// Someone who can sign in.
#[derive(Clone, Debug)]
pub(crate) struct Token(pub(crate) String);

pub(crate) const ENTERPRISE: &str = "91110000802100433B";
pub(crate) const RESEARCH: &str = "12100000400009821G";
pub(crate) const OFFICE: &str = "11320000MB151840XJ";
pub(crate) const PASSWORD: &str = "a password for tests only";

impl Place {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let postgres = db::scratch::on_postgres().then(|| {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(db::scratch::address(folder.path())).unwrap()
        });
        Self { folder, postgres }
    }

    /// The program with some arguments, on this place.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.command_in(self.folder.path(), args)
    }

    /// The same, with another data folder: another replica.
    pub(crate) fn command_in(&self, data: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kezhuan"));
        command.env_clear().env("LANG", "en").arg("--data").arg(data).args(args);
        // Tests are faster than people.
        for class in ["SIGN_IN", "ENTRY", "SEARCH", "WRITE", "READ"] {
            command.env(format!("KEZHUAN_LIMITS_{class}"), "0");
        }
        command.env("KEZHUAN_KEYS_FILE", self.keys());
        if let Some(url) = &self.postgres {
            command.env("KEZHUAN_DATABASE_URL", url);
        }
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs a command that must succeed, and returns what it said.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let (out, err) = texts(&output);
        assert!(output.status.success(), "{args:?}: {out}{err}");
        out
    }

    pub(crate) fn serve(&self) -> Server {
        Server::start(self.command(&["serve", "--port", "0"]))
    }

    /// Makes an enterprise, a university and an office with someone in each.
    pub(crate) fn people(&self) {
        for (login, role, number, kind) in [
            ("plant.li", "enterprise", ENTERPRISE, "enterprise"),
            ("school.zhou", "research", RESEARCH, "university"),
            ("office.feng", "matchmaker", OFFICE, "transfer_agency"),
        ] {
            let args = [
                "user",
                "add",
                login,
                "--name",
                "某人",
                "--role",
                role,
                "--organisation",
                number,
                "--organisation-name",
                "某某单位",
                "--organisation-kind",
                kind,
                "--password-stdin",
                "--own",
            ];
            let mut child =
                self.command(&args).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
            assert!(child.wait().unwrap().success(), "{login}");
        }
    }

    /// Publishes what may meet every need of these tests.
    pub(crate) fn publish_an_achievement(&self) {
        let path = self.folder.path().join("one.jsonl");
        let row = json!({ "id": "a", "title": "球墨铸铁气孔缺陷控制工艺", "body": "气孔率由 7% 降到 1.5%" });
        std::fs::write(&path, row.to_string()).unwrap();
        let by = ["--by", "office.feng", "--organisation", RESEARCH, "--publish"];
        self.ok(&[&["import", "achievements", path.to_str().unwrap()][..], &by].concat());
    }

    /// The database, for looking behind the program's back.
    pub(crate) async fn database(&self) -> db::Db {
        let file = format!("sqlite://{}", self.folder.path().join("kezhuan.db").display());
        let address = self.postgres.clone().unwrap_or(file);
        let keys = Keys::at(&self.keys(), Confidential::Sealed).unwrap();
        db::Db::open(&address, 3, keys).await.unwrap()
    }

    /// What the words of confidential listings stand behind in the index.
    pub(crate) fn veil(&self) -> Arc<Veil> {
        let keys = Keys::at(&self.keys(), Confidential::Sealed).unwrap();
        Arc::new(Veil::new(&keys.derive("index").unwrap()))
    }

    /// The file of the keys, which replicas share.
    fn keys(&self) -> PathBuf {
        self.folder.path().join("keys.toml")
    }
}

impl Server {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut base = String::new();
        // `serve` says one line with its address, `demo` several.
        while !base.contains("http://") {
            let mut line = String::new();
            assert!(
                stdout.read_line(&mut line).unwrap() > 0,
                "the server ended: {:?}",
                child.wait()
            );
            base.push_str(&line);
        }
        let base = base.split_whitespace().find(|it| it.starts_with("http://")).unwrap();
        let base = base.trim_end_matches('/').to_owned();
        Self { child, _stdout: stdout, base }
    }

    /// Waits until the database answers and the index is there.
    pub(crate) fn wait_until_ready(&self) -> Duration {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(30) {
            if let Some(body) = self.get(None, "/readyz").ok().map(|it| it.1)
                && body["search"]["status"] == "ok"
            {
                return started.elapsed();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("not ready after half a minute");
    }

    /// Kills the program where it stands.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Tells the program to stop, and waits until it has.
    pub(crate) fn terminate(mut self) -> std::process::ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap()
    }

    pub(crate) fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    pub(crate) fn sign_in(&self, login: &str) -> Token {
        let body = json!({ "login": login, "password": PASSWORD });
        let (status, body, _) = self.send("POST", "/api/v1/sessions", &[], Some(&body)).unwrap();
        assert_eq!(status, 201, "{body}");
        Token(body["token"].as_str().unwrap().to_owned())
    }

    pub(crate) fn get(&self, who: Option<&Token>, path: &str) -> Result<(u16, Value), ureq::Error> {
        let bearer = who.map(|it| format!("Bearer {}", it.0));
        let headers: Vec<(&str, &str)> =
            bearer.iter().map(|it| ("authorization", it.as_str())).collect();
        let (status, body, _) = self.send("GET", path, &headers, None)?;
        Ok((status, body))
    }

    /// Sends a request; tells status, body and tag. An error means that no answer came.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<(u16, Value, String), ureq::Error> {
        send(&self.base, (method, path), headers, body)
    }
}

/// Sends a request to a server that may be gone.
pub(crate) fn send(
    base: &str,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Result<(u16, Value, String), ureq::Error> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into();
    let mut request = ureq::http::Request::builder().method(method).uri(format!("{base}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = match body {
        Some(body) => {
            let request = request.header("content-type", "application/json");
            agent.run(request.body(body.to_string()).unwrap())?
        }
        None => agent.run(request.body(()).unwrap())?,
    };
    let tag = response.headers().get("etag").and_then(|it| it.to_str().ok());
    let tag = tag.unwrap_or_default().to_owned();
    let text = response.body_mut().read_to_string()?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok((response.status().as_u16(), body, tag))
}

/// What a command said, on standard output and beside it.
pub(crate) fn texts(output: &Output) -> (String, String) {
    let text = |it: &[u8]| String::from_utf8_lossy(it).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A need that can be submitted.
pub(crate) fn need(title: &str) -> Value {
    json!({
        "title": title,
        "problem": "现有球墨铸铁件气孔率高达百分之八，每月报废四十吨，需要降到百分之二以下。",
        "keywords": ["球墨铸铁", "气孔", "报废率"],
        "fields": ["401"],
        "kind": "process_improvement",
        "cooperation": ["joint"],
        "contact": { "name": "李伟", "phone": "13900001234" },
        "unclassified": true,
    })
}
