use std::fs;

use ::jobs::{Post, Postman, Relay, Sender};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::TimeDelta;
use db::{
    audit, jobs as work, links, mail_addresses,
    mails::{self, Kind, Letter},
};
use domain::contacts::Mail;
use uuid::Uuid;

use crate::{
    market::Market,
    post_office::{PostOffice, Recipient},
};

const URL: &str = "https://kz.example.cn";

fn sender() -> Sender {
    Sender::named("科转 <noreply@kz.example.cn>").unwrap()
}

fn address() -> Mail {
    Mail::new("li.wei@example.cn").unwrap()
}

/// A postman who hands mail to a server.
fn by_smtp(market: &Market, office: &PostOffice) -> Postman {
    let relay = format!("smtp://kz:p%40x@127.0.0.1:{}", office.port);
    let post = Post::to_server(Relay::named(&relay).unwrap(), sender(), URL);
    Postman::new(market.db.clone(), market.clock.clone(), post)
}

/// A postman who writes files.
fn by_files(market: &Market) -> Postman {
    let post = Post::to_files(market.folder.path().join("mail"), sender(), URL);
    Postman::new(market.db.clone(), market.clock.clone(), post)
}

async fn queue(market: &Market, letter: &Letter) {
    let now = market.clock.now();
    let until = now + TimeDelta::days(3);
    market.db.write(async |tx| mails::queue(tx, letter, (now, until)).await).await.unwrap();
}

async fn waiting(market: &Market) -> u64 {
    work::count(market.db.read(), &[work::Kind::PostMail]).await.unwrap()
}

fn files(market: &Market) -> Vec<String> {
    let folder = fs::read_dir(market.folder.path().join("mail")).into_iter().flatten();
    folder.map(|it| fs::read_to_string(it.unwrap().path()).unwrap()).collect()
}

fn invitation() -> Letter {
    Letter::to(Kind::Invitation, None, &address()).with("kzl_secret".into())
}

#[tokio::test]
async fn a_mail_is_handed_to_the_server_whole_and_then_forgotten() {
    let market = Market::new().await;
    let office = PostOffice::open(&[]).await;
    queue(&market, &invitation()).await;
    by_smtp(&market, &office).settle().await.unwrap();
    assert_eq!((office.mails(), waiting(&market).await), (1, 0));
    let said = office.said();
    let has = |line: &str| said.iter().any(|it| it == line);
    let auth = format!("AUTH PLAIN {}", BASE64_STANDARD.encode("\0kz\0p@x"));
    assert!(has("EHLO kz.example.cn") && has(&auth), "{said:?}");
    assert!(has("MAIL FROM:<noreply@kz.example.cn>") && has("RCPT TO:<li.wei@example.cn>"));
    assert!(has("To: li.wei@example.cn") && has("Auto-Submitted: auto-generated"), "{said:?}");
    let body = said.iter().position(String::is_empty).unwrap();
    let body: String = said[body..].iter().take_while(|it| *it != ".").cloned().collect();
    let text = String::from_utf8(BASE64_STANDARD.decode(body).unwrap()).unwrap();
    assert!(text.contains("https://kz.example.cn/join?token=kzl_secret"), "{text}");
}

#[tokio::test]
async fn a_mail_is_tried_again_until_it_is_taken() {
    let market = Market::new().await;
    let office = PostOffice::open(&["451 later", "452 later"]).await;
    let postman = by_smtp(&market, &office);
    queue(&market, &invitation()).await;
    for (tries, wait) in [(1, 1), (2, 2)] {
        postman.settle().await.unwrap();
        let asked = office.said().iter().filter(|it| it.starts_with("RCPT")).count();
        assert_eq!((asked, office.mails(), waiting(&market).await), (tries, 0, 1));
        market.clock.advance(TimeDelta::seconds(wait));
    }
    postman.settle().await.unwrap();
    assert_eq!((office.mails(), waiting(&market).await), (1, 0));
}

#[tokio::test]
async fn a_mail_that_nobody_can_get_is_given_up_at_once_and_any_when_it_is_too_late() {
    const NOBODY: Recipient = "550 no li.wei@example.cn here";
    let market = Market::new().await;
    let office = PostOffice::open(&[NOBODY]).await;
    let postman = by_smtp(&market, &office);
    queue(&market, &invitation()).await;
    postman.settle().await.unwrap();
    assert_eq!((office.mails(), waiting(&market).await), (0, 0));
    queue(&market, &invitation()).await;
    market.clock.advance(TimeDelta::days(3));
    postman.settle().await.unwrap();
    assert_eq!((office.mails(), waiting(&market).await), (0, 0));
    let asked = audit::Search { action: Some("mails.post".into()), ..audit::Search::default() };
    let given_up =
        audit::list(market.db.read(), &asked, audit::Part::Before(None), 10).await.unwrap();
    assert_eq!(given_up.len(), 2);
    assert!(!format!("{given_up:?}").contains("li.wei"), "{given_up:?}");
}

