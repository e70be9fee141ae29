use std::{path::Path, time::Duration};

use chrono::TimeDelta;
use db::{
    Db, Error, Keys,
    answers::{self, Key, Known},
    audit::Line,
    invitations,
    keys::{Confidential, KeyId, Place},
    links::{self, Link, Purpose},
    mail_addresses,
    mails::{self, Letter},
    oidc_flows::{self, Flow, Way},
    scratch, sealed,
};
use domain::{
    Id,
    applications::{Applicant, Application},
    consents,
    contacts::Mail,
    form,
    invitations::Invitation,
    listings::{Decision, Review},
    needs::{Need, NeedForm},
    organisations::{self, OrganisationId},
    people::{Login, PersonId, Role},
    text,
};
use sea_orm::ConnectionTrait as _;
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use crate::store::{Store, new_draft, now};

/// What must not be found in any file.
const PHONE: &str = "13977770001";
const NAME: &str = "锑烯铼";
const TITLE: &str = "钆镝钬铒铥镱热处理变形控制";
const PROBLEM: &str = "铼钽铌件每炉变形零点三毫米，需要降到零点一以下";
const REASONS: &str = "钪钇镧铈不清楚";
const VERIFIER: &str = "镥铪钽钨铼锇铱";
const ANSWER: &str = "镨钕钷钐铕";
const MAIL: &str = "kx7q@canary.example.cn";
const APPLICANT: &str = "钽铌锆铪";

fn secret_form(visibility: &str) -> NeedForm {
    form::read(&json!({
        "title": TITLE, "problem": PROBLEM, "visibility": visibility,
        "contact": { "name": NAME, "phone": PHONE },
    }))
    .unwrap()
}

/// A store that holds something secret in every place there is.
async fn filled(store: &Store) -> Need {
    let mut person = store.member("91110000802100433B", Role::Enterprise).await;
    person.name = text::Line::new(NAME).unwrap();
    let mut need = new_draft(&person);
    need.edit(secret_form("confidential"), now()).unwrap();
    need.publish(now());
    need.edit(secret_form("confidential"), now()).unwrap();
    let review = json!({
        "decision": "return", "reasons": REASONS,
        "rubric": { "advantage": 1, "clarity": 1, "cooperation": 1, "completeness": 1 },
    });
    let form = form::read(&review).unwrap();
    let review = Review { form, reviewer: person.id, at: now() };
    assert_eq!(review.form.decision, Decision::Return);
    store
        .db
        .write(async |tx| {
            db::people::save(tx, &mut person).await?;
            db::listings::insert(tx, &need).await?;
            db::listings::keep_editions(tx, std::slice::from_ref(&need)).await?;
            db::reviews::insert(tx, need.id.as_uuid(), &review).await?;
            oidc_flows::insert(tx, &flow()).await?;
            let key = answer_key();
            fill_mail(tx, person.id, person.organisation).await?;
            assert_eq!(answers::look_up(tx, &key, now()).await?, Known::Nothing);
            answers::remember(tx, &key, json!({ "contact": ANSWER })).await
        })
        .await
        .unwrap();
    need
}

fn flow() -> Flow {
    let (state, browser) = ("state".into(), "browser".into());
    let expires_at = now() + TimeDelta::minutes(10);
    let way = Way { state, browser, person: None };
    Flow { way, nonce: "nonce".into(), verifier: VERIFIER.into(), expires_at }
}

