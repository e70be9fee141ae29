//! Introductions: an accepted pair is put to both sides; what both agree to is then open to them.

use axum::{Json, extract::State, http::Method, response::Response};
use chrono::TimeDelta;
use db::{Clock, Db, Tx};
use domain::{
    achievements::Achievement,
    introductions::{
        Answer as Said, AnswerForm, Introduction, IntroductionId, Sides, State as Standing,
    },
    listings::{Form, Kind},
    needs::Need,
    pairs::{Pair, State as PairState},
    people::Role,
    policy::{Member, Object, Operation, View},
};
use serde_json::json;

use crate::{
    Answer, App,
    call::Call,
    cursor::ById,
    extract::{Body, IdempotencyKey, Path, Query},
    listings::{Extent, Owners, Reading, Sight},
    once::Created,
    page::{Listed, Paged},
    pairs,
    problem::{Code, Problem},
    routes::{Doc, Routes},
};

mod body;

use body::{IntroductionBody, IntroductionDetail};

pub(crate) fn routes(clock: Clock) -> Routes {
    let doc = |id, zh, en| Doc::new(id, zh, en).answers::<IntroductionDetail>();
    Routes::new(clock)
        .add(
            (Method::POST, "/pairs/{id}/introduction"),
            Operation::AskIntroduction,
            doc("introducePair", "征询双方意见", "Put an accepted pair to both sides").creates(),
            ask,
        )
        .add(
            (Method::GET, "/introductions"),
            Operation::ListIntroductions,
            Doc::new("listIntroductions", "我的对接", "Those that are one's own business")
                .paged()
                .answers::<Listed<IntroductionBody>>(),
            list,
        )
        .add(
            (Method::GET, "/introductions/{id}"),
            Operation::ReadIntroduction,
            doc(
                "readIntroduction",
                "查看对接：己方全文与对方公开部分，双方同意后见全部",
                "One's own side, and of the other what may be read before or after both agreed",
            ),
            read,
        )
        .add(
            (Method::POST, "/introductions/{id}/answer"),
            Operation::AnswerIntroduction,
            doc(
                "answerIntroduction",
                "答复：同意（三个问题与单独同意）或不同意（原因）",
                "Yes, with three answers and the consent to pass on contact data; or no, and why",
            )
            .body::<AnswerForm>(),
            answer,
        )
        .add(
            (Method::POST, "/introductions/{id}/withdraw"),
            Operation::WithdrawIntroduction,
            doc(
                "withdrawIntroduction",
                "撤回同意（对方随即不再看到联系方式）",
                "Take one's yes back: what was opened is closed from the next request on",
            ),
            withdraw,
        )
}

/// What someone is to an introduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    /// One of the two sides.
    Side(Kind),
    /// A matchmaker who may read both texts, or asked and may know of both.
    Matchmaker,
    /// The auditor, who reads no business text.
    Auditor,
}

/// An introduction with both listings, as far as its reader sees them.
struct Seen {
    introduction: Introduction,
    need: (Need, Sight),
    achievement: (Achievement, Sight),
    stand: Stand,
}

async fn ask(
    State(app): State<App>,
    call: Call,
    key: IdempotencyKey,
    Path(id): Path<Pair>,
) -> Result<Response, Problem> {
    let me = call.member()?.person;
    call.once(&app.db, (key, id.to_string()), async |tx| {
        let seen = pairs::Seen::get(tx, call.principal(), id).await?;
        let (need, achievement) = (&seen.need, &seen.achievement);
        call.may(&Object::between(need.organisation, achievement.organisation))?;
        if seen.pair.taken_by() != Some(me) {
            return Err(Problem::new(Code::HeldByAnother));
        }
        let offered = need.is_offered() && achievement.is_offered();
        if seen.pair.state() != PairState::Accepted || !offered {
            return Err(Problem::new(Code::WrongState));
        }
        let earlier = db::introductions::of_pair(tx, id).await?;
        let open =
            |it: &Introduction| matches!(it.state(call.now), Standing::Asked | Standing::Agreed);
        if earlier.iter().any(open) {
            return Err(Problem::new(Code::AlreadyExists));
        }
        let sides = Sides {
            pair: id,
            round: earlier.first().map_or(1, |it| it.sides.round + 1),
            need: (need.id, need.organisation),
            achievement: (achievement.id, achievement.organisation),
        };
        let until = call.now + TimeDelta::days(app.office.answer_days);
        let new = Introduction::ask(IntroductionId::generate(), sides, me, (call.now, until));
        db::introductions::insert(tx, &new).await?;
        record(tx, &call, &new, "").await?;
        let seen = Seen::get(tx, &call, new.id).await?;
        let detail = seen.detail(tx, &call).await?;
        Created::new(format!("/api/v1/introductions/{}", new.id), None, &detail)
    })
    .await
}

