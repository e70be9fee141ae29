//! `kezhuan check --security`: what is open, and how to close it.

use std::path::Path;

use api::SecondFactor;
use db::{Db, Page, keys::Confidential};
use domain::people::{Role, State};
use secrecy::ExposeSecret as _;

use super::Findings;
use crate::settings::{CookieSetting, Metrics, Settings, Tls};

/// How many accounts are looked at together.
const PAGE: u64 = 500;

impl Findings {
    /// Looks at everything that can stand open. What is open is bad: the exit code says so.
    pub(super) async fn look_for_openings(&mut self, settings: &Settings) {
        self.look_at_listening(settings);
        self.look_at_limits(settings);
        self.look_at_uploads(settings);
        self.look_at_signing_in(settings);
        self.look_at_secrets(settings);
        self.look_at_links(settings);
        self.look_at_privacy(&settings.folder);
        self.look_at_people(settings).await;
        self.odd(
            "backups",
            "cannot be seen from here: have them, elsewhere, and restore one now and then",
        );
    }

    fn look_at_listening(&mut self, settings: &Settings) {
        let server = &settings.server;
        let everywhere = !server.listen.ip().is_loopback();
        match (everywhere, server.tls) {
            (_, Tls::Proxy) => self.good("TLS", "a proxy has it, and browsers are told to use it"),
            (true, Tls::No) => self.bad(
                "TLS",
                "passwords travel in the clear: put a proxy with TLS before the program and set server.tls = \"proxy\"",
            ),
            (false, Tls::No) => self.odd(
                "TLS",
                "only this machine can connect; for readers elsewhere put a proxy with TLS before it and set server.tls = \"proxy\"",
            ),
        }
        let behind = server.tls == Tls::Proxy || everywhere;
        if behind && server.proxies.is_empty() {
            self.bad(
                "proxies",
                "none is named, so that everyone behind a proxy counts as one caller and the audit log names the proxy: set server.proxies",
            );
        } else {
            self.good(
                "proxies",
                "where requests come from is told by those named, or by the connection",
            );
        }
        if server.proxies.hold_everyone() {
            self.bad("proxies", "every address is believed to be a proxy, so that anyone can write where they come from: name yours alone in server.proxies");
        }
        match server.metrics {
            Metrics::Loopback => self.good("metrics", "are told to this machine only"),
            Metrics::Everyone => {
                self.bad("metrics", "are told to everyone: set server.metrics = \"loopback\"");
            }
        }
    }

    fn look_at_limits(&mut self, settings: &Settings) {
        let paces = &settings.paces;
        let all = [
            ("sign_in", paces.sign_in),
            ("entry", paces.entry),
            ("search", paces.search),
            ("write", paces.write),
            ("read", paces.read),
        ];
        let off: Vec<&str> = all.iter().filter(|it| it.1.is_none()).map(|it| it.0).collect();
        if off.is_empty() {
            self.good("rate limits", "every class of requests has one");
        } else {
            self.bad(
                "rate limits",
                format!("there is none on {}: set it in [limits]", off.join(", ")),
            );
        }
    }

    fn look_at_uploads(&mut self, settings: &Settings) {
        let rules = &settings.uploads.rules;
        if rules.scanner.is_some() {
            self.good("uploads", "are looked at by ClamAV before they are stored");
        } else {
            self.bad("uploads", "nobody looks for harmful files: run clamd and set uploads.clamav");
        }
        match rules.proofs {
            api::Proofs::Required => {
                self.good("verification", "demands the licence and the letter of authority");
            }
            api::Proofs::Optional => self.odd(
                "verification",
                "does not demand licence and letter: set uploads.proofs = \"required\", unless they are checked otherwise",
            ),
        }
    }

    fn look_at_signing_in(&mut self, settings: &Settings) {
        match settings.signin.second_factor {
            SecondFactor::Optional => self.bad(
                "second factor",
                "is demanded of nobody, so that a password is enough to act for the office: set signin.second_factor = \"staff\"",
            ),
            SecondFactor::Staff => self.good("second factor", "is demanded of the office"),
            SecondFactor::Everyone => self.good("second factor", "is demanded of everyone"),
        }
        match settings.sessions.cookies {
            CookieSetting::Secure => self.good("cookies", "are sent over TLS only"),
            CookieSetting::Plain => self.odd(
                "cookies",
                "are sent over HTTP, which is for one machine alone: set sessions.cookies = \"secure\"",
            ),
            CookieSetting::PlainEverywhere => self.bad(
                "cookies",
                "can be read by anyone on the way: set sessions.cookies = \"secure\"",
            ),
        }
        match settings.sealing() {
            Confidential::Sealed => self.good("confidential listings", "are sealed as a whole"),
            Confidential::Plain => self.bad(
                "confidential listings",
                "can be read by whoever has the database: set keys.seal_confidential = true",
            ),
        }
    }

