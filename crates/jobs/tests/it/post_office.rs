//! A mail server for tests, which speaks just as much SMTP (RFC 5321) as a client needs.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// A mail server, with everything it was told.
pub(crate) struct PostOffice {
    pub(crate) port: u16,
    said: Arc<Mutex<Vec<String>>>,
}

/// What it answers to `RCPT`, which decides on a mail.
pub(crate) type Recipient = &'static str;

impl PostOffice {
    /// Opens; answers to the first recipients as it is told, and takes those after them.
    pub(crate) async fn open(answers: &[Recipient]) -> Self {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let said = Arc::new(Mutex::new(Vec::new()));
        let mut answers: Vec<Recipient> = answers.iter().rev().copied().collect();
        let log = Arc::clone(&said);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                talk(stream, &mut answers, &log).await;
            }
        });
        Self { port, said }
    }

    /// Everything that clients said.
    pub(crate) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    /// How often a mail was sent whole.
    pub(crate) fn mails(&self) -> usize {
        self.said().iter().filter(|it| *it == ".").count()
    }
}

async fn talk(stream: TcpStream, answers: &mut Vec<Recipient>, log: &Mutex<Vec<String>>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut in_data = false;
    write.write_all(b"220 post.test\r\n").await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        log.lock().unwrap().push(line.clone());
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let answer = match verb.as_str() {
            _ if in_data && line != "." => continue,
            "." => {
                in_data = false;
                "250 taken"
            }
            "EHLO" => "250-post.test\r\n250 AUTH PLAIN",
            "AUTH" => "235 come in",
            "RCPT" => answers.pop().unwrap_or("250 known"),
            "DATA" => {
                in_data = true;
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 yes",
        };
        if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() || verb == "QUIT" {
            return;
        }
    }
}
