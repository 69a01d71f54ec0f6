//! What the mutations of a login have changed so far. A run's list is applied to a copy, which takes the place of the
//! original when the whole list is legal.

use postern_contract::{Factor, Given, MultifactorOptions, Mutation};
use postern_model::{MetadataKind, User, limits};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::claims::{TokenClaims, entry_len};
use crate::event::{MAX_DEPTH, depth_within};
use crate::factors::{self, Wish};
use crate::facts::FactorFacts;
use crate::pending::Pending;
use crate::scopes::ScopeChanges;

/// Kept over a suspension.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) id_token: TokenClaims,
    pub(crate) access_token: TokenClaims,
    pub(crate) scopes: ScopeChanges,
    pub(crate) transaction: Map<String, Value>,
    pub(crate) pending: Pending,
    /// What `multifactor.enable` asked for last.
    pub(crate) multifactor: Option<Value>,
    /// Whether `multifactor.enable` was last called with `none`.
    #[serde(default)]
    pub(crate) no_multifactor: bool,
    /// Factors that were asked for and given in this login.
    pub(crate) satisfied: Vec<String>,
}

/// What became of one mutation of a legal list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    Applied,
    /// Without effect, as the rules want it; the operator is told.
    Dropped(String),
    /// Without effect: this host has nothing that it could change.
    NotHere(&'static str),
    /// Without effect, for a reason of this login.
    Refused(String),
    /// Done in part; the operator is told what was left out.
    Partly(String),
}

/// What a run asks for beside changes of the state.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Asked {
    /// Code and reason.
    pub(crate) deny: Option<(String, String)>,
    /// Place in the list, and address.
    pub(crate) redirect: Option<(usize, String)>,
    /// Place in the list, and factors.
    pub(crate) challenge: Option<(usize, Vec<Value>)>,
    /// Why no factor of the last challenge can be asked for.
    pub(crate) no_factor: Option<String>,
    /// Keys of metadata that were written or taken back.
    pub(crate) touched: Vec<(MetadataKind, String)>,
    pub(crate) transaction_changed: bool,
}

/// What a mutation is judged by beside the state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judge<'a> {
    pub(crate) user: &'a User,
    /// Whether the access token is one of the Management API.
    pub(crate) management: bool,
    pub(crate) factors: &'a FactorFacts,
    /// Place of the action.
    pub(crate) action: usize,
}

const ACCESS_DENIED: &str = "access_denied";
/// What rules tell an application (Auth0: `UnauthorizedError`).
const UNAUTHORIZED: &str = "unauthorized";
const REPLACED: &str = "a later call of the same run took its place";
const DENIED: &str = "the same run denies the login";
const NO_SESSION: &str = "this login has no session";
const NO_REFRESH_TOKEN: &str = "this login has no refresh token";
const NO_SAML: &str = "this login has no SAML response";

impl State {
    /// Applies a whole list, or says what is wrong with it. `self` is then of no use any more.
    pub(crate) fn apply(
        &mut self,
        mutations: Vec<Mutation>,
        judge: Judge<'_>,
    ) -> Result<(Vec<Verdict>, Asked), String> {
        let mut asked = Asked::default();
        let mut verdicts = Vec::with_capacity(mutations.len());
        let mut renders = 0_u32;
        for (place, mutation) in mutations.into_iter().enumerate() {
            mutation.check().map_err(|bad| bad.to_string())?;
            let name = mutation.type_name();
            renders += u32::from(matches!(mutation, Mutation::PromptRender { .. }));
            let verdict = self.apply_one(mutation, place, judge, &mut asked, &mut verdicts);
            verdicts.push(verdict.map_err(|rule| format!("{name}: {rule}"))?);
        }
        if renders > 1 || (renders > 0 && asked.redirect.is_some()) {
            return Err("prompt.render: one prompt per run, and no redirect beside it".to_owned());
        }
        for kind in [MetadataKind::AppMetadata, MetadataKind::UserMetadata] {
            if asked.touched.iter().any(|(touched, _)| *touched == kind) {
                self.pending.check_total(judge.user, kind).map_err(|bad| bad.to_string())?;
            }
        }
        settle(&mut asked, &mut verdicts);
        Ok((verdicts, asked))
    }