/// An address, a link, a mail, an invitation and an application.
async fn fill_mail(tx: &db::Tx, person: PersonId, organisation: OrganisationId) -> db::Result<()> {
    let mail = Mail::new(MAIL).unwrap();
    let later = now() + TimeDelta::days(1);
    mail_addresses::set(tx, person, (&mail, now())).await?;
    let link = Link {
        id: Id::generate(),
        person,
        purpose: Purpose::Mail,
        mail: Some(mail.clone()),
        made_at: now(),
        expires_at: later,
    };
    let secret = links::insert(tx, &link).await?;
    let letter = Letter::to(mails::Kind::Confirmation, Some(person), &mail).with(secret);
    mails::queue(tx, &letter, (now(), later)).await?;
    let invitation = Invitation {
        id: Id::generate(),
        organisation,
        role: Role::Enterprise,
        mail: mail.clone(),
        invited_by: person,
        invited_at: now(),
    };
    invitations::insert(tx, &invitation).await?;
    let applicant = Applicant {
        login: Login::new("kx7q.canary").unwrap(),
        name: text::Line::new(APPLICANT).unwrap(),
        mail,
        words: text::Text::new(APPLICANT).unwrap(),
        consents: vec![consents::Purpose::AccountKeeping.present()],
        request_id: "r".into(),
    };
    let number = organisations::Number::new("91110000802100433B").unwrap();
    let application = Application { id: Id::generate(), number, applicant, applied_at: now() };
    db::applications::insert(tx, &application, "hash").await
}

fn answer_key() -> Key {
    Key {
        person: Uuid::nil(),
        key: "k-1".into(),
        operation: "needs.create".into(),
        fingerprint: "f".into(),
    }
}

/// Reads what [`fill_mail`] wrote.
async fn assert_mail_readable(db: &Db, person: PersonId) {
    let (mail, _) = mail_addresses::find(db.read(), person).await.unwrap().unwrap();
    assert_eq!(mail.as_str(), MAIL);
    let page = db::Page { after: None, limit: 9 };
    let invited = invitations::list(db.read(), None, (page, now())).await.unwrap();
    assert_eq!(invited[0].mail, mail);
    let number = organisations::Number::new("91110000802100433B").unwrap();
    let applied = db::applications::list(db.read(), &number, (page, now())).await.unwrap();
    assert_eq!(applied[0].applicant.name.as_str(), APPLICANT);
}

/// Reads everything that [`filled`] wrote.
async fn assert_readable(db: &Db, need: &Need) {
    assert_eq!(
        db::listings::get::<NeedForm>(db.read(), need.id).await.unwrap().form(),
        need.form()
    );
    let editions = db::listings::editions::<NeedForm>(db.read(), need.id).await.unwrap();
    assert_eq!(editions[0].form, secret_form("confidential"));
    let person = db::people::get(db.read(), need.author).await.unwrap();
    assert_eq!(person.name.as_str(), NAME);
    assert_mail_readable(db, need.author).await;
    let reviews = db::reviews::list(db.read(), need.id.as_uuid()).await.unwrap();
    assert_eq!(reviews[0].form.reasons.as_str(), REASONS);
    let known =
        db.write(async |tx| answers::look_up(tx, &answer_key(), now()).await).await.unwrap();
    assert_eq!(known, Known::Answer(json!({ "contact": ANSWER })));
}

#[tokio::test]
async fn nothing_secret_is_readable_in_the_files_of_the_database() {
    let store = Store::new().await;
    let need = filled(&store).await;
    assert_readable(&store.db, &need).await;
    let kept = scratch::kept(&store.db).await.unwrap();
    let secrets =
        [PHONE, NAME, TITLE, PROBLEM, REASONS, VERIFIER, ANSWER, MAIL, APPLICANT, "kx7q.canary"];
    for secret in secrets {
        assert!(!scratch::holds(&kept, secret), "{secret}");
    }
    // What may be read is found: the search looks where it should.
    assert!(scratch::holds(&kept, "某某单位"));
}

#[tokio::test]
async fn of_what_is_public_only_contacts_are_sealed() {
    let store = Store::new().await;
    let author = store.member("91110000802100433B", Role::Enterprise).await;
    let mut need = new_draft(&author);
    need.edit(secret_form("public"), now()).unwrap();
    store.db.write(async |tx| db::listings::insert(tx, &need).await).await.unwrap();
    let kept = scratch::kept(&store.db).await.unwrap();
    assert!(scratch::holds(&kept, TITLE) && scratch::holds(&kept, PROBLEM));
    assert!(!scratch::holds(&kept, PHONE) && !scratch::holds(&kept, NAME));
}