#[tokio::test]
async fn what_a_server_says_is_not_written_down_with_the_address() {
    let market = Market::new().await;
    let office = PostOffice::open(&["451 li.wei@example.cn is greylisted"]).await;
    queue(&market, &invitation()).await;
    by_smtp(&market, &office).settle().await.unwrap();
    let kept = db::scratch::kept(&market.db).await.unwrap();
    assert!(
        db::scratch::holds(&kept, "the mail server says 451"),
        "the search looks where it should"
    );
    assert!(!db::scratch::holds(&kept, "li.wei") && !db::scratch::holds(&kept, "kzl_secret"));
}

/// Servers on this machine are trusted; `0.0.0.0` is this machine too, and is not known to be.
#[tokio::test]
async fn nothing_goes_to_another_machine_without_encryption() {
    let market = Market::new().await;
    let office = PostOffice::open(&[]).await;
    let relay = Relay::named(&format!("smtp://kz:x7Qkk3vv@0.0.0.0:{}", office.port)).unwrap();
    let post = Post::to_server(relay, sender(), URL);
    assert!(post.answers().await.is_err());
    queue(&market, &invitation()).await;
    let postman = Postman::new(market.db.clone(), market.clock.clone(), post);
    postman.settle().await.unwrap();
    assert_eq!(waiting(&market).await, 1, "it waits for a better server");
    let said = office.said();
    assert!(said.iter().any(|it| it.starts_with("EHLO")), "it was asked what it offers: {said:?}");
    for word in ["AUTH", "MAIL", "DATA"] {
        assert!(!said.iter().any(|it| it.starts_with(word)), "{said:?}");
    }
    by_smtp(&market, &office).settle().await.unwrap();
}

#[tokio::test]
async fn without_a_server_mails_are_files_for_their_owner_alone() {
    let market = Market::new().await;
    queue(&market, &invitation()).await;
    by_files(&market).settle().await.unwrap();
    let files = files(&market);
    assert_eq!((files.len(), waiting(&market).await), (1, 0));
    assert!(files[0].contains("token=kzl_secret") && files[0].contains("To: li.wei@example.cn"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let entry = fs::read_dir(market.folder.path().join("mail")).unwrap().next().unwrap();
        let path = entry.unwrap().path();
        assert_eq!(path.extension().unwrap(), "eml");
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_mail_whose_cause_was_undone_is_not_sent() {
    let market = Market::new().await;
    let now = market.clock.now();
    let undone = market.db.write(async |tx| {
        mails::queue(tx, &invitation(), (now, now + TimeDelta::days(3))).await?;
        Err::<(), _>(db::Error::NotFound)
    });
    assert!(undone.await.is_err());
    by_files(&market).settle().await.unwrap();
    assert!(files(&market).is_empty());
}

#[tokio::test]
async fn no_address_adds_a_line_to_a_mail() {
    let market = Market::new().await;
    let office = PostOffice::open(&[]).await;
    let hostile = "li.wei@example.cn\r\nBcc: all@example.cn";
    assert!(Mail::new(hostile).is_err());
    queue(&market, &Letter { to: hostile.into(), ..invitation() }).await;
    by_smtp(&market, &office).settle().await.unwrap();
    assert_eq!((office.said().len(), waiting(&market).await), (0, 0));
}

#[tokio::test]
async fn a_link_to_a_new_password_goes_to_whoever_has_the_name_and_an_address() {
    let market = Market::new().await;
    let postman = by_files(&market);
    let (person, now) = (market.enterprise.id, market.clock.now());
    for login in ["enterprise", "nobody.has.this", "太行山"] {
        queue(&market, &Letter::reset_asked(login)).await;
    }
    postman.settle().await.unwrap();
    assert_eq!((files(&market).len(), waiting(&market).await), (0, 0), "there is no address");
    let (address, at) = (address(), now);
    let set = async |tx: &db::Tx| mail_addresses::set(tx, person, (&address, at)).await;
    market.db.write(set).await.unwrap();
    for _ in 0..5 {
        queue(&market, &Letter::reset_asked("Enterprise")).await;
    }
    postman.settle().await.unwrap();
    assert_eq!(files(&market).len(), 3, "no more than three a person at a time");
    let purpose = links::Purpose::Reset;
    assert_eq!(links::count(market.db.read(), (person, purpose), now).await.unwrap(), 3);
    let later = now + TimeDelta::minutes(30);
    assert_eq!(links::count(market.db.read(), (person, purpose), later).await.unwrap(), 0);
}

#[tokio::test]
async fn mail_is_not_kept_from_the_market_nor_the_market_from_mail() {
    let mut market = Market::new().await;
    queue(&market, &invitation()).await;
    market.settle().await;
    assert_eq!(waiting(&market).await, 1, "the worker leaves mail alone");
    let now = market.clock.now();
    let sweep = async |tx: &db::Tx| work::enqueue(tx, work::Kind::MatchAll, Uuid::nil(), now).await;
    market.db.write(sweep).await.unwrap();
    by_files(&market).settle().await.unwrap();
    let left = work::count(market.db.read(), &[work::Kind::MatchAll]).await.unwrap();
    assert_eq!((left, waiting(&market).await), (1, 0), "the postman leaves the rest alone");
}
