use std::{path::PathBuf, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UnixStream},
    time::timeout,
};

use crate::problem::{Code, Problem};

/// A `clamd` that looks at files before they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scanner {
    /// At a socket of this machine.
    Unix(PathBuf),
    /// At `HOST:PORT`. The connection is not encrypted.
    Tcp(String),
}

/// How long a scan may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many bytes are sent at a time.
const CHUNK: usize = 64 * 1024;
/// The longest answer that is read.
const ANSWER: u64 = 4096;

impl Scanner {
    /// The scanner that `unix:/run/clamav/clamd.ctl` or `tcp:127.0.0.1:3310` names.
    pub fn named(address: &str) -> Option<Self> {
        if let Some(path) = address.strip_prefix("unix:") {
            return path.starts_with('/').then(|| Self::Unix(path.into()));
        }
        let address = address.strip_prefix("tcp:")?;
        let (host, port) = address.rsplit_once(':')?;
        let known = !host.is_empty() && port.parse::<u16>().is_ok();
        known.then(|| Self::Tcp(address.to_owned()))
    }

    /// Refuses what the scanner knows to be harmful, and everything while it does not answer: what
    /// nobody has looked at is not stored.
    pub(crate) async fn pass(&self, bytes: &[u8]) -> Result<(), Problem> {
        let asked = timeout(PATIENCE, self.ask(bytes)).await;
        let word = asked.map_err(|_elapsed| down("no answer in time"))?.map_err(down)?;
        let word = word.trim_end_matches(['\0', '\n']);
        if word.ends_with(" FOUND") {
            return Err(Problem::new(Code::Infected));
        }
        if word.ends_with(": OK") { Ok(()) } else { Err(down(word)) }
    }

    async fn ask(&self, bytes: &[u8]) -> std::io::Result<String> {
        match self {
            Self::Unix(path) => converse(UnixStream::connect(path).await?, bytes).await,
            Self::Tcp(address) => converse(TcpStream::connect(address).await?, bytes).await,
        }
    }
}

/// Sends `INSTREAM`, as clamd(8) describes it: chunks with their lengths before them, an empty one at
/// the end; then reads the word. A scanner that has heard enough answers before the end.
async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    bytes: &[u8],
) -> std::io::Result<String> {
    let sent = async {
        stream.write_all(b"zINSTREAM\0").await?;
        for chunk in bytes.chunks(CHUNK) {
            stream.write_u32(u32::try_from(chunk.len()).unwrap_or(0)).await?;
            stream.write_all(chunk).await?;
        }
        stream.write_u32(0).await?;
        stream.flush().await
    };
    let sent: std::io::Result<()> = sent.await;
    let mut answer = Vec::new();
    let read = (&mut stream).take(ANSWER).read_to_end(&mut answer).await;
    if answer.is_empty() {
        sent?;
        read?;
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn down(why: impl std::fmt::Display) -> Problem {
    tracing::error!(%why, "the scanner for harmful files cannot be asked");
    Problem::later(Code::ScannerUnavailable, 30)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one conversation as clamd does, if it was held as clamd expects.
    async fn clamd(answer: &'static str) -> (Scanner, tokio::task::JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scanner = Scanner::Tcp(listener.local_addr().unwrap().to_string());
        let heard = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut command = [0; 10];
            stream.read_exact(&mut command).await.unwrap();
            assert_eq!(&command, b"zINSTREAM\0");
            let mut heard = Vec::new();
            loop {
                let length = stream.read_u32().await.unwrap();
                if length == 0 {
                    break;
                }
                let mut chunk = vec![0; usize::try_from(length).unwrap()];
                stream.read_exact(&mut chunk).await.unwrap();
                heard.extend(chunk);
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            heard
        });
        (scanner, heard)
    }

    #[tokio::test]
    async fn the_scanner_hears_every_byte_and_its_word_holds() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|it| it.to_le_bytes()[0]).collect();
        for (answer, code) in [
            ("stream: OK\0", None),
            ("stream: Eicar-Test-Signature FOUND\0", Some(Code::Infected)),
            ("INSTREAM size limit exceeded. ERROR\0", Some(Code::ScannerUnavailable)),
            ("", Some(Code::ScannerUnavailable)),
        ] {
            let (scanner, heard) = clamd(answer).await;
            let word = scanner.pass(&bytes).await;
            assert_eq!(word.err().map(|it| it.code), code, "{answer}");
            assert_eq!(heard.await.unwrap(), bytes);
        }
        let nobody = Scanner::Unix("/nowhere/clamd.ctl".into());
        assert_eq!(nobody.pass(b"x").await.unwrap_err().code, Code::ScannerUnavailable);
    }

    #[test]
    fn an_address_is_a_socket_or_a_host_with_a_port() {
        let unix = Scanner::named("unix:/run/clamav/clamd.ctl");
        assert_eq!(unix, Some(Scanner::Unix("/run/clamav/clamd.ctl".into())));
        assert_eq!(Scanner::named("tcp:[::1]:3310"), Some(Scanner::Tcp("[::1]:3310".into())));
        for wrong in ["", "unix:clamd.ctl", "tcp:", "tcp::3310", "tcp:localhost", "/run/clamd"] {
            assert_eq!(Scanner::named(wrong), None, "{wrong}");
        }
    }
}
