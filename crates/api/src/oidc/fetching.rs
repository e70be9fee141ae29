//! Requests to the provider, and to nobody else: to the address in the settings, and to those that
//! its own document names.

use std::{net::IpAddr, time::Duration};

use openidconnect::{
    HttpRequest, HttpResponse, http,
    url::{Host, Url},
};

/// The longest answer that is taken.
const MOST: usize = 512 * 1024;
const TIME: Duration = Duration::from_secs(8);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreached {
    /// The address is not one of TLS.
    #[error("an address that the provider names is not https")]
    Address,
    /// The answer is too long.
    #[error("the answer is too long")]
    TooLong,
    /// Nothing was understood.
    #[error("no answer")]
    Answer(#[from] http::Error),
    /// The request failed.
    #[error("the request failed")]
    Failed(#[source] reqwest::Error),
}

/// A client that follows nobody elsewhere, and is patient for so long.
pub(super) fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(TIME)
        .timeout(TIME)
        .no_proxy()
        .referer(false)
        .user_agent("kezhuan")
        .build()
}

/// Whether nobody on the way can read or change what goes to this address: TLS, or this machine.
pub(super) fn is_safe(address: &Url) -> bool {
    let near = match address.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(it)) => IpAddr::from(it).is_loopback(),
        Some(Host::Ipv6(it)) => IpAddr::from(it).is_loopback(),
        None => false,
    };
    let plain = address.username().is_empty() && address.password().is_none();
    let scheme = address.scheme() == "https" || (address.scheme() == "http" && near);
    address.has_host() && plain && scheme
}

/// Sends one request.
pub(super) async fn fetch(
    client: reqwest::Client,
    request: HttpRequest,
) -> Result<HttpResponse, Unreached> {
    // An address may hold what is secret: it is left out of what is logged.
    let failed = |err: reqwest::Error| Unreached::Failed(err.without_url());
    let request = reqwest::Request::try_from(request).map_err(failed)?;
    if !is_safe(request.url()) {
        return Err(Unreached::Address);
    }
    let mut answer = client.execute(request).await.map_err(failed)?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > MOST {
            return Err(Unreached::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    Ok(response.body(body)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_to_the_provider_goes_by_tls_or_stays_on_this_machine() {
        let safe = |it: &str| is_safe(&Url::parse(it).unwrap());
        for good in [
            "https://id.example.cn",
            "https://id.example.cn:8443/realms/x",
            "http://127.0.0.1:3000",
            "http://[::1]/",
            "http://localhost:3000/x",
        ] {
            assert!(safe(good), "{good}");
        }
        for bad in [
            "http://id.example.cn",
            "http://localhost.example.cn",
            "http://10.0.0.1",
            "https://me:pw@id.example.cn",
            "file:///etc/passwd",
            "ftp://127.0.0.1/",
        ] {
            assert!(!safe(bad), "{bad}");
        }
    }
}
