//! Whether a request that a cookie vouches for was made by our own pages. Browsers add the cookie
//! to whatever another site makes them send.

use axum::http::{HeaderMap, Method, header};

use crate::problem::{Code, Problem};

/// Refuses what may change something unless a page of ours sent it, as no form can.
pub(crate) fn check(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if method.is_safe() || (is_ours(headers) && is_no_form(headers)) {
        return Ok(());
    }
    Err(Problem::new(Code::CrossSite))
}

/// Whether the browser says that one of our pages sent it. It says so in `Sec-Fetch-Site` or
/// `Origin`; whichever is there must agree, and one must be there.
fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|it| it.to_str().unwrap_or_default());
    let site = text("sec-fetch-site").map(|it| it == "same-origin");
    let host = text(header::HOST.as_str()).unwrap_or_default();
    let origin = text(header::ORIGIN.as_str()).map(|it| {
        let (scheme, rest) = it.split_once("://").unwrap_or_default();
        ["http", "https"].contains(&scheme) && !host.is_empty() && rest.eq_ignore_ascii_case(host)
    });
    match (site, origin) {
        (None, None) => false,
        (site, origin) => site.unwrap_or(true) && origin.unwrap_or(true),
    }
}

/// Whether it has no body, or one of JSON or a file's bytes, as which no form of a page can send it.
fn is_no_form(headers: &HeaderMap) -> bool {
    if let Some(kind) = headers.get(header::CONTENT_TYPE) {
        let essence = kind.to_str().ok().and_then(|it| it.split(';').next()).map(str::trim);
        let known = ["application/json", "application/octet-stream"];
        return essence.is_some_and(|it| known.iter().any(|known| it.eq_ignore_ascii_case(known)));
    }
    let length = headers.get(header::CONTENT_LENGTH);
    length.is_none_or(|it| it == "0") && !headers.contains_key(header::TRANSFER_ENCODING)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn passes(pairs: &[(&'static str, &'static str)]) -> bool {
        let headers = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        check(&Method::POST, &headers.collect()).is_ok()
    }

    #[test]
    fn only_our_own_pages_change_anything() {
        let host = ("host", "kz.example.cn");
        for good in [
            &[host, ("origin", "https://kz.example.cn")][..],
            &[host, ("origin", "https://KZ.example.cn"), ("sec-fetch-site", "same-origin")],
            &[host, ("sec-fetch-site", "same-origin")],
            &[
                ("sec-fetch-site", "same-origin"),
                ("content-type", "application/json; charset=utf-8"),
            ],
            &[
                host,
                ("sec-fetch-site", "same-origin"),
                ("content-type", "application/octet-stream"),
            ],
        ] {
            assert!(passes(good), "{good:?}");
        }
        for bad in [
            &[host][..],
            &[host, ("origin", "null")],
            &[host, ("origin", "https://evil.example")],
            &[host, ("origin", "https://kz.example.cn.evil.example")],
            &[host, ("origin", "https://kz.example.cn:8443")],
            &[host, ("origin", "kz.example.cn")],
            &[("origin", "https://"), ("host", "")],
            &[host, ("origin", "https://kz.example.cn"), ("sec-fetch-site", "cross-site")],
            &[host, ("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
            &[host, ("sec-fetch-site", "same-site")],
            &[host, ("sec-fetch-site", "none")],
            &[host, ("sec-fetch-site", "same-origin"), ("content-type", "text/plain")],
            &[host, ("sec-fetch-site", "same-origin"), ("content-length", "5")],
            &[host, ("sec-fetch-site", "same-origin"), ("transfer-encoding", "chunked")],
        ] {
            assert!(!passes(bad), "{bad:?}");
        }
    }

    #[test]
    fn reading_is_not_asked_for() {
        assert!(check(&Method::GET, &HeaderMap::new()).is_ok());
        assert!(check(&Method::HEAD, &HeaderMap::new()).is_ok());
        assert!(check(&Method::DELETE, &HeaderMap::new()).is_err());
    }
}
