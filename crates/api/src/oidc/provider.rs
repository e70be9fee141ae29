//! The provider, and what is asked of it: where to send people, and who it was that came back.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, TokenResponse as _,
    core::{
        CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken,
        CoreJwsSigningAlgorithm, CoreProviderMetadata,
    },
    url::Url,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;

use super::fetching::{self, Unreached};
use crate::{
    problem::{Code, Problem},
    secrets,
};

/// A provider that people can sign in by, as OpenID Connect has it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Provider(Arc<Shared>);

/// What was agreed with the provider.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Its address; everything else about it is in a document there.
    pub issuer: String,
    /// What it calls this market.
    pub client_id: String,
    /// What this market proves itself to it with; empty if it demands nothing.
    pub client_secret: SecretString,
    /// What people call it.
    pub name: String,
    /// Where it sends people back to.
    pub back: String,
}

#[derive(Debug)]
struct Shared {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    name: String,
    back: RedirectUrl,
    http: reqwest::Client,
    known: Mutex<Option<Known>>,
}

/// What the provider says of itself, with its keys.
#[derive(Clone, Debug)]
struct Known {
    metadata: CoreProviderMetadata,
    at: DateTime<Utc>,
}

/// Someone who leaves for the provider.
#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) address: Url,
    pub(super) nonce: Nonce,
    pub(super) verifier: PkceCodeVerifier,
}

/// Someone who came back from it.
#[derive(Debug)]
pub(super) struct Returned {
    pub(super) code: SecretString,
    pub(super) verifier: String,
    /// The digest of what must stand in the provider's word.
    pub(super) nonce: String,
}

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// How long it is gone by what the provider said of itself, and how soon it is asked again if its
/// word does not fit that: its keys may be new ones.
const FRESH: TimeDelta = TimeDelta::minutes(5);
const SOON: TimeDelta = TimeDelta::seconds(10);

/// By which the provider may sign: whatever only it can sign by. Not by the secret that it shares
/// with this market, and never by nothing.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// The longest name of a person that the standard allows.
const SUBJECT: usize = 255;

impl Provider {
    /// A provider on these terms; nothing is asked of it yet.
    pub fn new(terms: Terms) -> Result<Self, Problem> {
        let secret = terms.client_secret.expose_secret();
        let client_secret = (!secret.is_empty()).then(|| ClientSecret::new(secret.to_owned()));
        Ok(Self(Arc::new(Shared {
            issuer: IssuerUrl::new(terms.issuer).map_err(Problem::internal)?,
            client_id: ClientId::new(terms.client_id),
            client_secret,
            name: terms.name,
            back: RedirectUrl::new(terms.back).map_err(Problem::internal)?,
            http: fetching::client().map_err(Problem::internal)?,
            known: Mutex::new(None),
        })))
    }

    /// Whether an address is one that a provider can have: TLS, but on this machine.
    pub fn is_safe(address: &str) -> bool {
        Url::parse(address).is_ok_and(|it| fetching::is_safe(&it) && it.query().is_none())
    }

    /// What people call it.
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    /// Its address, which names it.
    pub(crate) fn issuer(&self) -> &str {
        self.0.issuer.as_str()
    }

    /// Where to send someone, who is to come back with `state`.
    pub(super) async fn leave(&self, state: &str, now: DateTime<Utc>) -> Result<Leaving, Problem> {
        let client = self.client(self.known(now, FRESH).await?.metadata);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let state = CsrfToken::new(state.to_owned());
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let request = client.authorize_url(flow, move || state, Nonce::new_random);
        let (address, _, nonce) = request.set_pkce_challenge(challenge).url();
        Ok(Leaving { address, nonce, verifier })
    }