#[test]
fn a_text_is_found_however_it_is_written() {
    let ways: [Vec<u8>; 4] = [
        format!("..{NAME}..").into_bytes(),
        "\\u9511\\u70ef\\u94fc".into(),
        NAME.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "6ZSR54Ov6ZO8".into(),
    ];
    for way in ways {
        assert!(scratch::holds(&way, NAME), "{way:?}");
    }
    assert!(!scratch::holds("锑烯".as_bytes(), NAME));
}

#[tokio::test]
async fn what_was_moved_to_another_place_does_not_open() {
    let keys = Keys::passing().unwrap();
    let (here, there) = (Place::new("people", "name", 1), Place::new("people", "name", 2));
    let sealed = keys.seal(&here, NAME).unwrap();
    assert_eq!(keys.open(&here, &sealed).unwrap(), NAME);
    assert_ne!(keys.seal(&here, NAME).unwrap(), sealed, "the same text never looks the same");
    for wrong in [
        keys.open(&there, &sealed),
        keys.open(&Place::new("people", "login", 1), &sealed),
        keys.open(&here, sealed.strip_suffix(|_| true).unwrap()),
        keys.open(&here, NAME),
    ] {
        assert!(matches!(wrong, Err(Error::Corrupt(_))), "{wrong:?}");
    }
    let other = Keys::passing().unwrap().open(&here, &sealed);
    assert!(matches!(other, Err(Error::NoKey(_))), "{other:?}");
}

#[tokio::test]
async fn the_file_is_made_once_for_its_owner_alone_and_read_back() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("keys.toml");
    let keys = Keys::at(&file, Confidential::Sealed).unwrap();
    assert!(matches!(keys.seal(&Place::new("a", "b", 1), "x"), Err(Error::NoKey(_))));
    let (first, second) = (keys.add(now()).unwrap(), keys.add(now()).unwrap());
    assert_eq!(keys.active(), Some(first.clone()), "the first seals, the second waits");
    let sealed = keys.seal(&Place::new("a", "b", 1), "x").unwrap();
    let again = Keys::at(&file, Confidential::Sealed).unwrap();
    assert_eq!(again.open(&Place::new("a", "b", 1), &sealed).unwrap(), "x");
    assert_eq!(again.all(), keys.all());
    assert_eq!(again.all()[1].id, second);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!format!("{keys:?}{again:?}").contains(text.lines().last().unwrap()));
    let stranger = text.replace(first.as_str(), "00000000");
    std::fs::write(&file, stranger).unwrap();
    let refused = Keys::at(&file, Confidential::Sealed);
    assert!(matches!(&refused, Err(Error::KeyFile(why)) if why.contains("another key's")));
}