async fn list(
    State(db): State<Db>,
    call: Call,
    Query(asked): Query<Paged>,
) -> Answer<Listed<IntroductionBody>> {
    let rows = db::introductions::list(db.read(), call.principal(), asked.page).await?;
    let place = |it: &Introduction| ById(it.id.as_uuid()).encode();
    let stand = match call.member()?.role {
        Role::Enterprise => Stand::Side(Kind::Need),
        Role::Research => Stand::Side(Kind::Achievement),
        Role::Matchmaker => Stand::Matchmaker,
        Role::Lead | Role::SystemAdmin | Role::SecurityAdmin | Role::Auditor | Role::Unassigned => {
            Stand::Auditor
        }
    };
    Ok(Json(asked.limit.cut(rows, place, |it| IntroductionBody::new(&it, stand, call.now))))
}

async fn read(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Introduction>,
) -> Answer<IntroductionDetail> {
    let seen = Seen::get(db.read(), &call, id).await?;
    seen.reading(&call).note(&db).await?;
    Ok(Json(seen.detail(db.read(), &call).await?))
}

async fn answer(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Introduction>,
    body: Body<AnswerForm>,
) -> Answer<IntroductionDetail> {
    let me = call.member()?.person;
    db.write(async |tx| {
        let mut seen = Seen::get(tx, &call, id).await?;
        let Stand::Side(side) = seen.stand else { return Err(Problem::new(Code::NotFound)) };
        call.may(&seen.owned(side))?;
        let both = seen.need.0.is_offered() && seen.achievement.0.is_offered();
        if matches!(body.form, AnswerForm::Yes(_)) && !both {
            return Err(Problem::new(Code::WrongState));
        }
        let what = body.form.as_str();
        seen.introduction.take(side, body.form, (me, call.now))?;
        db::introductions::save(tx, &mut seen.introduction).await?;
        record(tx, &call, &seen.introduction, what).await
    })
    .await?;
    let seen = Seen::get(db.read(), &call, id).await?;
    seen.reading(&call).note(&db).await?;
    Ok(Json(seen.detail(db.read(), &call).await?))
}

async fn withdraw(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Introduction>,
) -> Answer<IntroductionDetail> {
    let me = call.member()?.person;
    db.write(async |tx| {
        let mut seen = Seen::get(tx, &call, id).await?;
        let theirs = match seen.stand {
            Stand::Side(side) => {
                call.may(&seen.owned(side))?;
                seen.introduction.answer(side).is_some_and(Said::is_yes)
            }
            Stand::Matchmaker => {
                let sides = &seen.introduction.sides;
                call.may(&Object::between(sides.need.1, sides.achievement.1))?;
                if seen.introduction.asked_by != me {
                    return Err(Problem::new(Code::HeldByAnother));
                }
                seen.introduction.state(call.now) == Standing::Asked
            }
            Stand::Auditor => return Err(Problem::new(Code::NotFound)),
        };
        if !theirs {
            return Err(Problem::new(Code::WrongState));
        }
        seen.introduction.withdraw(call.now)?;
        db::introductions::save(tx, &mut seen.introduction).await?;
        record(tx, &call, &seen.introduction, "").await
    })
    .await?;
    let seen = Seen::get(db.read(), &call, id).await?;
    seen.reading(&call).note(&db).await?;
    Ok(Json(seen.detail(db.read(), &call).await?))
}

