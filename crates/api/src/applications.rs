//! Applications: someone asks to join an organisation, and its members let them, or not.

use axum::{
    Json,
    extract::State,
    http::{Method, StatusCode},
};
use db::{
    Clock, Db, Tx,
    mails::{self, Kind, Letter},
};
use domain::{
    Fault,
    applications::{Applicant, Application, ApplicationForm, ApplicationId},
    consents::Consent,
    contacts::Mail,
    people::{Account, Person, PersonId, State as PersonState},
    policy::{self, Operation},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::{
    Answer, App,
    call::Call,
    cursor::ById,
    extract::{Chooses, Choosing, Path, Query},
    mail_addresses::{NEWS, ask},
    me::PersonBody,
    moment::Moment,
    page::{Listed, Paged},
    people::taken,
    problem::{Code, Problem},
    routes::{Doc, Routes},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    let apply = Doc::new(
        "apply",
        "申请加入单位（无论单位是否已注册，答复相同）",
        "Ask to join an organisation; answered alike whether it is registered",
    );
    Routes::new(clock)
        .add(
            (Method::POST, "/applications"),
            Operation::Apply,
            Doc { status: StatusCode::ACCEPTED, ..apply.body::<ApplicationForm>() },
            create,
        )
        .add(
            (Method::GET, "/applications"),
            Operation::ListApplications,
            Doc::new("listApplications", "加入本单位的申请", "Who asks to join one's organisation")
                .paged()
                .answers::<Listed<ApplicationBody>>(),
            list,
        )
        .add(
            (Method::POST, "/applications/{id}/accept"),
            Operation::DecideApplication,
            Doc::new(
                "acceptApplication",
                "同意加入（建立账号并邮件告知）",
                "Let someone join: the account is made, and its owner told by mail",
            )
            .answers::<PersonBody>(),
            accept,
        )
        .add(
            (Method::POST, "/applications/{id}/refuse"),
            Operation::DecideApplication,
            Doc::new(
                "refuseApplication",
                "不同意加入（删除申请并邮件告知）",
                "Do not let someone join: the application is deleted, and its writer told by mail",
            )
            .answers_nothing(),
            refuse,
        )
}

/// An application that nobody has answered yet.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Application")]
struct ApplicationBody {
    id: ApplicationId,
    login: String,
    name: String,
    mail: Mail,
    /// What the applicant says.
    words: String,
    applied_at: Moment,
    /// When it is deleted if nobody answers.
    expires_at: Moment,
}

/// Nothing here depends on whether there is such an organisation: an application for none is stored
/// as well, seen by nobody, and forgotten.
async fn create(
    State(app): State<App>,
    call: Call,
    Choosing(body): Choosing<ApplicationForm>,
) -> Result<StatusCode, Problem> {
    let ApplicationForm { organisation, account, mail, words, consents } = body.form;
    let Account { login, password, name } = account;
    let hash = app.identity.passwords.hash(&password).await?;
    let request_id = call.request_id.to_string();
    let application = Application {
        id: ApplicationId::generate(),
        number: organisation,
        applicant: Applicant { login, name, mail, words, consents, request_id },
        applied_at: call.now,
    };
    app.db
        .write(async |tx| {
            if db::people::find(tx, &application.applicant.login).await?.is_some() {
                let mut problem = Problem::new(Code::AlreadyExists);
                problem.faults.push("/account/login", Fault::Repeated);
                return Err(problem);
            }
            db::applications::insert(tx, &application, &hash).await?;
            let object = Some(("application", application.id.as_uuid()));
            Ok(db::audit::append(tx, call.line("", object, json!({}))).await?)
        })
        .await?;
    Ok(StatusCode::ACCEPTED)
}

async fn list(
    State(db): State<Db>,
    call: Call,
    Query(asked): Query<Paged>,
) -> Answer<Listed<ApplicationBody>> {
    let ours = db::organisations::get(db.read(), call.member()?.organisation).await?;
    let number = &ours.profile.number;
    let rows = db::applications::list(db.read(), number, (asked.page, call.now)).await?;
    let place = |it: &Application| ById(it.id.as_uuid()).encode();
    Ok(Json(asked.limit.cut(rows, place, |it| ApplicationBody::from(&it))))
}

async fn accept(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Application>,
) -> Answer<PersonBody> {
    let member = *call.member()?;
    let body = db.write(async |tx| {
        let (application, hash) = answered(tx, &call, id).await?;
        let applicant = application.applicant;
        let person = Person {
            id: PersonId::generate(),
            version: 0,
            organisation: member.organisation,
            role: member.role,
            login: applicant.login,
            name: applicant.name,
            state: PersonState::Active,
            created_at: call.now,
        };
        let evidence = (application.applied_at, applicant.request_id.as_str());
        let given = applicant.consents.into_iter().map(|it| it.given(person.id, evidence));
        let consents: Vec<Consent> = given.collect();
        db::people::insert(tx, &person, &hash).await.map_err(|it| taken(it, "/login"))?;
        db::consents::insert_all(tx, &consents).await?;
        ask(tx, &call, person.id, (Kind::Accepted, &applicant.mail)).await?;
        let detail = json!({ "application": id, "role": person.role });
        let object = Some(("person", person.id.as_uuid()));
        db::audit::append(tx, call.line("accepted", object, detail)).await?;
        let organisation = db::organisations::get(tx, member.organisation).await?;
        Ok::<_, Problem>(PersonBody::new(&person, Some(&organisation)))
    });
    Ok(Json(body.await?))
}

async fn refuse(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Application>,
) -> Result<StatusCode, Problem> {
    db.write(async |tx| {
        let (application, _) = answered(tx, &call, id).await?;
        let letter = Letter::to(Kind::Refused, None, &application.applicant.mail);
        mails::queue(tx, &letter, (call.now, call.now + NEWS)).await?;
        let object = Some(("application", id.as_uuid()));
        Ok::<_, Problem>(db::audit::append(tx, call.line("refused", object, json!({}))).await?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An application for the caller's organisation, which is removed with the answer to it.
async fn answered(
    tx: &Tx,
    call: &Call,
    id: ApplicationId,
) -> Result<(Application, String), Problem> {
    let ours = db::organisations::get(tx, call.member()?.organisation).await?;
    let (application, hash) = db::applications::get(tx, id, call.now).await?;
    if application.number != ours.profile.number {
        return Err(Problem::hidden());
    }
    call.may(&policy::Object::of_organisation(ours.id))?;
    if !db::applications::remove(tx, id).await? {
        return Err(Problem::new(Code::NotFound));
    }
    Ok((application, hash))
}

impl From<&Application> for ApplicationBody {
    fn from(it: &Application) -> Self {
        let who = &it.applicant;
        Self {
            id: it.id,
            login: who.login.as_str().to_owned(),
            name: who.name.to_string(),
            mail: who.mail.clone(),
            words: who.words.to_string(),
            applied_at: Moment(it.applied_at),
            expires_at: Moment(it.expires_at()),
        }
    }
}

impl Chooses for ApplicationForm {
    const PASSWORD: &'static str = "/account/password";
    const NAMES: &'static [&'static str] = &["/account/login"];
}