    #[expect(clippy::too_many_lines, reason = "a table: one arm a mutation, so that none is forgotten")]
    fn apply_one(
        &mut self,
        mutation: Mutation,
        place: usize,
        judge: Judge<'_>,
        asked: &mut Asked,
        verdicts: &mut [Verdict],
    ) -> Result<Verdict, String> {
        Ok(match mutation {
            Mutation::AccessDeny { reason, code } => {
                let code = code.unwrap_or_else(|| ACCESS_DENIED.to_owned());
                if code != ACCESS_DENIED && code != UNAUTHORIZED {
                    return Err(format!("a login is denied with the code {ACCESS_DENIED} or {UNAUTHORIZED}"));
                }
                deny(asked, code, reason.into_text())
            }
            Mutation::ValidationError { code, message } => deny(asked, code, message),
            Mutation::IdTokenSetCustomClaim { key, value } => {
                value.iter().try_for_each(shallow)?;
                self.id_token.ask(key, value).map_or_else(Verdict::Dropped, |()| Verdict::Applied)
            }
            Mutation::AccessTokenSetCustomClaim { key, value } => {
                value.iter().try_for_each(shallow)?;
                if judge.management {
                    return Ok(Verdict::Dropped("a Management API token takes no custom claims".to_owned()));
                }
                self.access_token.ask(key, value).map_or_else(Verdict::Dropped, |()| Verdict::Applied)
            }
            Mutation::AccessTokenAddScope { scope } => {
                self.scopes.set(scope, true)?;
                Verdict::Applied
            }
            Mutation::AccessTokenRemoveScope { scope } => {
                self.scopes.set(scope, false)?;
                Verdict::Applied
            }
            Mutation::UserSetAppMetadata { key, value } => {
                self.set_metadata(MetadataKind::AppMetadata, key, value, judge, asked)?
            }
            Mutation::UserSetUserMetadata { key, value } => {
                self.set_metadata(MetadataKind::UserMetadata, key, value, judge, asked)?
            }
            Mutation::TransactionSetMetadata { key, value } => {
                self.set_transaction(key, value)?;
                asked.transaction_changed = true;
                Verdict::Applied
            }
            Mutation::MultifactorEnable { provider, options } => {
                self.set_multifactor(&provider, options, judge.factors)
            }
            Mutation::RedirectSendUserTo { url } => {
                if let Some((before, _)) = asked.redirect.replace((place, url)) {
                    replace(verdicts, before);
                }
                Verdict::Applied
            }
            Mutation::AuthenticationChallengeWith { factor, additional_factors } => {
                let factors = std::iter::once(factor).chain(additional_factors.into_iter().flatten());
                self.challenge(factors, Wish::Challenge, (place, judge), asked, verdicts)
            }
            Mutation::AuthenticationEnrollWith { factor, additional_factors } => {
                let factors = std::iter::once(factor).chain(additional_factors.into_iter().flatten());
                self.challenge(factors, Wish::Enroll, (place, judge), asked, verdicts)
            }
            Mutation::AuthenticationChallengeWithAny { factors } => {
                self.challenge(factors.into_iter(), Wish::Challenge, (place, judge), asked, verdicts)
            }
            Mutation::AuthenticationEnrollWithAny { factors } => {
                self.challenge(factors.into_iter(), Wish::Enroll, (place, judge), asked, verdicts)
            }
            Mutation::SessionSetExpiresAt { .. }
            | Mutation::SessionSetIdleExpiresAt { .. }
            | Mutation::SessionSetMetadata { .. }
            | Mutation::SessionDeleteMetadata { .. }
            | Mutation::SessionEvictMetadata {}
            | Mutation::SessionRevoke { .. }
            | Mutation::SessionSetCookieMode { .. }
            | Mutation::AuthenticationRecordMethod { .. } => Verdict::NotHere(NO_SESSION),
            Mutation::RefreshTokenRevoke { .. }
            | Mutation::RefreshTokenSetExpiresAt { .. }
            | Mutation::RefreshTokenSetIdleExpiresAt { .. }
            | Mutation::RefreshTokenSetMetadata { .. }
            | Mutation::RefreshTokenDeleteMetadata { .. }
            | Mutation::RefreshTokenEvictMetadata {} => Verdict::NotHere(NO_REFRESH_TOKEN),
            Mutation::PromptRender { .. } => Verdict::NotHere("forms are not rendered"),
            Mutation::AuthenticationSetPrimaryUser { .. } => Verdict::NotHere("logins do not link identities"),
            Mutation::SamlResponseSetAttribute { .. }
            | Mutation::SamlResponseSetAudience { .. }
            | Mutation::SamlResponseSetRecipient { .. }
            | Mutation::SamlResponseSetDestination { .. }
            | Mutation::SamlResponseSetIssuer { .. }
            | Mutation::SamlResponseSetRelayState { .. }
            | Mutation::SamlResponseSetNameIdentifierFormat { .. }
            | Mutation::SamlResponseSetNameIdentifierProbes { .. }
            | Mutation::SamlResponseSetAuthnContextClassRef { .. }
            | Mutation::SamlResponseSetSigningCert { .. }
            | Mutation::SamlResponseSetEncryptionCert { .. }
            | Mutation::SamlResponseSetEncryptionPublicKey { .. }
            | Mutation::SamlResponseSetCert { .. }
            | Mutation::SamlResponseSetKey { .. }
            | Mutation::SamlResponseSetSignatureAlgorithm { .. }
            | Mutation::SamlResponseSetDigestAlgorithm { .. }
            | Mutation::SamlResponseSetEncryptionAlgorithm { .. }
            | Mutation::SamlResponseSetLifetimeInSeconds { .. }
            | Mutation::SamlResponseSetSignResponse { .. }
            | Mutation::SamlResponseSetCreateUpnClaim { .. }
            | Mutation::SamlResponseSetPassthroughClaimsWithNoMapping { .. }
            | Mutation::SamlResponseSetMapUnknownClaimsAsIs { .. }
            | Mutation::SamlResponseSetMapIdentities { .. }
            | Mutation::SamlResponseSetIncludeAttributeNameFormat { .. }
            | Mutation::SamlResponseSetTypedAttributes { .. } => Verdict::NotHere(NO_SAML),
        })
    }

