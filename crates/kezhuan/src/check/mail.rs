use super::Findings;
use crate::settings::{Settings, Tls, mail_folder};

impl Findings {
    /// Where mail goes, and whether the server takes it.
    pub(super) async fn look_at_mail(&mut self, settings: &Settings) {
        let Some(relay) = &settings.mail.relay else {
            let folder = mail_folder(&settings.folder);
            return self.odd(
                "mail",
                format!("goes into files in {}; set mail.smtp to send it", folder.display()),
            );
        };
        match settings.post(settings.server.listen).answers().await {
            Ok(()) => self.good("mail", format!("goes to {}", relay.host())),
            Err(why) => {
                self.bad("mail", format!("{} will not do: {why}; see mail.smtp", relay.host()));
            }
        }
        if settings.server.url.is_empty() {
            self.bad("links in mails", "lead to this machine only: set server.url");
        }
    }

    /// Whether what is secret in mails stays so.
    pub(super) fn look_at_links(&mut self, settings: &Settings) {
        if settings.mail.relay.is_none() {
            self.bad(
                "mail",
                "goes into files: whoever can read them can set other people's passwords, and nobody gets their link. Set mail.smtp",
            );
        }
        if settings.server.url.starts_with("http://") && settings.server.tls == Tls::Proxy {
            self.bad("links in mails", "are not for TLS: begin server.url with https://");
        }
    }
}