/// The same database, opened by another program with the keys of a file.
async fn opened(address: &str, file: &Path) -> Db {
    Db::open(address, 5, Keys::at(file, Confidential::Sealed).unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_database_is_not_admitted_without_every_key_that_sealed() {
    let folder = TempDir::new().unwrap();
    let address = scratch::address(folder.path()).await.unwrap();
    let (one, other) = (folder.path().join("one.toml"), folder.path().join("other.toml"));
    let db = opened(&address, &one).await;
    db.migrate().await.unwrap();
    sealed::admit(&db, now()).await.unwrap();
    let id = db.keys().active().unwrap();
    sealed::admit(&opened(&address, &one).await, now()).await.unwrap();
    let refused = sealed::admit(&opened(&address, &other).await, now()).await;
    assert!(matches!(&refused, Err(Error::NoKey(it)) if it == id.as_str()), "{refused:?}");
    assert!(!other.exists(), "no key is made for a database that has one");
}

/// Makes a new key the one that seals.
async fn rotated(db: &Db) -> KeyId {
    let id = sealed::add(db, now(), |_| line()).await.unwrap();
    sealed::activate(db, &id, line()).await.unwrap();
    id
}

fn line() -> Line {
    Line::new(now(), "command:keys")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_are_rotated_while_others_write_and_a_stopped_rotation_goes_on() {
    let folder = TempDir::new().unwrap();
    let address = scratch::address(folder.path()).await.unwrap();
    let file = folder.path().join("keys.toml");
    let db = opened(&address, &file).await;
    db.migrate().await.unwrap();
    sealed::admit(&db, now()).await.unwrap();
    let store = Store::with(db);
    let need = filled(&store).await;
    let author = db::people::get(store.db.read(), need.author).await.unwrap();
    let mut drafts: Vec<Need> = Vec::new();
    for count in 10..510 {
        let mut draft = new_draft(&author);
        draft.number = crate::store::number(count);
        drafts.push(draft);
    }
    store.db.write(async |tx| db::listings::insert_all(tx, &drafts).await).await.unwrap();
    let old = store.db.keys().active().unwrap();

    // Another program rotates; this one, which keeps writing, is told nothing.
    let operator = opened(&address, &file).await;
    let new = rotated(&operator).await;
    assert_ne!(new, old);
    assert!(matches!(sealed::retire(&operator, &new, line()).await, Err(Error::KeyInUse(_))));
    assert!(matches!(sealed::retire(&operator, &old, line()).await, Err(Error::KeyInUse(_))));
    let mut steps = 0;
    let stopped = sealed::reseal(&operator, |_| steps += 1);
    assert!(tokio::time::timeout(Duration::from_millis(3), stopped).await.is_err());
    let writing = store.db.clone();
    let writer = tokio::spawn(async move {
        for need in drafts.iter_mut().rev().take(60) {
            need.edit(secret_form("public"), now()).unwrap();
            writing.write(async |tx| db::listings::save(tx, need).await).await.unwrap();
        }
    });
    sealed::reseal(&operator, |_| {}).await.unwrap();
    writer.await.unwrap();
    assert_readable(&store.db, &need).await;
    let usage = sealed::usage(&operator).await.unwrap();
    assert_eq!(usage.keys().collect::<Vec<&KeyId>>(), [&new], "{usage:?}");
    assert!(usage[&new] > 500);

    sealed::retire(&operator, &old, line()).await.unwrap();
    assert_readable(&opened(&address, &file).await, &need).await;
    sealed::admit(&opened(&address, &file).await, now()).await.unwrap();
}

#[tokio::test]
async fn a_copy_from_before_a_rotation_opens_while_the_old_key_is_kept() {
    if scratch::on_postgres() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let address = scratch::address(folder.path()).await.unwrap();
    let file = folder.path().join("keys.toml");
    let db = opened(&address, &file).await;
    db.migrate().await.unwrap();
    sealed::admit(&db, now()).await.unwrap();
    let store = Store::with(db);
    let need = filled(&store).await;
    let copy = folder.path().join("copy.db");
    let copying = format!("VACUUM INTO '{}'", copy.display());
    store.db.read().execute_unprepared(&copying).await.unwrap();
    let old = store.db.keys().active().unwrap();
    rotated(&store.db).await;
    sealed::reseal(&store.db, |_| {}).await.unwrap();
    let copy = format!("sqlite://{}", copy.display());
    let restored = opened(&copy, &file).await;
    sealed::admit(&restored, now()).await.unwrap();
    assert_readable(&restored, &need).await;
    sealed::retire(&store.db, &old, line()).await.unwrap();
    let refused = sealed::admit(&opened(&copy, &file).await, now()).await;
    assert!(matches!(&refused, Err(Error::NoKey(it)) if it == old.as_str()), "{refused:?}");
}
