//! How mail leaves the program: to a mail server, or into files.

use std::{
    fmt, fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use db::mails::Mail;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{
        Body, Mailbox,
        header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue},
    },
    transport::smtp::{AsyncSmtpTransportBuilder, Error as SmtpError, extension::ClientId},
};
use secrecy::ExposeSecret as _;
use tokio::{task::spawn_blocking, time::timeout};

use crate::letters;

/// How mail leaves the program.
#[derive(Clone)]
pub struct Post {
    way: Way,
    from: Mailbox,
    /// The address of the pages, without a slash at its end.
    url: String,
}

#[derive(Clone)]
enum Way {
    /// Each mail becomes a file in this folder.
    Files(PathBuf),
    /// A mail server.
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
}

/// A mail server, as `smtp://` or `smtps://USER:PASSWORD@HOST:PORT` names it. Debug shows the host.
#[derive(Clone)]
pub struct Relay {
    builder: AsyncSmtpTransportBuilder,
    host: String,
}

/// Who mails come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(Mailbox);

/// Why a mail was not sent. Never holds an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotSent {
    /// It can be tried again.
    Later(String),
    /// It cannot: there is no such address.
    Never(String),
}

/// How long the mail server may take for a mail; less than a claim lasts.
const PATIENCE: Duration = Duration::from_secs(15);

impl Relay {
    /// Reads an address. What is sent to another machine is encrypted, or not sent.
    pub fn named(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let place = rest.rsplit_once('@').map_or(rest, |it| it.1);
        if place.is_empty() || place.contains(['/', '?', '#']) {
            return None;
        }
        let host = host(place);
        let url = match scheme {
            "smtps" => url.to_owned(),
            "smtp" if is_near(host) => url.to_owned(),
            "smtp" => format!("{url}?tls=required"),
            _ => return None,
        };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url).ok()?;
        Some(Self { builder: builder.timeout(Some(PATIENCE)), host: host.to_owned() })
    }

    /// The machine.
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// The host of `HOST:PORT`.
fn host(place: &str) -> &str {
    match place.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => place.split(':').next().unwrap_or_default(),
    }
}

fn is_near(host: &str) -> bool {
    let address = host.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|it| it.is_loopback())
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Relay").field(&self.host).finish()
    }
}

impl Sender {
    /// Reads `NAME <ADDRESS>`, or an address.
    pub fn named(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

impl Post {
    /// Mail that goes to a server; links in it begin with `url`.
    pub fn to_server(relay: Relay, from: Sender, url: &str) -> Self {
        let name = ClientId::Domain(from.0.email.domain().to_owned());
        let way = Way::Smtp(relay.builder.hello_name(name).build());
        Self { way, from: from.0, url: url.to_owned() }
    }

    /// Mail that goes into files.
    pub fn to_files(folder: PathBuf, from: Sender, url: &str) -> Self {
        Self { way: Way::Files(folder), from: from.0, url: url.to_owned() }
    }

    /// Whether the server answers, and lets the program in; files always do.
    pub async fn answers(&self) -> Result<(), String> {
        let Way::Smtp(server) = &self.way else { return Ok(()) };
        match timeout(PATIENCE, server.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err("it hangs up".to_owned()),
            Ok(Err(err)) => Err(reason(&err)),
            Err(_) => Err("it takes too long".to_owned()),
        }
    }

    /// Sends a mail that has a text and an address.
    pub(crate) async fn send(&self, mail: &Mail) -> Result<(), NotSent> {
        let message = self.message(mail)?;
        match &self.way {
            Way::Files(folder) => {
                let name = format!("{}.eml", mail.id);
                let (folder, bytes) = (folder.clone(), message.formatted());
                let kept = spawn_blocking(move || keep(&folder, &name, &bytes)).await;
                let kept = kept.map_err(|err| NotSent::Later(err.to_string()))?;
                kept.map_err(|err| NotSent::Later(err.to_string()))
            }
            Way::Smtp(server) => match timeout(PATIENCE, server.send(message)).await {
                Ok(Ok(_accepted)) => Ok(()),
                Ok(Err(err)) if is_final(&err) => Err(NotSent::Never(reason(&err))),
                Ok(Err(err)) => Err(NotSent::Later(reason(&err))),
                Err(_) => Err(NotSent::Later("the mail server takes too long".to_owned())),
            },
        }
    }

    fn message(&self, mail: &Mail) -> Result<Message, NotSent> {
        let never = |what: &str| NotSent::Never(what.to_owned());
        let to = mail.letter.to.expose_secret().parse::<Address>();
        let to = to.map_err(|_not_one| never("it is no address"))?;
        let words = letters::words(&mail.letter, &self.url);
        let (subject, text) = words.ok_or_else(|| never("it has no text"))?;
        let encoding = match self.way {
            // So that people can read it.
            Way::Files(_) => ContentTransferEncoding::Binary,
            Way::Smtp(_) => ContentTransferEncoding::Base64,
        };
        let body =
            Body::new_with_encoding(text, encoding).map_err(|_not_one| never("it is no text"))?;
        // One that is sent twice, because the program stopped in between, can be told to be the same.
        let id = format!("<{}@{}>", mail.id, self.from.email.domain());
        Message::builder()
            .from(self.from.clone())
            .to(to.into())
            .subject(subject)
            .date(mail.queued_at.into())
            .message_id(Some(id))
            .header(Automatic)
            .header(ContentType::TEXT_PLAIN)
            .body(body)
            .map_err(|err| NotSent::Never(err.to_string()))
    }
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Post")
    }
}

/// Whether the server says that there is no such address. What it says of the program itself (the
/// password is wrong, too much was sent) can be put right.
fn is_final(err: &SmtpError) -> bool {
    let code = err.status().map(u16::from);
    code.is_some_and(|it| [550, 551, 553, 556].contains(&it))
}

/// What went wrong, without what the server wrote: that may quote the address.
fn reason(err: &SmtpError) -> String {
    match err.status() {
        Some(code) => format!("the mail server says {code}"),
        None if err.is_timeout() => "the mail server takes too long".to_owned(),
        None if err.is_tls() => "the mail server cannot be spoken to by TLS".to_owned(),
        None if err.is_client() => "the mail server does not offer what is needed".to_owned(),
        None => "the mail server cannot be reached".to_owned(),
    }
}

/// Writes a file for its owner alone: beside, then renamed.
fn keep(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    let mut options = fs::File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    builder.recursive(true).create(folder)?;
    let beside = folder.join(format!("{name}.new"));
    let mut file = options.open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(beside, folder.join(name))
}

/// Says that a program wrote it, so that no program answers (RFC 3834).
#[derive(Clone)]
struct Automatic;

impl Header for Automatic {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_whole_and_its_password_is_not_shown() {
        let relay = Relay::named("smtps://kz:x7Qkk3vv@mail.example.cn:465").unwrap();
        assert_eq!(format!("{relay:?}"), "Relay(\"mail.example.cn\")");
        for good in ["smtp://mail.example.cn", "smtp://kz:p%40x@127.0.0.1:25", "smtp://[::1]:25"] {
            assert!(Relay::named(good).is_some(), "{good}");
        }
        for wrong in ["mail.example.cn", "http://mail.example.cn", "smtp://", "smtp://h?tls=none"] {
            assert!(Relay::named(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        for good in ["科转 <noreply@example.cn>", "noreply@example.cn"] {
            assert!(Sender::named(good).is_some(), "{good}");
        }
        for wrong in ["", "科转", "noreply@example.cn\r\nBcc: a@example.cn"] {
            assert!(Sender::named(wrong).is_none(), "{wrong}");
        }
    }
}
