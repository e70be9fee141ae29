use std::{collections::HashMap, time::Duration};

use serde_json::Value;

/// What a browser does, as far as these tests go: it keeps cookies, says which page a request comes
/// from, and follows nothing by itself.
#[derive(Default)]
pub(super) struct Browser {
    /// By origin, path and name.
    cookies: HashMap<(String, String, String), String>,
    /// The site whose page sends forms, if it is not the one they go to.
    pub(super) site: Option<String>,
}

/// What it was answered.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) status: u16,
    pub(super) location: String,
    pub(super) body: String,
}

impl Page {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Browser {
    pub(super) fn get(&mut self, url: &str) -> Page {
        self.send("GET", url, None)
    }

    pub(super) fn delete(&mut self, url: &str) -> Page {
        self.send("DELETE", url, None)
    }

    /// Sends the form of a page.
    pub(super) fn submit(&mut self, url: &str, form: &str) -> Page {
        self.send("POST", url, Some(("application/x-www-form-urlencoded", form)))
    }

    pub(super) fn send(&mut self, method: &str, url: &str, body: Option<(&str, &str)>) -> Page {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .into();
        let (origin, path) = parts(url);
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .filter(|((at, under, _), _)| *at == origin && path.starts_with(under.as_str()))
            .map(|((_, _, name), value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        if method != "GET" {
            let site = self.site.clone();
            let fetch = if site.is_some() { "cross-site" } else { "same-origin" };
            request = request.header("origin", site.as_ref().unwrap_or(&origin));
            request = request.header("sec-fetch-site", fetch);
        }
        let mut response = match body {
            Some((kind, body)) => {
                agent.run(request.header("content-type", kind).body(body).unwrap()).unwrap()
            }
            None => agent.run(request.body(()).unwrap()).unwrap(),
        };
        for line in response.headers().get_all("set-cookie") {
            self.keep(&origin, line.to_str().unwrap());
        }
        let location = response.headers().get("location").map(|it| it.to_str().unwrap());
        let location = location.unwrap_or_default().to_owned();
        let body = response.body_mut().read_to_string().unwrap();
        Page { status: response.status().as_u16(), location, body }
    }

    fn keep(&mut self, origin: &str, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let (mut path, mut gone) = ("/".to_owned(), value.is_empty());
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            match key.to_ascii_lowercase().as_str() {
                "path" => value.clone_into(&mut path),
                "max-age" => gone |= value == "0",
                _ => {}
            }
        }
        let key = (origin.to_owned(), path, name.to_owned());
        if gone {
            self.cookies.remove(&key);
        } else {
            self.cookies.insert(key, value.to_owned());
        }
    }

    /// The value of a cookie of any site.
    pub(super) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.iter().find(|((_, _, it), _)| it == name).map(|(_, value)| value.clone())
    }

    /// Goes through the provider's own pages as `subject`, until it sends the browser `back`.
    pub(super) fn through(&mut self, address: &str, (subject, back): (&str, &str)) -> String {
        let mut page = self.get(address);
        let mut at = address.to_owned();
        for _ in 0..20 {
            if (300..400).contains(&page.status) {
                at = absolute(&at, &page.location);
                if at.starts_with(back) {
                    return at;
                }
                page = self.get(&at);
                continue;
            }
            assert_eq!(page.status, 200, "{}", page.body);
            let action = between(&page.body, "action=\"", "\"").replace("&amp;", "&");
            let prompt = between(&page.body, "name=\"prompt\" value=\"", "\"");
            let form = format!("prompt={prompt}&login={subject}&password=x");
            at = absolute(&at, &action);
            page = self.submit(&at, &form);
        }
        panic!("the provider goes on for ever: {at}");
    }
}

/// Where a page that leaves goes to.
pub(super) fn address(page: &str) -> String {
    let address = between(page, "content=\"0; url=", "\"");
    address.replace("&#38;", "&").replace("&amp;", "&")
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("{from} in {text}"));
    rest.split_once(to).unwrap().0
}

fn parts(url: &str) -> (String, String) {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.split('?').next().unwrap();
    (format!("{scheme}://{host}"), format!("/{path}"))
}

fn absolute(at: &str, location: &str) -> String {
    if location.starts_with('/') {
        format!("{}{location}", parts(at).0)
    } else {
        location.to_owned()
    }
}
