//! Everyone the matrix asks.

use std::collections::BTreeMap;

use api::Passwords;
use chrono::TimeDelta;
use db::{
    passwords::{By, New},
    second_factors,
};
use domain::{
    organisations::{OrganisationId, State as Standing},
    passwords::Password,
    people::{Person, Role, State},
};

use totp_rs::{Builder, Secret};

use super::{objects, table::EVERYONE};
use crate::world::{Someone, VISITOR, World, member, session};

/// The password of everyone in the cast.
pub(super) const PASSWORD: &str = "太行山上的红薯真甜啊二零二六";

/// The secret of everyone's second factor, the one that counts and the one to be confirmed.
const DEVICE: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// A market, and everyone by the short name the table gives them.
pub(super) struct Cast {
    pub(super) world: World,
    pub(super) enterprise: OrganisationId,
    /// A need of the enterprise's, for what names one in its body.
    pub(super) need: String,
    /// The hash of [`PASSWORD`].
    hash: String,
    everyone: BTreeMap<&'static str, Someone>,
}

impl Cast {
    pub(super) async fn new() -> Self {
        let world = World::new().await;
        let of = |it: &Someone| it.person.clone().unwrap().organisation;
        let (plant, school) = (of(&world.enterprise), of(&world.research));
        let pending = objects::organisation(&world.db, "enterprise", Standing::Registered).await;
        let suspended = objects::organisation(&world.db, "enterprise", Standing::Suspended).await;
        let rival = objects::organisation(&world.db, "enterprise", Standing::Verified).await;
        let institute = objects::organisation(&world.db, "institute", Standing::Verified).await;
        let mut everyone = BTreeMap::from([
            ("V", VISITOR),
            ("Ea", world.enterprise.clone()),
            ("Ra", world.research.clone()),
            ("Ma", world.matchmaker.clone()),
            ("Mo", world.other_matchmaker.clone()),
            ("L", world.lead.clone()),
            ("SA", world.system_admin.clone()),
            ("PA", world.security_admin.clone()),
            ("AU", world.auditor.clone()),
        ]);
        for (who, organisation, role) in [
            ("Pe", pending, Role::Enterprise),
            ("Su", suspended, Role::Enterprise),
            ("Ec", plant, Role::Enterprise),
            ("Eo", rival, Role::Enterprise),
            ("Rc", school, Role::Research),
            ("Ro", institute, Role::Research),
            ("Di", plant, Role::Enterprise),
            ("Ex", plant, Role::Enterprise),
        ] {
            let login = format!("cast.{}", who.to_lowercase());
            everyone.insert(who, member(&world.db, organisation, role, &login).await);
        }
        let pool = Passwords::new(1).unwrap();
        let hash = pool.hash(&Password::new(PASSWORD).unwrap()).await.unwrap();
        let mut cast = Self { world, enterprise: plant, need: String::new(), hash, everyone };
        cast.need = Box::pin(objects::make(&cast, "need published confidential")).await;
        for who in EVERYONE {
            cast.revive(who).await;
        }
        cast
    }

    pub(super) fn someone(&self, who: &str) -> &Someone {
        &self.everyone[who]
    }

    pub(super) fn person(&self, who: &str) -> &Person {
        self.someone(who).person.as_ref().unwrap()
    }

    /// The present code of everyone's device.
    pub(super) fn code(&self) -> String {
        let secret = Secret::try_from_base32(DEVICE).unwrap();
        let device = Builder::new().with_secret(secret).build().unwrap();
        let now = self.world.clock.now().timestamp();
        device.generate(u64::try_from(now).unwrap()).to_string()
    }

    /// Brings someone back to where they began: a session, a password, and whether they may sign in.
    pub(super) async fn revive(&self, who: &str) {
        let Some(person) = &self.someone(who).person else { return };
        let ends = if who == "Ex" { TimeDelta::days(-1) } else { TimeDelta::days(1000) };
        let state = if who == "Di" { State::Disabled } else { State::Active };
        let at = self.world.clock.now();
        let new = New { hash: &self.hash, at, by: By::Owner, keep: 0 };
        let restore = async |tx: &db::Tx| {
            db::passwords::set(tx, person.id, new).await?;
            db::people::set_login(tx, person.id, &person.login).await?;
            second_factors::remove(tx, person.id).await?;
            second_factors::begin(tx, person.id, DEVICE).await?;
            second_factors::confirm(tx, (person.id, DEVICE), (0, at)).await?;
            second_factors::begin(tx, person.id, DEVICE).await?;
            switch(tx, person, state).await
        };
        self.world.db.write(restore).await.unwrap();
        let ends = self.world.clock.now() + ends;
        session(&self.world.db, self.someone(who), ends).await;
    }
}

async fn switch(tx: &db::Tx, person: &Person, state: State) -> db::Result<()> {
    let mut now = db::people::get(tx, person.id).await?;
    if now.state != state {
        now.state = state;
        db::people::save(tx, &mut now).await?;
    }
    Ok(())
}
