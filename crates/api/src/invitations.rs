//! Invitations: members of a verified organisation ask colleagues to join, by mail.

use axum::{
    Json,
    extract::State,
    http::{Method, StatusCode},
    response::Response,
};
use db::{
    Clock, Db,
    mails::{self, Kind, Letter},
};
use domain::{
    Fault, Faults,
    consents::{Agreement, Consent},
    contacts::Mail,
    form::{Field, Object},
    invitations::{Invitation, InvitationId},
    organisations::{OrganisationId, State as Standing},
    people::{Account, Person, PersonId, Role, State as PersonState},
    policy::{self, Operation},
};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Answer, App,
    call::Call,
    cursor::ById,
    extract::{Body, Chooses, Choosing, IdempotencyKey, Path, Query},
    me::PersonBody,
    moment::Moment,
    once::Created,
    page::{Listed, Paged},
    people::taken,
    problem::{Code, Problem},
    routes::{Doc, Routes},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    let accept = Doc::new(
        "acceptInvitation",
        "接受邀请，建立账号",
        "Make an account by the link of an invitation",
    );
    Routes::new(clock)
        .add(
            (Method::POST, "/invitations"),
            Operation::Invite,
            Doc::new(
                "invite",
                "邀请同事加入本单位（系统管理员可邀请加入任何单位）",
                "Invite a colleague by mail; a system administrator invites to any organisation",
            )
            .body::<InvitationForm>()
            .answers::<InvitationBody>()
            .creates(),
            create,
        )
        .add(
            (Method::GET, "/invitations"),
            Operation::ListInvitations,
            Doc::new("listInvitations", "待接受的邀请", "Invitations nobody has accepted yet")
                .paged()
                .answers::<Listed<InvitationBody>>(),
            list,
        )
        .add(
            (Method::DELETE, "/invitations/{id}"),
            Operation::WithdrawInvitation,
            Doc::new("withdrawInvitation", "撤回邀请", "Take an invitation back").answers_nothing(),
            withdraw,
        )
        .add(
            (Method::POST, "/invitations/accept"),
            Operation::AcceptInvitation,
            Doc {
                status: StatusCode::CREATED,
                ..accept.body::<AcceptanceForm>().answers::<PersonBody>()
            },
            accept_one,
        )
}

/// Whom to invite.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct InvitationForm {
    /// Where the invitation goes.
    mail: Mail,
    /// To which organisation; one's own if not given.
    #[serde(default)]
    organisation: Option<OrganisationId>,
}

/// What a link carries, and the account that is to be made.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct AcceptanceForm {
    /// What the link carries.
    #[schemars(with = "String")]
    token: SecretString,
    /// The account.
    account: Account,
    /// What its owner consents to, as `GET /consents` has it; `account_keeping` is needed.
    consents: Vec<Agreement>,
}

/// An invitation that nobody has accepted yet.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Invitation")]
struct InvitationBody {
    id: InvitationId,
    organisation: OrganisationId,
    /// What whoever accepts it may do.
    role: Role,
    mail: Mail,
    invited_by: PersonId,
    invited_at: Moment,
    expires_at: Moment,
}

/// How many invitations of an organisation can be open.
const MOST: u64 = 50;

async fn create(
    State(db): State<Db>,
    call: Call,
    key: IdempotencyKey,
    body: Body<InvitationForm>,
) -> Result<Response, Problem> {
    let inviter = *call.member()?;
    let InvitationForm { mail, organisation } = body.form;
    let organisation = organisation.unwrap_or(inviter.organisation);
    // Before it is looked for: others are not told which there are.
    call.may(&policy::Object::of_organisation(organisation))?;
    call.once(&db, (key, body.fingerprint), async |tx| {
        let organisation = match db::organisations::get(tx, organisation).await {
            Err(db::Error::NotFound) => {
                let fault = Fault::UnknownCode { table: "organisation" };
                return Err(Faults::one("/organisation", fault).into());
            }
            other => other?,
        };
        db::organisations::hold(tx, organisation.id).await?;
        if db::invitations::count(tx, organisation.id, call.now).await? >= MOST {
            return Err(Problem::new(Code::LimitReached));
        }
        let invitation = Invitation {
            id: InvitationId::generate(),
            organisation: organisation.id,
            role: Invitation::role(&inviter, &organisation),
            mail,
            invited_by: inviter.person,
            invited_at: call.now,
        };
        let secret = db::invitations::insert(tx, &invitation).await?;
        let letter = Letter::to(Kind::Invitation, None, &invitation.mail).with(secret);
        mails::queue(tx, &letter, (call.now, invitation.expires_at())).await?;
        record(tx, &call, ("", &invitation)).await?;
        let location = format!("/api/v1/invitations/{}", invitation.id);
        Created::new(location, None, &InvitationBody::from(&invitation))
    })
    .await
}