async fn record(tx: &Tx, call: &Call, it: &Introduction, what: &str) -> Result<(), Problem> {
    let detail = json!({ "pair": it.sides.pair, "state": it.stored_state() });
    let line = call.line(what, Some(("introduction", it.id.as_uuid())), detail);
    Ok(db::audit::append(tx, line).await?)
}

impl Stand {
    /// What a member is to an introduction; nothing that may be known to others.
    fn of(
        member: &Member,
        introduction: &Introduction,
        (need, need_view): (&Need, View),
        (achievement, achievement_view): (&Achievement, View),
    ) -> Option<Self> {
        let found_by = (need.form().visibility(), achievement.form().visibility());
        let known = |side: Kind| match side {
            Kind::Need => introduction.is_known_to(side, found_by),
            Kind::Achievement => introduction.is_known_to(side, (found_by.1, found_by.0)),
        };
        let owns = |owner, view: View| member.organisation == owner && view >= View::Business;
        match member.role {
            Role::Enterprise => (owns(need.organisation, need_view) && known(Kind::Need))
                .then_some(Self::Side(Kind::Need)),
            Role::Research => {
                let owns = owns(achievement.organisation, achievement_view);
                (owns && known(Kind::Achievement)).then_some(Self::Side(Kind::Achievement))
            }
            Role::Matchmaker => {
                let asked = introduction.asked_by == member.person;
                let least = if asked { View::Metadata } else { View::Business };
                (need_view.min(achievement_view) >= least).then_some(Self::Matchmaker)
            }
            Role::Auditor => Some(Self::Auditor),
            Role::Lead | Role::SystemAdmin | Role::SecurityAdmin | Role::Unassigned => None,
        }
    }
}

impl Seen {
    async fn get(conn: &impl db::Conn, call: &Call, id: IntroductionId) -> Result<Self, Problem> {
        let introduction = db::introductions::get(conn, id).await?;
        let need = db::listings::get(conn, introduction.sides.need.0).await?;
        let achievement = db::listings::get(conn, introduction.sides.achievement.0).await?;
        let need_sight = Sight::seen(conn, call.principal(), &need).await?;
        let achievement_sight = Sight::seen(conn, call.principal(), &achievement).await?;
        let stand = Stand::of(
            call.member()?,
            &introduction,
            (&need, need_sight.view),
            (&achievement, achievement_sight.view),
        );
        let stand = stand.ok_or_else(Problem::hidden)?;
        let (need, achievement) = ((need, need_sight), (achievement, achievement_sight));
        Ok(Self { introduction, need, achievement, stand })
    }

    /// Both sides are to be shown, each as far as the reader sees it.
    fn reading(&self, call: &Call) -> Reading {
        let Self { need, achievement, .. } = self;
        let reading = Reading::new().of(call, &need.0, need.1, Extent::Whole);
        reading.of(call, &achievement.0, achievement.1, Extent::Whole)
    }

    /// A side, as the object of an act.
    const fn owned(&self, side: Kind) -> Object {
        match side {
            Kind::Need => Object::of(self.need.0.organisation, self.need.0.author),
            Kind::Achievement => {
                Object::of(self.achievement.0.organisation, self.achievement.0.author)
            }
        }
    }

    async fn detail(
        &self,
        conn: &impl db::Conn,
        call: &Call,
    ) -> Result<IntroductionDetail, Problem> {
        let sides = &self.introduction.sides;
        let owners = Owners::of(conn, [sides.need.1, sides.achievement.1]).await?;
        let phrases = match self.stand {
            Stand::Auditor => Vec::new(),
            Stand::Side(_) | Stand::Matchmaker => {
                db::pairs::get(conn, sides.pair).await?.explanation.phrases
            }
        };
        IntroductionDetail::new(self, phrases, &owners, call.now)
    }
}
