use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use db::{Keys, keys::Confidential};
use search::Veil;
use serde_json::{Value, json};

const NUMBER: &str = "11320000MB151840XJ";
const LOGIN: &str = "office.bench";
const PASSWORD: &str = "a password for benchmarks";

/// The program, on a data folder of its own.
pub(crate) struct Program {
    data: PathBuf,
}

/// A server that is running.
pub(crate) struct Server {
    child: Child,
    /// Kept open: a program whose output nobody takes would be stopped by it.
    _stdout: BufReader<ChildStdout>,
    base: String,
    agent: ureq::Agent,
    bearer: String,
}

impl Program {
    pub(crate) const fn new(data: PathBuf) -> Self {
        Self { data }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kezhuan"));
        command.env_clear().env("LANG", "en").arg("--data").arg(&self.data).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    pub(crate) fn add_matchmaker(&self) {
        let mut command = self.command(&["user", "add", LOGIN, "--name", "某人"]);
        command.args(["--role", "matchmaker", "--organisation", NUMBER]);
        command.args(["--organisation-name", "某中心", "--organisation-kind", "transfer_agency"]);
        let mut child =
            command.args(["--password-stdin", "--own"]).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    }

    pub(crate) fn import(&self, kind: &str, file: &Path) -> (Duration, u64) {
        let file = file.to_str().unwrap();
        self.timed(&["import", kind, file, "--by", LOGIN, "--publish"])
    }

    /// How long a command took, and its memory at the peak in KiB.
    pub(crate) fn timed(&self, args: &[&str]) -> (Duration, u64) {
        let started = Instant::now();
        let mut child = self.command(args).spawn().unwrap();
        let mut memory = 0;
        loop {
            memory = peak_memory(child.id()).max(memory);
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.success(), "{args:?}");
                return (started.elapsed(), memory);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn index(&self) -> PathBuf {
        self.data.join("index").join("current")
    }

    /// What the words of confidential listings stand behind in the index.
    pub(crate) fn veil(&self) -> Arc<Veil> {
        let keys = Keys::at(&self.data.join("keys.toml"), Confidential::Sealed).unwrap();
        Arc::new(Veil::new(&keys.derive("index").unwrap()))
    }

    pub(crate) fn serve(&self) -> Server {
        let mut command = self.command(&["serve", "--port", "0"]);
        command.env("KEZHUAN_LOG_FILTER", "warn");
        for class in ["SIGN_IN", "SEARCH", "READ"] {
            command.env(format!("KEZHUAN_LIMITS_{class}"), "0");
        }
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let base = line.split_whitespace().find(|it| it.starts_with("http://")).unwrap();
        let base = base.trim_end_matches('/').to_owned();
        let mut server =
            Server { child, _stdout: stdout, base, agent: ureq::agent(), bearer: String::new() };
        server.sign_in();
        server
    }

    /// Waits until every need has been matched.
    pub(crate) fn wait_until_quiet(&self) {
        use db::jobs::Kind;
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let address = format!("sqlite://{}", self.data.join("kezhuan.db").display());
        runtime.block_on(async {
            let db = db::Db::open(&address, 2, Keys::passing().unwrap()).await.unwrap();
            let kinds = [Kind::MatchNeed, Kind::MatchAchievement, Kind::MatchAll];
            while db::jobs::count(db.read(), &kinds).await.unwrap() > 0 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
    }
}

impl Server {
    fn sign_in(&mut self) {
        let body = json!({ "login": LOGIN, "password": PASSWORD }).to_string();
        let request = self.agent.post(format!("{}/api/v1/sessions", self.base));
        let mut answer = request.content_type("application/json").send(body).unwrap();
        let body: Value = answer.body_mut().read_json().unwrap();
        self.bearer = format!("Bearer {}", body["token"].as_str().unwrap());
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let request = self.agent.get(format!("{}{path}", self.base));
        let mut answer = request.header("authorization", &self.bearer).call().unwrap();
        answer.body_mut().read_json().unwrap()
    }

    /// How long an answer took, from the first byte sent to the last one read.
    pub(crate) fn timed(&self, path: &str) -> Duration {
        let started = Instant::now();
        let request = self.agent.get(format!("{}{path}", self.base));
        let mut answer = request.header("authorization", &self.bearer).call().unwrap();
        answer.body_mut().read_to_vec().unwrap();
        started.elapsed()
    }

    /// In KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        peak_memory(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A text as it stands in an address.
pub(crate) fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |escaped, it| format!("{escaped}%{it:02X}"))
}

/// The most memory a process has had, in KiB, as Linux tells it; elsewhere 0.
fn peak_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"));
    line.and_then(|it| it.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