    fn set_metadata(
        &mut self,
        kind: MetadataKind,
        key: Given,
        value: Option<Value>,
        judge: Judge<'_>,
        asked: &mut Asked,
    ) -> Result<Verdict, String> {
        let Given(Some(Value::String(key))) = key else {
            return Ok(Verdict::Dropped("a metadata key is a text".to_owned()));
        };
        value.iter().try_for_each(shallow)?;
        self.pending.set(kind, key.clone(), value, judge.action).map_err(|bad| bad.to_string())?;
        asked.touched.push((kind, key));
        Ok(Verdict::Applied)
    }

    fn set_transaction(&mut self, key: String, value: Value) -> Result<(), String> {
        if value.is_null() {
            self.transaction.shift_remove(&key);
            return Ok(());
        }
        self.transaction.insert(key, value);
        let bytes: usize = self.transaction.iter().map(|(key, value)| entry_len(key, value)).sum();
        if bytes > limits::TRANSACTION_BYTES {
            return Err(format!("transaction metadata would exceed {} bytes", limits::TRANSACTION_BYTES));
        }
        Ok(())
    }

    /// The last call wins; `none` takes back an earlier one. A provider that cannot be asked is kept all the same: the
    /// login fails at its end rather than going through without the factor.
    fn set_multifactor(&mut self, provider: &str, options: Option<MultifactorOptions>, facts: &FactorFacts) -> Verdict {
        self.no_multifactor = provider == "none";
        self.multifactor = (!self.no_multifactor).then(|| {
            let remember = options.and_then(|options| options.allow_remember_browser);
            match remember {
                Some(remember) => json!({"type": provider, "options": {"allowRememberBrowser": remember}}),
                None => json!({"type": provider}),
            }
        });
        if self.no_multifactor {
            return Verdict::Applied;
        }
        factors::no_provider(facts, provider).map_or(Verdict::Applied, Verdict::Refused)
    }

    fn challenge(
        &self,
        named: impl Iterator<Item = Factor>,
        wish: Wish,
        (place, judge): (usize, Judge<'_>),
        asked: &mut Asked,
        verdicts: &mut [Verdict],
    ) -> Verdict {
        let wanted: Vec<Factor> = named
            .map(|Factor { kind, options }| Factor { kind: canonical(kind), options })
            .filter(|factor| !self.satisfied.contains(&factor.kind))
            .collect();
        if wanted.is_empty() {
            return Verdict::NotHere("the factors were already given in this login");
        }
        let usable = factors::usable(judge.factors, wanted, wish);
        let refused = usable.refused.join("; ");
        if let Some((before, _)) = asked.challenge.take() {
            replace(verdicts, before);
        }
        if usable.factors.is_empty() {
            asked.no_factor = Some(refused.clone());
            return Verdict::Refused(refused);
        }
        asked.no_factor = None;
        asked.challenge = Some((place, usable.factors));
        if refused.is_empty() { Verdict::Applied } else { Verdict::Partly(refused) }
    }
}

/// One name for a factor that has two (Auth0: `push` and `push-notification`).
fn canonical(kind: String) -> String {
    if kind == "push" { "push-notification".to_owned() } else { kind }
}

fn shallow(value: &Value) -> Result<(), String> {
    if depth_within(value, MAX_DEPTH) { Ok(()) } else { Err(format!("the value is nested more than {MAX_DEPTH} deep")) }
}

fn deny(asked: &mut Asked, code: String, reason: String) -> Verdict {
    if asked.deny.is_some() {
        return Verdict::NotHere("an earlier call of the same run denies the login");
    }
    asked.deny = Some((code, reason));
    Verdict::Applied
}

fn replace(verdicts: &mut [Verdict], place: usize) {
    if let Some(verdict) = verdicts.get_mut(place) {
        *verdict = Verdict::NotHere(REPLACED);
    }
}

/// A denial comes before a redirect, a redirect before a challenge.
fn settle(asked: &mut Asked, verdicts: &mut [Verdict]) {
    let mut without = |place: Option<usize>, reason: &'static str| {
        if let Some(verdict) = place.and_then(|place| verdicts.get_mut(place)) {
            *verdict = Verdict::NotHere(reason);
        }
    };
    if asked.deny.is_some() {
        without(asked.redirect.take().map(|(place, _)| place), DENIED);
        without(asked.challenge.take().map(|(place, _)| place), DENIED);
    } else if asked.redirect.is_some() {
        without(asked.challenge.take().map(|(place, _)| place), "the same run redirects the user");
    }
}
