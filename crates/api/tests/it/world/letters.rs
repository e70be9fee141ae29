use std::fs;

use jobs::{Post, Postman, Sender};

use super::World;

/// A mail that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) to: String,
    pub(crate) text: String,
}

impl World {
    /// Sends the mail that waits; returns all that was ever sent, the oldest first.
    pub(crate) async fn letters(&self) -> Vec<Letter> {
        let folder = self.folder.path().join("mail");
        let from = Sender::named("noreply@kz.example.cn").unwrap();
        let post = Post::to_files(folder.clone(), from, "https://kz.example.cn");
        Postman::new(self.db.clone(), self.clock.clone(), post).settle().await.unwrap();
        let entries = fs::read_dir(folder).into_iter().flatten();
        let mut files: Vec<_> = entries.map(|it| it.unwrap().path()).collect();
        files.sort();
        files.iter().map(|it| Letter::read(&fs::read_to_string(it).unwrap())).collect()
    }

    /// How many mails were sent so far.
    pub(crate) fn letters_sent(&self) -> usize {
        fs::read_dir(self.folder.path().join("mail")).into_iter().flatten().count()
    }

    /// What the link carries in the last mail that was sent.
    pub(crate) async fn last_link(&self) -> String {
        self.letters().await.last().expect("no mail").link().expect("no link")
    }
}

impl Letter {
    fn read(file: &str) -> Self {
        let (head, text) = file.split_once("\r\n\r\n").unwrap();
        let to = head.lines().find_map(|it| it.strip_prefix("To: ")).unwrap();
        Self { to: to.to_owned(), text: text.to_owned() }
    }

    /// What the link in it carries.
    pub(crate) fn link(&self) -> Option<String> {
        let (_, link) = self.text.split_once("token=")?;
        link.split_whitespace().next().map(str::to_owned)
    }
}
