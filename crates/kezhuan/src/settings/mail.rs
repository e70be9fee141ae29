use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use domain::{
    Fault, Faults,
    form::{Field, Object},
};
use jobs::{Post, Relay, Sender};
use serde_json::Value;

use super::Settings;

/// How mail is sent.
#[derive(Clone, Debug)]
pub(crate) struct MailSettings {
    /// None: into files.
    pub(crate) relay: Option<Relay>,
    from: Sender,
}

impl Settings {
    /// How mail leaves the program, which listens here.
    pub(crate) fn post(&self, here: SocketAddr) -> Post {
        let MailSettings { relay, from } = &self.mail;
        let url = self.server.address(here);
        match relay {
            Some(relay) => Post::to_server(relay.clone(), from.clone(), &url),
            None => Post::to_files(mail_folder(&self.folder), from.clone(), &url),
        }
    }
}

/// Where mail goes that goes into files.
pub(crate) fn mail_folder(data: &Path) -> PathBuf {
    data.join("mail")
}

impl Field for MailSettings {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let smtp = object.required::<String>("smtp");
        let relay = smtp.as_deref().and_then(Relay::named);
        if smtp.as_ref().is_some_and(|it| !it.is_empty()) && relay.is_none() {
            let table = "smtp:// or smtps://USER:PASSWORD@HOST:PORT";
            object.fault("smtp", Fault::UnknownCode { table });
        }
        let from = object.required::<String>("from");
        let sender = from.as_deref().and_then(Sender::named);
        if from.is_some() && sender.is_none() {
            object.fault("from", Fault::UnknownCode { table: "NAME <ADDRESS>" });
        }
        object.close();
        Some(Self { relay, from: sender? })
    }
}