    /// Whom the provider says that someone is who came back; nothing if it does not prove that.
    pub(super) async fn subject(
        &self,
        returned: Returned,
        now: DateTime<Utc>,
    ) -> Result<String, Problem> {
        let known = self.known(now, FRESH).await?;
        let client = self.client(known.metadata);
        let token = self.redeem(&client, returned.code, returned.verifier).await?;
        let proved = match subject(&client, &token, (&returned.nonce, now)) {
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                let client = self.client(self.known(now, SOON).await?.metadata);
                subject(&client, &token, (&returned.nonce, now))
            }
            proved => proved,
        };
        let subject = proved.map_err(not_proved)?;
        if subject.is_empty() || subject.len() > SUBJECT {
            return Err(not_proved("the subject is none"));
        }
        Ok(subject)
    }

    /// Gives the provider the code for its word.
    async fn redeem(
        &self,
        client: &Client,
        code: SecretString,
        verifier: String,
    ) -> Result<CoreIdToken, Problem> {
        let code = AuthorizationCode::new(code.expose_secret().to_owned());
        let http = |request| fetching::fetch(self.0.http.clone(), request);
        let request = client.exchange_code(code).map_err(unavailable)?;
        let request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier));
        let answer = request.request_async(&http).await.map_err(|err| match err {
            // What it says in words is left out: it may name the person.
            RequestTokenError::ServerResponse(refusal) => {
                not_proved(format!("the provider refuses the code: {}", refusal.error()))
            }
            RequestTokenError::Request(err) => unavailable(err),
            err @ (RequestTokenError::Parse(..) | RequestTokenError::Other(_)) => unavailable(err),
        })?;
        answer.id_token().cloned().ok_or_else(|| not_proved("there is no ID token"))
    }

    fn client(&self, metadata: CoreProviderMetadata) -> Client {
        let shared = &self.0;
        let auth = auth_type(&metadata);
        let (id, secret) = (shared.client_id.clone(), shared.client_secret.clone());
        CoreClient::from_provider_metadata(metadata, id, secret)
            .set_auth_type(auth)
            .set_redirect_uri(shared.back.clone())
    }

    /// What the provider says of itself, asked anew if that is older than `most`. It is asked by one
    /// at a time.
    async fn known(&self, now: DateTime<Utc>, most: TimeDelta) -> Result<Known, Problem> {
        let mut known = self.0.known.lock().await;
        if let Some(known) = known.as_ref().filter(|it| (now - it.at).abs() < most) {
            return Ok(known.clone());
        }
        let http = |request| fetching::fetch(self.0.http.clone(), request);
        let issuer = self.0.issuer.clone();
        let metadata = CoreProviderMetadata::discover_async(issuer, &http).await;
        let metadata = metadata.map_err(unavailable)?;
        if !fetching::is_safe(metadata.authorization_endpoint().url()) {
            return Err(unavailable(Unreached::Address));
        }
        let found = Known { metadata, at: now };
        *known = Some(found.clone());
        Ok(found)
    }
}

/// In the header, as the standard has it, unless the provider takes it in the body only.
fn auth_type(metadata: &CoreProviderMetadata) -> AuthType {
    let methods = metadata.token_endpoint_auth_methods_supported();
    let takes = |it| methods.is_none_or(|methods| methods.contains(&it));
    let only_body = !takes(CoreClientAuthMethod::ClientSecretBasic)
        && takes(CoreClientAuthMethod::ClientSecretPost);
    if only_body { AuthType::RequestBody } else { AuthType::BasicAuth }
}

/// Whom a token names, if the provider signed it, for this market, lately, and for this sign-in.
fn subject(
    client: &Client,
    token: &CoreIdToken,
    (nonce, now): (&str, DateTime<Utc>),
) -> Result<String, ClaimsVerificationError> {
    let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS).set_time_fn(move || now);
    let fits = |it: Option<&Nonce>| match it {
        Some(it) if secrets::digest(it.secret()) == nonce => Ok(()),
        Some(_) | None => Err("it is of another sign-in".to_owned()),
    };
    Ok(token.claims(&verifier, fits)?.subject().as_str().to_owned())
}

fn unavailable(cause: impl std::error::Error) -> Problem {
    let mut told = cause.to_string();
    let mut deeper = cause.source();
    while let Some(it) = deeper {
        told = format!("{told}: {it}");
        deeper = it.source();
    }
    Problem::later(Code::ProviderUnavailable, 5).because(told)
}

fn not_proved(cause: impl std::fmt::Display) -> Problem {
    Problem::new(Code::IdentityNotProved).because(cause)
}
