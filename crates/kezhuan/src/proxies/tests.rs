use axum::http::HeaderValue;
use domain::form;
use serde_json::json;

use super::*;

fn client(proxies: &[&str], peer: &str, forwarded: &[&str]) -> String {
    let read = |it: &&str| form::read::<Network>(&json!(it)).unwrap();
    let proxies: Proxies = proxies.iter().map(read).collect();
    let mut headers = HeaderMap::new();
    for line in forwarded {
        headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
    }
    let peer = SocketAddr::new(peer.parse().unwrap(), 40_000);
    proxies.client(peer, &headers).ip().to_string()
}

#[test]
fn nobody_is_believed_unless_the_settings_say_so() {
    assert_eq!(client(&[], "192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
    assert_eq!(client(&["10.0.0.0/8"], "192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
}

#[test]
fn the_last_hop_that_is_none_of_ours_is_the_client() {
    let ours = ["10.0.0.0/8", "::1", "2001:db8::/32"];
    for (forwarded, expected) in [
        (&["203.0.113.9"][..], "203.0.113.9"),
        (&["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        (&["198.51.100.1", "203.0.113.9, 10.1.2.3"], "203.0.113.9"),
        (&["203.0.113.9", "2001:db8::7", "10.1.2.3:80"], "203.0.113.9"),
        (&["[2a00::5]:4711"], "2a00::5"),
        (&["[2a00::5]"], "2a00::5"),
        (&["10.9.9.9"], "10.9.9.9"),
        (&["203.0.113.9, unknown"], "10.0.0.1"),
        (&["203.0.113.9, unknown, 10.0.0.2"], "10.0.0.2"),
        (&["203.0.113.9,"], "10.0.0.1"),
        (&[], "10.0.0.1"),
    ] {
        assert_eq!(client(&ours, "10.0.0.1", forwarded), expected, "{forwarded:?}");
    }
    assert_eq!(client(&ours, "::ffff:10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
}

#[test]
fn what_is_no_network_is_refused() {
    for wrong in [json!("10.0.0.0/40"), json!("everyone"), json!(7), json!("")] {
        assert!(form::read::<Network>(&wrong).is_err(), "{wrong}");
    }
}
