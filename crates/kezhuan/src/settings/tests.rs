use secrecy::ExposeSecret as _;

use super::*;

fn read(file: &str, environment: &[(&str, &str)]) -> anyhow::Result<Settings> {
    let pairs = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::read(file, pairs)
}

#[test]
fn the_defaults_are_whole() {
    let settings = read("", &[]).unwrap();
    assert_eq!(settings.server.listen.port(), 8080);
    assert_eq!(settings.database().expose_secret(), "sqlite://kezhuan-data/kezhuan.db");
}

#[test]
fn a_variable_goes_before_the_file_and_the_file_before_the_default() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\nbody_kib = 100\n[database]\nmigrate = false\n";
    let variables =
        [("KEZHUAN_SERVER_LISTEN", "0.0.0.0:9"), ("KEZHUAN_MATCHING_FLOOR", "0.5"), ("PATH", "x")];
    let settings = read(file, &variables).unwrap();
    assert_eq!(settings.server.listen.port(), 9);
    assert_eq!(settings.server.body_bytes, 100 * 1024);
    assert!(!settings.migrate && (settings.matching.floor - 0.5).abs() < 1e-6);
}

#[test]
fn every_fault_is_told_at_once() {
    let file = "[server]\nlisten = \"nowhere\"\nbody_kib = 1\ncolour = 1\n[log]\nformat = \"xml\"\n[extra]\n";
    let variables = [
        ("KEZHUAN_SERVER_PORT", "1"),
        ("KEZHUAN_DATABASE_URL", "mysql://x"),
        ("KEZHUAN_INDEX_THREADS", "many"),
        ("KEZHUAN_SERVER_PROXIES", "10.0.0.0/8, everyone"),
    ];
    let told = format!("{:#}", read(file, &variables).unwrap_err());
    for part in [
        "server.listen",
        "server.body_kib",
        "server.colour",
        "log.format",
        "extra",
        "KEZHUAN_SERVER_PORT",
        "database.url",
        "index.threads",
        "server.proxies.1",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    assert!(!told.contains("mysql://x"), "an address may hold a password");
}

#[test]
fn a_cookie_without_tls_is_for_this_machine_unless_said_otherwise() {
    let cookies = |how: &str, listen: &str| {
        let file = format!("[server]\nlisten = \"{listen}\"\n[sessions]\ncookies = \"{how}\"\n");
        read(&file, &[]).map(|_| ()).map_err(|it| format!("{it:#}"))
    };
    let refused = cookies("plain", "0.0.0.0:80").unwrap_err();
    assert!(refused.contains("sessions.cookies") && refused.contains("server.listen"), "{refused}");
    for (how, listen) in [
        ("plain", "127.0.0.1:80"),
        ("plain", "[::1]:80"),
        ("plain_everywhere", "0.0.0.0:80"),
        ("secure", "0.0.0.0:80"),
    ] {
        assert_eq!(cookies(how, listen), Ok(()), "{how} {listen}");
    }
    assert!(cookies("clear", "127.0.0.1:80").is_err());
}

#[test]
fn the_example_for_production_is_good() {
    let example = include_str!("../../../../config/production.example.toml");
    let settings = read(example, &[]).unwrap();
    assert!(!settings.migrate && settings.log.json);
}

#[test]
fn a_password_that_everybody_knows_is_told() {
    let with = |url: &str| read("", &[("KEZHUAN_DATABASE_URL", url)]).unwrap().default_secret();
    for known in [
        "postgres://kezhuan:kezhuan@db/kezhuan",
        "postgres://kz:Password@db/kz",
        "postgres://kz:@db/kz",
        "postgres://li:li@db/kz?sslmode=require",
    ] {
        assert!(with(known).is_some(), "{known}");
    }
    for own in ["", "postgres://postgres@127.0.0.1/kz", "postgres://kz:x7Q%40kk3@db:5432/kz"] {
        assert_eq!(with(own), None, "{own}");
    }
}

#[test]
fn settings_that_are_printed_show_no_secret() {
    let url = ("KEZHUAN_DATABASE_URL", "postgres://kz:x7Qkk3vv@db/kz");
    let smtp = ("KEZHUAN_MAIL_SMTP", "smtps://kz:x7Qkk3vv@mail.example.cn");
    let printed = format!("{:?}", read("", &[url, smtp]).unwrap());
    assert!(!printed.contains("x7Qkk3vv"), "{printed}");
}

#[test]
fn the_scanner_is_a_socket_or_nothing() {
    let told = format!(
        "{:#}",
        read("[uploads]\nclamav = \"/run/clamd\"\nproofs = \"some\"\n", &[]).unwrap_err()
    );
    assert!(told.contains("uploads.clamav") && told.contains("uploads.proofs"), "{told}");
}

#[test]
fn another_provider_takes_tls_a_name_for_this_market_and_the_way_back() {
    let oidc = |listen: &str, url: &str, issuer: &str, id: &str| {
        let file = format!(
            "[server]\nlisten = \"{listen}\"\nurl = \"{url}\"\n[oidc]\nissuer = \"{issuer}\"\nclient_id = \"{id}\"\n"
        );
        read(&file, &[("KEZHUAN_OIDC_CLIENT_SECRET", "s3cret")])
    };
    let (url, issuer) = ("https://kezhuan.example.gov.cn", "https://id.example.gov.cn/realms/x");
    let good = oidc("0.0.0.0:8080", url, issuer, "kezhuan").unwrap();
    assert!(good.oidc.is_on() && !format!("{good:?}").contains("s3cret"));
    assert_eq!(good.server.address(good.server.listen), url);
    let near = oidc("127.0.0.1:8080", "", "http://127.0.0.1:3000", "kezhuan").unwrap();
    assert_eq!(near.server.address(near.server.listen), "http://127.0.0.1:8080");
    for (place, listen, url, issuer, id) in [
        ("oidc.issuer", "0.0.0.0:8080", url, "http://id.example.gov.cn", "kezhuan"),
        ("oidc.issuer", "0.0.0.0:8080", url, "id.example.gov.cn", "kezhuan"),
        ("oidc.client_id", "0.0.0.0:8080", url, issuer, ""),
        ("server.url", "0.0.0.0:8080", "", issuer, "kezhuan"),
        ("server.url", "0.0.0.0:8080", "kezhuan.example.gov.cn", issuer, "kezhuan"),
        ("server.url", "0.0.0.0:8080", "https://kezhuan.example.gov.cn/x", issuer, "kezhuan"),
    ] {
        let told = format!("{:#}", oidc(listen, url, issuer, id).unwrap_err());
        assert!(told.contains(place) && !told.contains("s3cret"), "{place}: {told}");
    }
    assert!(!read("", &[]).unwrap().oidc.is_on());
}

#[test]
fn a_mail_server_is_named_whole_or_not_at_all_and_never_told() {
    let mail = |setting: &str| {
        let file = format!("[mail]\n{setting}\n");
        read(&file, &[]).map(|_| ()).map_err(|it| format!("{it:#}"))
    };
    for good in [
        "smtp = \"\"",
        "smtp = \"smtps://kz:x7Qkk3vv@mail.example.cn:465\"",
        "smtp = \"smtp://mail.example.cn:587\"",
        "from = \"noreply@kz.example.cn\"",
    ] {
        assert_eq!(mail(good), Ok(()), "{good}");
    }
    for (wrong, at) in [
        ("smtp = \"mail.example.cn\"", "mail.smtp"),
        ("smtp = \"smtp://kz:x7Qkk3vv@mail.example.cn?tls=none\"", "mail.smtp"),
        ("from = \"somebody\"", "mail.from"),
        ("from = \"a@example.cn\\r\\nBcc: b@example.cn\"", "mail.from"),
    ] {
        let told = mail(wrong).unwrap_err();
        assert!(told.contains(at) && !told.contains("x7Qkk3vv"), "{wrong}: {told}");
    }
}
