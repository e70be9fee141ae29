//! What the matrix is asked about, made anew whenever something was done to it.

use chrono::TimeDelta;
use db::{
    Db,
    identities::{self, Identity, IdentityId},
    tokens,
};
use domain::{
    achievements::AchievementForm,
    applications::{Applicant, Application, ApplicationId},
    contacts::Mail,
    days::Day,
    form,
    introductions::{self, Introduction, IntroductionId},
    listings::{
        Form, Kind, Listing, ListingId, Number, Origin, Progress, Publication, Revision, State,
    },
    needs::NeedForm,
    organisations::{self, Action, Organisation, OrganisationId, State as Standing},
    pairs::{Explanation, Pair, PairId, Sides},
    people::{Login, Person, PersonId, Role},
    text::{Line, Text},
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{bodies, cast::Cast, table::ABSENT};
use crate::world::{achievement, member, need, session_of};

/// Makes the object of this name, and says its id.
pub(super) async fn make(cast: &Cast, name: &str) -> String {
    match name.split(' ').next().unwrap() {
        "need" => listing::<NeedForm>(cast, (name, "Ea"), need("球墨铸铁件气孔率降低技术")).await.0,
        "achievement" => {
            let form = achievement("球墨铸铁气孔缺陷控制工艺");
            listing::<AchievementForm>(cast, (name, "Ra"), form).await.0
        }
        "pair" => pair(cast, name).await.0.to_string(),
        "introduction" => introduction(cast, name).await,
        "emergency" => emergency(cast, name).await,
        "identity" => identity(cast).await.to_string(),
        "file" => file(cast, name).await,
        _ => something_else(cast, name).await,
    }
}

async fn something_else(cast: &Cast, name: &str) -> String {
    let db = &cast.world.db;
    match name {
        "absent" => ABSENT.to_owned(),
        "the enterprise" => {
            verified(db, cast.enterprise).await;
            cast.enterprise.to_string()
        }
        "a registered organisation" => {
            organisation(db, "enterprise", Standing::Registered).await.to_string()
        }
        "a suspended organisation" => {
            organisation(db, "enterprise", Standing::Suspended).await.to_string()
        }
        "the built-in matcher" => search::matching::MATCHER.to_owned(),
        "a request" => request(cast).await,
        "an invitation" => invitation(cast).await,
        "an application" => application(cast).await,
        "a synonym group" => {
            let form = bodies::body(cast, ("GroupForm", ""));
            cast.world.post(cast.someone("Ma"), "/thesaurus", form).await.id()
        }
        "a person" => person(cast, true).await.to_string(),
        "a disabled person" => person(cast, false).await.to_string(),
        _ => of_the_author(cast, name).await,
    }
}

async fn of_the_author(cast: &Cast, name: &str) -> String {
    match name {
        "the author's token" => {
            let made = json!({ "name": "夜间导入" });
            cast.world.post(cast.someone("Ea"), "/tokens", made).await.id()
        }
        "the author's session" => session(cast).await,
        "the author's consent" => consent(cast).await,
        _ => panic!("say in matrix/objects.rs how to make {name}"),
    }
}

async fn identity(cast: &Cast) -> IdentityId {
    let (id, now) = (IdentityId::generate(), cast.world.clock.now());
    let issuer = format!("https://{id}.example");
    let person = cast.person("Ea").id;
    let digest = identities::digest(&issuer, "li.wei");
    let new = Identity { id, person, issuer, linked_at: now, used_at: None };
    cast.world.db.write(async |tx| identities::insert(tx, &new, &digest).await).await.unwrap();
    id
}

/// A listing whose name says its state, its visibility, and whether a change is on its way, nobody
/// looks after it yet, or those who wrote it and looked after it are no longer there:
/// `need published masked revised`.
async fn listing<F: Form>(
    cast: &Cast,
    (name, author): (&str, &str),
    mut form: Value,
) -> (String, ListingId<F>) {
    let words: Vec<&str> = name.split(' ').collect();
    let state = State::named(words[1]).unwrap();
    if let Some(visibility) = words.get(2) {
        form["visibility"] = json!(visibility);
    }
    let now = cast.world.clock.now();
    let was_published =
        !matches!(state, State::Draft | State::Submitted | State::Returned | State::Rejected);
    let publication = was_published.then_some(Publication {
        edition: 1,
        matter: 1,
        digest: 1,
        at: now,
        until: Day::at(now).plus_months(12),
    });
    let form: F = form::read(&form).unwrap();
    let revised = words.contains(&"revised");
    let revision = revised.then(|| Revision { form: form.clone(), state: State::Draft });
    let progress = Progress { form, state, revision, publication };
    let mut author = cast.person(author).clone();
    let mut keeper = cast.person("Ma").clone();
    if words.contains(&"orphaned") {
        for it in [&mut author, &mut keeper] {
            let login = format!("g{}", Uuid::now_v7().simple());
            let gone = member(&cast.world.db, it.organisation, it.role, &login).await;
            *it = gone.person.unwrap();
            disable(cast, it).await;
        }
    }
    let origin = Origin { organisation: author.organisation, author: author.id, external_id: None };
    let looked_after = state != State::Draft && !words.contains(&"new");
    let matchmaker = looked_after.then_some(keeper.id);
    let id = ListingId::<F>::generate();
    let made = async |tx: &db::Tx| {
        let day = Day::at(now);
        let count = db::listings::take_numbers(tx, F::KIND, day, 1).await?.start;
        let number = Number::new("GP", F::KIND, day, count);
        let kept = (matchmaker, now, now);
        let listing = Listing::restore((id, 0), number, origin, kept, progress);
        db::listings::insert(tx, &listing).await?;
        if was_published {
            db::listings::keep_editions(tx, std::slice::from_ref(&listing)).await?;
        }
        Ok::<_, db::Error>(())
    };
    cast.world.db.write(made).await.unwrap();
    (id.to_string(), id)
}

/// A pair: suggested; taken by `Ma`, or accepted too; of a confidential need; or taken, and the need
/// withdrawn since.
async fn pair(cast: &Cast, name: &str) -> (PairId, Sides) {
    let need_name = match name {
        "pair confidential" => "need published confidential",
        "pair withdrawn" => "need withdrawn",
        _ => "need published",
    };
    let (_, need) = listing::<NeedForm>(cast, (need_name, "Ea"), need("球墨铸铁件气孔")).await;
    let form = achievement("球墨铸铁气孔缺陷控制工艺");
    let (_, found) = listing::<AchievementForm>(cast, ("achievement published", "Ra"), form).await;
    let sides = Sides { need, need_edition: 1, achievement: found, achievement_edition: 1 };
    let id = PairId::generate();
    let now = cast.world.clock.now();
    let mut pair = Pair::suggest(id, sides, Explanation::default(), now);
    let me = cast.person("Ma").id;
    if ["pair taken", "pair withdrawn", "pair accepted"].contains(&name) {
        pair.take(me).unwrap();
    }
    if name == "pair accepted" {
        let form = form::read(&json!({ "grade": "strong" })).unwrap();
        pair.grade(form, me, now).unwrap();
    }
    let store = async |tx: &db::Tx| db::pairs::insert_all(tx, std::slice::from_ref(&pair)).await;
    cast.world.db.write(store).await.unwrap();
    (id, sides)
}

/// An introduction that `Ma` asked for: of public listings, or of a confidential need; that nobody
/// has answered, or both have agreed to.
async fn introduction(cast: &Cast, name: &str) -> String {
    let of = if name.ends_with("confidential") { "pair confidential" } else { "pair accepted" };
    let (pair, sides) = pair(cast, of).await;
    let (now, me) = (cast.world.clock.now(), cast.person("Ma").id);
    let sides = introductions::Sides {
        pair,
        round: 1,
        need: (sides.need, cast.enterprise),
        achievement: (sides.achievement, cast.person("Ra").organisation),
    };
    let id = IntroductionId::generate();
    let until = now + TimeDelta::days(14);
    let mut made = Introduction::ask(id, sides, me, (now, until));
    if name.ends_with("agreed") {
        let yes = || form::read(&bodies::body(cast, ("AnswerForm", ""))).unwrap();
        made.take(Kind::Need, yes(), (cast.person("Ea").id, now)).unwrap();
        made.take(Kind::Achievement, yes(), (cast.person("Ra").id, now)).unwrap();
    }
    let store = async |tx: &db::Tx| db::introductions::insert(tx, &made).await;
    cast.world.db.write(store).await.unwrap();
    id.to_string()
}

async fn disable(cast: &Cast, person: &mut Person) {
    person.state = domain::people::State::Disabled;
    let save = async |tx: &db::Tx| db::people::save(tx, person).await;
    cast.world.db.write(save).await.unwrap();
}

/// The auditor asks to read a need, and a second person agrees or has not answered.
async fn emergency(cast: &Cast, name: &str) -> String {
    let form = bodies::body(cast, ("EmergencyForm", ""));
    let id = cast.world.post(cast.someone("AU"), "/emergencies", form).await.id();
    if name.ends_with("open") {
        let at = format!("/emergencies/{id}/confirm");
        cast.world.post(cast.someone("PA"), &at, json!(null)).await;
    }
    id
}

/// A file: of a need, or what proves who the enterprise is.
async fn file(cast: &Cast, name: &str) -> String {
    match name {
        "file for everyone" => attachment(cast, "everyone").await,
        "file for staff" => attachment(cast, "staff").await,
        _ => licence(cast).await,
    }
}

async fn licence(cast: &Cast) -> String {
    let db = &cast.world.db;
    verified(db, cast.enterprise).await;
    for proof in db::attachments::proofs(db.read(), cast.enterprise).await.unwrap() {
        let gone = async |tx: &db::Tx| db::attachments::remove(tx, proof.id).await;
        db.write(gone).await.unwrap();
    }
    let at = format!("/api/v1/organisations/{}/proofs?name=x&kind=licence", cast.enterprise);
    cast.world.send_file(cast.someone("Ea"), &at, bodies::FILE).await.id()
}

/// An attachment of a need that is published, and was reviewed with it.
async fn attachment(cast: &Cast, readers: &str) -> String {
    let form = need("球墨铸铁件气孔率降低技术");
    let (need, _) = listing::<NeedForm>(cast, ("need published", "Ea"), form).await;
    let at = format!("/api/v1/needs/{need}/attachments?name=x&readers={readers}");
    cast.world.send_file(cast.someone("Ea"), &at, bodies::FILE).await.id()
}

async fn session(cast: &Cast) -> String {
    let secret = api::secrets::new_token(tokens::Kind::Session).unwrap();
    let digest = api::secrets::digest(secret.expose_secret());
    let ends = cast.world.clock.now() + TimeDelta::hours(1);
    let session = session_of(cast.person("Ea").id, ends);
    let insert = async |tx: &db::Tx| tokens::insert(tx, &session, &digest).await;
    cast.world.db.write(insert).await.unwrap();
    session.id.to_string()
}

async fn consent(cast: &Cast) -> String {
    let agreement = domain::consents::Purpose::ContactExchange.present();
    let consent = agreement.given(cast.person("Ea").id, (cast.world.clock.now(), "r"));
    let new = std::slice::from_ref(&consent);
    cast.world.db.write(async |tx| db::consents::insert_all(tx, new).await).await.unwrap();
    consent.id.to_string()
}

async fn request(cast: &Cast) -> String {
    let person = person(cast, true).await;
    let form = json!({ "person": person, "role": "auditor", "reason": "岗位调整" });
    cast.world.post(cast.someone("PA"), "/grants", form).await.id()
}

async fn invitation(cast: &Cast) -> String {
    verified(&cast.world.db, cast.enterprise).await;
    let form = json!({ "mail": "new@example.cn" });
    cast.world.post(cast.someone("Ea"), "/invitations", form).await.id()
}

async fn application(cast: &Cast) -> String {
    let id = ApplicationId::generate();
    let ours = db::organisations::get(cast.world.db.read(), cast.enterprise).await.unwrap();
    let applicant = Applicant {
        login: Login::new(&format!("a{}", Uuid::now_v7().simple())).unwrap(),
        name: Line::new("新人").unwrap(),
        mail: Mail::new("new@example.cn").unwrap(),
        words: Text::new("").unwrap(),
        consents: vec![domain::consents::Purpose::AccountKeeping.present()],
        request_id: "r".into(),
    };
    let number = ours.profile.number;
    let made = Application { id, number, applicant, applied_at: cast.world.clock.now() };
    let store = async |tx: &db::Tx| db::applications::insert(tx, &made, "hash").await;
    cast.world.db.write(store).await.unwrap();
    id.to_string()
}

async fn person(cast: &Cast, active: bool) -> PersonId {
    let login = format!("p{}", Uuid::now_v7().simple());
    let someone = member(&cast.world.db, cast.enterprise, Role::Enterprise, &login).await;
    let mut person = someone.person.unwrap();
    if !active {
        disable(cast, &mut person).await;
    }
    person.id
}

/// An organisation that stands so.
pub(super) async fn organisation(db: &Db, kind: &str, standing: Standing) -> OrganisationId {
    let id = OrganisationId::generate();
    let name = format!("某单位{}", id.as_uuid().simple());
    let profile = json!({ "number": fresh_number().as_str(), "name": name, "kind": kind });
    let profile = form::read(&profile).unwrap();
    let mut made = Organisation::register(id, profile, "2026-01-01T00:00:00Z".parse().unwrap());
    let reason = || Some(Text::new("证照不符").unwrap());
    match standing {
        Standing::Registered => {}
        Standing::Verified => made.decide(Action::Verify, None).unwrap(),
        Standing::Refused => made.decide(Action::Refuse, reason()).unwrap(),
        Standing::Suspended => made.decide(Action::Suspend, reason()).unwrap(),
    }
    db.write(async |tx| db::organisations::insert(tx, &made).await).await.unwrap();
    id
}

/// Verifies an organisation again that was changed.
async fn verified(db: &Db, id: OrganisationId) {
    db.write(async |tx| {
        let mut organisation = db::organisations::get(tx, id).await?;
        let action = match organisation.state() {
            Standing::Verified => return Ok(()),
            Standing::Registered | Standing::Refused => Action::Verify,
            Standing::Suspended => Action::Reinstate,
        };
        organisation.decide(action, None).unwrap();
        db::organisations::save(tx, &mut organisation).await
    })
    .await
    .unwrap();
}

/// A 统一社会信用代码 that nobody has: random digits with the check character that fits them.
pub(super) fn fresh_number() -> organisations::Number {
    let digits = Uuid::new_v4().as_u128() % 10_u128.pow(15);
    let stem = format!("91{digits:015}");
    let checks = "0123456789ABCDEFGHJKLMNPQRTUWXY".chars();
    let mut fitting =
        checks.filter_map(|it| organisations::Number::new(&format!("{stem}{it}")).ok());
    fitting.next().unwrap()
}
