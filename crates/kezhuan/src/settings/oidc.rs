//! The settings of signing in by another provider.

use anyhow::anyhow;
use api::{Provider, Terms};
use domain::{
    Fault, Faults,
    form::{Field, Object},
};
use secrecy::SecretString;
use serde_json::Value;

/// The section `oidc`.
#[derive(Clone, Debug)]
pub(crate) struct OidcSettings {
    /// Empty: there is no other provider.
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: SecretString,
    pub(crate) name: String,
}

/// Where people come back to, below the address that readers come by.
pub(crate) const BACK: &str = "/oidc/callback";

impl OidcSettings {
    /// Whether there is another provider.
    pub(crate) fn is_on(&self) -> bool {
        !self.issuer.is_empty()
    }

    /// The provider, which sends people back to the address that readers come by.
    pub(crate) fn provider(&self, url: &str) -> anyhow::Result<Option<Provider>> {
        if !self.is_on() {
            return Ok(None);
        }
        let terms = Terms {
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            name: self.name.clone(),
            back: format!("{url}{BACK}"),
        };
        let refused = |it: api::Problem| anyhow!("oidc cannot be set up: {:?}", it.code);
        Ok(Some(Provider::new(terms).map_err(refused)?))
    }
}

impl Field for OidcSettings {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let issuer = object.required::<String>("issuer");
        let client_id = object.required::<String>("client_id");
        let client_secret = object.required::<String>("client_secret");
        let name = object.required::<String>("name");
        let on = issuer.as_ref().is_some_and(|it| !it.is_empty());
        if on && !issuer.as_deref().is_some_and(Provider::is_safe) {
            object.fault("issuer", Fault::UnknownCode { table: "https://PROVIDER" });
        }
        for (key, text) in [("client_id", &client_id), ("name", &name)] {
            if on && text.as_ref().is_some_and(String::is_empty) {
                object.fault(key, Fault::Missing);
            }
        }
        object.close();
        Some(Self {
            issuer: issuer?,
            client_id: client_id?,
            client_secret: client_secret?.into(),
            name: name?,
        })
    }
}
