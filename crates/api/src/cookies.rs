use axum::http::{HeaderMap, HeaderValue, header};
use chrono::TimeDelta;
use secrecy::{ExposeSecret as _, SecretString};

/// The cookie that carries a session, for pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookies {
    /// Sent over TLS only, by no other host and no path: `__Host-` makes browsers see to it.
    Secure,
    /// Sent over plain HTTP as well: for a market on the reader's own machine.
    Plain,
}

impl Cookies {
    /// What the cookie is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Secure => "__Host-kezhuan",
            Self::Plain => "kezhuan",
        }
    }

    /// The secret that a request carries, if it carries one.
    pub(crate) fn read(self, headers: &HeaderMap) -> Option<&str> {
        read(headers, self.name())
    }

    /// What makes a browser keep the secret.
    pub(crate) fn keep(self, secret: &SecretString, lasts: TimeDelta) -> Option<HeaderValue> {
        self.line((self.name(), "/"), secret.expose_secret(), lasts.num_seconds())
    }

    /// What makes a browser forget the secret.
    pub(crate) fn forget(self) -> Option<HeaderValue> {
        self.line((self.name(), "/"), "", 0)
    }

    /// What a browser proves with that a sign-in by another provider began in it. Only the page to
    /// which one comes back is sent it.
    const fn flow_name(self) -> &'static str {
        match self {
            Self::Secure => "__Secure-kezhuan-oidc",
            Self::Plain => "kezhuan-oidc",
        }
    }

    /// The proof that a request carries, if it carries one.
    pub(crate) fn read_flow(self, headers: &HeaderMap) -> Option<&str> {
        read(headers, self.flow_name())
    }

    /// What makes a browser keep the proof.
    pub(crate) fn keep_flow(self, secret: &SecretString, lasts: TimeDelta) -> Option<HeaderValue> {
        self.line((self.flow_name(), "/oidc"), secret.expose_secret(), lasts.num_seconds())
    }

    /// What makes a browser forget the proof.
    pub(crate) fn forget_flow(self) -> Option<HeaderValue> {
        self.line((self.flow_name(), "/oidc"), "", 0)
    }

    fn line(self, (name, path): (&str, &str), secret: &str, seconds: i64) -> Option<HeaderValue> {
        let secure = match self {
            Self::Secure => "; Secure",
            Self::Plain => "",
        };
        let line = format!(
            "{name}={secret}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
        );
        let mut value = HeaderValue::from_str(&line).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// The value of a cookie that a request carries.
fn read<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|it| it.to_str().ok());
    let mut pairs = lines.flat_map(|it| it.split(';')).filter_map(|it| it.split_once('='));
    pairs.find(|(name, _)| name.trim() == wanted).map(|(_, secret)| secret.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_only_under_its_own_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=b; kezhuan=kzs_plain"));
        headers.append(header::COOKIE, HeaderValue::from_static("__Host-kezhuan=kzs_x; c=d"));
        assert_eq!(Cookies::Secure.read(&headers), Some("kzs_x"));
        assert_eq!(Cookies::Plain.read(&headers), Some("kzs_plain"));
        assert_eq!(Cookies::Secure.read(&HeaderMap::new()), None);
    }

    #[test]
    fn the_proof_of_a_browser_is_sent_to_the_page_one_comes_back_to_and_nowhere_else() {
        let secret = SecretString::from("proof");
        let line = |it: Option<HeaderValue>| it.unwrap().to_str().unwrap().to_owned();
        assert_eq!(
            line(Cookies::Secure.keep_flow(&secret, TimeDelta::minutes(10))),
            "__Secure-kezhuan-oidc=proof; Path=/oidc; Max-Age=600; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            line(Cookies::Plain.forget_flow()),
            "kezhuan-oidc=; Path=/oidc; Max-Age=0; HttpOnly; SameSite=Lax"
        );
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("kezhuan-oidc=a; kezhuan=b"));
        assert_eq!(Cookies::Plain.read_flow(&headers), Some("a"));
        assert_eq!(Cookies::Plain.read(&headers), Some("b"));
        assert_eq!(Cookies::Secure.read_flow(&headers), None);
    }
}