    fn look_at_secrets(&mut self, settings: &Settings) {
        match settings.default_secret() {
            Some(what) => self.bad("secrets", format!("{what}; the server refuses to start so")),
            None => self.good("secrets", "none is one that everybody knows"),
        }
        let url = settings.database();
        let url = url.expose_secret();
        if url.starts_with("postgres") && !is_near(url) {
            let sealed = ["sslmode=require", "sslmode=verify"].iter().any(|it| url.contains(it));
            if sealed {
                self.good("database", "is reached by TLS");
            } else {
                self.bad(
                    "database",
                    "is on another machine, and nothing says that it is reached by TLS: add sslmode=verify-full to database.url",
                );
            }
        }
        let filter = settings.log.filter.as_str();
        if filter.contains("trace") || filter.contains("debug") {
            self.odd("log", "says more than is needed: set log.filter = \"info\"");
        }
    }

    /// Whether others on this machine can look into the data folder.
    fn look_at_privacy(&mut self, folder: &Path) {
        if folder.file_name().is_some_and(|it| it == "kezhuan-demo") {
            self.bad(
                "data folder",
                "is the demo's: its people and listings are made up; use one of your own",
            );
        }
        #[cfg(unix)]
        if let Ok(known) = std::fs::metadata(folder) {
            let mode = std::os::unix::fs::PermissionsExt::mode(&known.permissions()) & 0o777;
            let others = mode & 0o077;
            if others == 0 {
                self.good("data folder", "is for its owner only");
            } else {
                let path = folder.display();
                self.bad("data folder", format!("others may look into it: chmod 700 {path}"));
            }
        }
    }

    async fn look_at_people(&mut self, settings: &Settings) {
        let people = match people(settings).await {
            Ok(Some(people)) => people,
            Ok(None) => return self.odd("accounts", "there is no database yet to look at"),
            Err(err) => return self.bad("accounts", format!("cannot be looked at: {err:#}")),
        };
        let active = |role: Role| {
            people.iter().filter(|it| it.state == State::Active && it.role == role).count()
        };
        for (role, does) in [
            (Role::SystemAdmin, "makes accounts and keeps the program"),
            (Role::SecurityAdmin, "verifies organisations and grants rights"),
            (Role::Auditor, "reads the audit log"),
        ] {
            let name = role.as_str();
            match active(role) {
                0 => self.bad(
                    "administrators",
                    format!("nobody {does}: kezhuan user add LOGIN --role {name} …"),
                ),
                1 => self.odd(
                    "administrators",
                    format!("one person alone {does} ({name}): have a second"),
                ),
                many => self.good("administrators", format!("{many} people: {name}")),
            }
        }
    }
}

/// Everyone who has an account, if there is a database with the schema of this version.
async fn people(settings: &Settings) -> anyhow::Result<Option<Vec<domain::people::Person>>> {
    let address = settings.database();
    let file = address.expose_secret().strip_prefix("sqlite://");
    if file.is_some_and(|it| !Path::new(it.split('?').next().unwrap_or(it)).exists()) {
        return Ok(None);
    }
    let db = Db::open(address.expose_secret(), 2, settings.keys()?).await?;
    if db.schema().await? != db::Schema::Current {
        return Ok(None);
    }
    let (mut people, mut after) = (Vec::new(), None);
    loop {
        let page = db::people::list(db.read(), None, Page { after, limit: PAGE }).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.as_uuid());
        people.extend(page);
    }
    db.close().await?;
    Ok(Some(people))
}

/// Whether a database is on this machine.
fn is_near(url: &str) -> bool {
    let authority = url.split_once("://").map_or("", |it| it.1);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |it| it.1);
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let loopback = host.parse::<std::net::IpAddr>().is_ok_and(|it| it.is_loopback());
    host.is_empty() || host == "localhost" || loopback
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_near_if_its_host_is_this_one() {
        for near in [
            "postgres://kz:x@127.0.0.1:5432/kz",
            "postgres://kz@localhost/kz?sslmode=disable",
            "postgres://kz:p%40x@[::1]/kz",
            "postgres:///kz?host=/run/postgresql",
        ] {
            assert!(is_near(near), "{near}");
        }
        for far in ["postgres://kz:x@db.internal/kz", "postgres://localhost:x@10.0.0.1:5432/kz"] {
            assert!(!is_near(far), "{far}");
        }
    }
}
