use std::io::Write as _;

/// Says plainly, past the capture of tests that pass, that something was not tested and why.
pub(crate) fn say(what: &str) {
    let _ = writeln!(std::io::stderr(), "\nLEFT OUT: {what}");
}

/// Whether nothing may be left out that could be had: `TEST_REQUIRE_ALL` is set.
#[expect(clippy::disallowed_methods, reason = "tests have no settings")]
pub(crate) fn is_refused() -> bool {
    std::env::var("TEST_REQUIRE_ALL").is_ok_and(|it| !it.is_empty())
}

#[test]
fn postgresql_is_tested_or_said_to_be_left_out() {
    if !db::scratch::on_postgres() {
        say("PostgreSQL. Set TEST_DATABASE_URL=postgres://… and run the tests again.");
    }
}