async fn list(
    State(db): State<Db>,
    call: Call,
    Query(asked): Query<Paged>,
) -> Answer<Listed<InvitationBody>> {
    let member = call.member()?;
    let of = (member.role != Role::SystemAdmin).then_some(member.organisation);
    let rows = db::invitations::list(db.read(), of, (asked.page, call.now)).await?;
    let place = |it: &Invitation| ById(it.id.as_uuid()).encode();
    Ok(Json(asked.limit.cut(rows, place, |it| InvitationBody::from(&it))))
}

async fn withdraw(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Invitation>,
) -> Result<StatusCode, Problem> {
    let member = *call.member()?;
    db.write(async |tx| {
        let invitation = db::invitations::get(tx, id, call.now).await?;
        let organisation = invitation.organisation;
        if member.role != Role::SystemAdmin && member.organisation != organisation {
            return Err(Problem::hidden());
        }
        call.may(&policy::Object::of_organisation(organisation))?;
        if !db::invitations::remove(tx, id).await? {
            return Err(Problem::new(Code::NotFound));
        }
        record(tx, &call, ("", &invitation)).await
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn accept_one(
    State(app): State<App>,
    call: Call,
    Choosing(body): Choosing<AcceptanceForm>,
) -> Result<(StatusCode, Json<PersonBody>), Problem> {
    let ended = || Problem::new(Code::LinkEnded);
    let AcceptanceForm { token, account, consents } = body.form;
    let Account { login, password, name } = account;
    let found = db::invitations::find(app.db.read(), (&token, call.now)).await?;
    let invitation = found.ok_or_else(ended)?;
    let organisation = db::organisations::get(app.db.read(), invitation.organisation).await?;
    let mut faults = Faults::default();
    for fault in app.identity.rules.faults(&password, &[organisation.profile.name.as_str()]) {
        faults.push("/account/password", fault);
    }
    faults.or(())?;
    let hash = app.identity.passwords.hash(&password).await?;
    let person = Person {
        id: PersonId::generate(),
        version: 0,
        organisation: invitation.organisation,
        role: invitation.role,
        login,
        name,
        state: PersonState::Active,
        created_at: call.now,
    };
    let given = |it: Agreement| it.given(person.id, (call.now, &call.request_id));
    let consents: Vec<Consent> = consents.into_iter().map(given).collect();
    let organisation = app
        .db
        .write(async |tx| {
            // Of many who accept at once one takes it.
            if !db::invitations::remove(tx, invitation.id).await? {
                return Err(ended());
            }
            let organisation = db::organisations::get(tx, invitation.organisation).await?;
            if organisation.state() == Standing::Suspended {
                return Err(ended());
            }
            let at_account = |it| taken(it, "/account/login");
            db::people::insert(tx, &person, &hash).await.map_err(at_account)?;
            db::consents::insert_all(tx, &consents).await?;
            // Whoever has the link reads what is sent there.
            db::mail_addresses::set(tx, person.id, (&invitation.mail, call.now)).await?;
            let detail = json!({ "invitation": invitation.id, "role": person.role });
            let object = Some(("person", person.id.as_uuid()));
            db::audit::append(tx, call.line("", object, detail)).await?;
            Ok(organisation)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(PersonBody::new(&person, Some(&organisation)))))
}

async fn record(tx: &db::Tx, call: &Call, (what, it): (&str, &Invitation)) -> Result<(), Problem> {
    let object = Some(("invitation", it.id.as_uuid()));
    let detail = json!({ "organisation": it.organisation, "role": it.role });
    Ok(db::audit::append(tx, call.line(what, object, detail)).await?)
}

impl From<&Invitation> for InvitationBody {
    fn from(it: &Invitation) -> Self {
        Self {
            id: it.id,
            organisation: it.organisation,
            role: it.role,
            mail: it.mail.clone(),
            invited_by: it.invited_by,
            invited_at: Moment(it.invited_at),
            expires_at: Moment(it.expires_at()),
        }
    }
}

impl Chooses for AcceptanceForm {
    const PASSWORD: &'static str = "/account/password";
    const NAMES: &'static [&'static str] = &["/account/login"];
}

impl Field for InvitationForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let (mail, organisation) = (object.required("mail"), object.optional("organisation"));
        object.close();
        Some(Self { mail: mail?, organisation })
    }
}

impl Field for AcceptanceForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let token = object.required::<String>("token");
        let account = object.required("account");
        let consents = Agreement::for_account(&mut object);
        object.close();
        Some(Self { token: token?.into(), account: account?, consents })
    }
}
