//! Sends the mail that waits, a mail at a time, apart from all other work: a mail server that dawdles
//! keeps nobody waiting but the next mail.

use chrono::{DateTime, TimeDelta, Utc};
use db::{
    Clock, Db, Tx, audit,
    jobs::{self, Claim, Kind},
    links::{self, Link, Purpose},
    mail_addresses,
    mails::{self, Letter, Mail},
    people,
};
use domain::{
    Id,
    contacts::Mail as Address,
    people::{Login, PersonId, State},
};
use secrecy::ExposeSecret as _;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    Error, Result,
    post::{NotSent, Post},
    worker::{POLL, after_error, unless_stopped},
};

/// Sends the mail that waits.
#[derive(Debug)]
pub struct Postman {
    db: Db,
    clock: Clock,
    post: Post,
    id: Uuid,
}

/// How long a link to set a new password serves.
const RESET: TimeDelta = TimeDelta::minutes(30);
/// How many such links a person can have at a time: who asks for someone else fills no mailbox.
const RESETS: u64 = 3;

impl Postman {
    /// A postman of a market.
    pub fn new(db: Db, clock: Clock, post: Post) -> Self {
        Self { db, clock, post, id: Uuid::now_v7() }
    }

    /// Sends until told to stop. What fails is tried again, and given up when it is too late.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let Some(done) = unless_stopped(&stop, self.round()).await else { break };
            let pause = match done {
                Ok(0) => POLL,
                Ok(_) => continue,
                Err(err) => after_error(&err),
            };
            stop.run_until_cancelled(timeout(pause, self.db.committed())).await;
        }
    }

    /// Sends until nothing is left that is due now. For tests.
    pub async fn settle(&self) -> Result<()> {
        while self.round().await? > 0 {}
        Ok(())
    }

    /// Sends a mail, if one is due; tells how many.
    async fn round(&self) -> Result<usize> {
        let now = self.clock.now();
        let claims = jobs::claim_of(&self.db, (self.id, &[Kind::PostMail]), 1, now).await?;
        for claim in &claims {
            if let Err(err) = self.post(claim, now).await {
                self.put_off(claim, &err).await?;
            }
        }
        Ok(claims.len())
    }

    async fn put_off(&self, claim: &Claim, why: &Error) -> Result<()> {
        tracing::warn!(mail = %claim.subject, error = %why, "a mail was not sent; it is tried again later");
        let (now, why) = (self.clock.now(), why.to_string());
        Ok(self.db.write(async |tx: &Tx| jobs::fail(tx, claim, &why, now).await).await?)
    }

    async fn post(&self, claim: &Claim, now: DateTime<Utc>) -> Result<()> {
        let Some(mail) = mails::find(self.db.read(), claim.subject).await? else {
            return Ok(self.db.write(async |tx| jobs::finish(tx, claim).await).await?);
        };
        if now >= mail.give_up_at {
            return self.give_up(claim, &mail, ("it is too late", now)).await;
        }
        if mail.letter.kind == mails::Kind::ResetAsked {
            return self.answer_reset(claim, &mail, now).await;
        }
        match self.post.send(&mail).await {
            Ok(()) => {
                metrics::counter!("kezhuan_mails_total", "outcome" => "sent").increment(1);
                self.end(claim, &mail, None).await
            }
            Err(NotSent::Never(why)) => self.give_up(claim, &mail, (&why, now)).await,
            Err(NotSent::Later(why)) => Err(Error::Post(why)),
        }
    }

    /// Makes a link for whoever has the sign-in name that was typed, if anyone does.
    async fn answer_reset(&self, claim: &Claim, mail: &Mail, now: DateTime<Utc>) -> Result<()> {
        let found = match Login::new(mail.letter.to.expose_secret()) {
            Ok(login) => people::find(self.db.read(), &login).await?,
            Err(_) => None,
        };
        let person = found.map(|it| it.0).filter(|it| it.state == State::Active);
        self.db
            .write(async |tx| {
                if let Some(person) = &person {
                    people::hold(tx, person.id).await?;
                    offer_reset(tx, person.id, now).await?;
                }
                mails::remove(tx, mail.id).await?;
                jobs::finish(tx, claim).await
            })
            .await?;
        Ok(())
    }

    async fn give_up(
        &self,
        claim: &Claim,
        mail: &Mail,
        (why, now): (&str, DateTime<Utc>),
    ) -> Result<()> {
        metrics::counter!("kezhuan_mails_total", "outcome" => "given_up").increment(1);
        tracing::warn!(mail = %mail.id, kind = mail.letter.kind.as_str(), why, "a mail is given up");
        let line = audit::Line {
            object: Some(("mail".to_owned(), mail.id.as_uuid())),
            outcome: audit::Outcome::Failed,
            detail: serde_json::json!({ "kind": mail.letter.kind.as_str() }),
            ..audit::Line::new(now, "mails.post")
        };
        self.end(claim, mail, Some(line)).await
    }

    async fn end(&self, claim: &Claim, mail: &Mail, line: Option<audit::Line>) -> Result<()> {
        self.db
            .write(async |tx| {
                mails::remove(tx, mail.id).await?;
                if let Some(line) = line {
                    audit::append(tx, line).await?;
                }
                jobs::finish(tx, claim).await
            })
            .await?;
        Ok(())
    }
}

/// Queues a link to set a new password for someone who has an address, and not too many links.
async fn offer_reset(tx: &Tx, person: PersonId, now: DateTime<Utc>) -> db::Result<()> {
    let address: Option<(Address, _)> = mail_addresses::find(tx, person).await?;
    let open = links::count(tx, (person, Purpose::Reset), now).await?;
    let Some((address, _)) = address.filter(|_| open < RESETS) else { return Ok(()) };
    let expires_at = now + RESET;
    let link = Link {
        id: Id::generate(),
        person,
        purpose: Purpose::Reset,
        mail: None,
        made_at: now,
        expires_at,
    };
    let secret = links::insert(tx, &link).await?;
    let letter = Letter::to(mails::Kind::Reset, Some(person), &address).with(secret);
    mails::queue(tx, &letter, (now, expires_at)).await?;
    let line = audit::Line {
        object: Some(("person".to_owned(), person.as_uuid())),
        ..audit::Line::new(now, "passwords.reset:offered")
    };
    audit::append(tx, line).await
}
