//! Lets time pass: listings expire, deferred pairs come back, what need not be kept goes.

use chrono::TimeDelta;
use db::{
    Db, Tx, answers, applications, attempts, audit, invitations,
    jobs::{self, Claim},
    links, oidc_flows, outbox, rates, tokens,
};
use domain::{
    achievements::AchievementForm,
    days::Day,
    listings::{Action, Form},
    needs::NeedForm,
    pairs,
};
use uuid::Uuid;

use crate::Result;

/// How often time passes.
const EVERY: TimeDelta = TimeDelta::seconds(60);
/// How many rows of each kind one sweep moves.
const BATCH: u64 = 200;

type Now = chrono::DateTime<chrono::Utc>;

/// Sees to it that there is a sweep to come, once for all processes.
pub(crate) async fn ensure(db: &Db, now: Now) -> Result<()> {
    let job = async |tx: &Tx| jobs::ensure(tx, jobs::Kind::Sweep, Uuid::nil(), now).await;
    Ok(db.write(job).await?)
}

/// One sweep, and the next one asked for. Lines of the audit log are `kept` so long.
pub(crate) async fn sweep(db: &Db, claim: &Claim, kept: TimeDelta, now: Now) -> Result<()> {
    let today = Day::at(now);
    db.write(async |tx| {
        let mut most = expire::<NeedForm>(tx, today, now).await?;
        most = most.max(expire::<AchievementForm>(tx, today, now).await?);
        let mut woken = 0;
        for mut pair in db::pairs::due(tx, today, BATCH).await? {
            if pair.pass(pairs::Action::Wake).is_ok() {
                db::pairs::save(tx, &mut pair).await?;
                woken += 1;
            }
        }
        answers::forget(tx, now - TimeDelta::hours(24)).await?;
        attempts::forget(tx, now - TimeDelta::days(1)).await?;
        tokens::forget(tx, now - TimeDelta::days(30)).await?;
        oidc_flows::forget(tx, now).await?;
        outbox::forget(tx, now - TimeDelta::days(7)).await?;
        purge(tx, now - kept, now).await?;
        rates::forget(tx, now).await?;
        links::forget(tx, now).await?;
        invitations::forget(tx, now).await?;
        applications::forget(tx, now).await?;
        jobs::finish(tx, claim).await?;
        // A full batch has left some behind. Only what moved counts: rows that cannot move would
        // be found again at once, for ever.
        let pause = if most.max(woken) < BATCH { EVERY } else { TimeDelta::zero() };
        jobs::enqueue(tx, jobs::Kind::Sweep, Uuid::nil(), now + pause).await
    })
    .await?;
    Ok(())
}

/// Purges lines of the audit log from before a moment; a day's worth of them at a time, since each
/// purge leaves a line itself.
async fn purge(tx: &Tx, before: Now, now: Now) -> db::Result<()> {
    if audit::oldest(tx).await?.is_some_and(|it| it < before - TimeDelta::days(1)) {
        audit::purge(tx, before, now).await?;
    }
    Ok(())
}

/// Ends what is overdue, and tells how many listings that were.
async fn expire<F: Form>(tx: &Tx, today: Day, now: Now) -> db::Result<u64> {
    let mut expired = 0;
    for mut listing in db::listings::overdue::<F>(tx, today, BATCH).await? {
        if listing.act(Action::Expire, now).is_err() {
            continue;
        }
        db::listings::save(tx, &mut listing).await?;
        let id = listing.id.as_uuid();
        outbox::announce_each(tx, F::KIND, &[id], (jobs::Priority::Bulk, now)).await?;
        let line = audit::Line {
            object: Some((F::KIND.as_str().to_owned(), id)),
            ..audit::Line::new(now, format!("{}s.expire", F::KIND))
        };
        audit::append(tx, line).await?;
        expired += 1;
    }
    Ok(expired)
}
