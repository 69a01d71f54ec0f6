//! The keys that sign a tenant's tokens, and their rotation (Auth0 Management API: /keys/signing).
//!
//! The current key signs. The next one is published beside it, so that whoever keeps the key set knows it by the time
//! it signs. A key that signed before is published, and checks what it signed, until it is revoked.

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use postern_model::tenant::KeyStatus;
use postern_model::{SigningKey, Tenant, TenantId, limits};
use postern_store::{WriteSet, root_tenant};
use serde::Serialize;
use serde_json::{Value, json};

use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::{App, ids, logs, secrets, tenants};

/// How long a key's certificate is good for, years: nobody checks it, but there is no certificate without an end.
const CERTIFICATE_YEARS: i16 = 10;

fn row_key(kid: &str) -> String {
    format!("signing_key/{kid}")
}

/// Makes a signing key, next in line; takes about a tenth of a second of CPU.
fn create(app: &App, tenant: &TenantId, domain: &str, now: Timestamp) -> Result<SigningKey, AppError> {
    let fault = |_| AppError::internal("make a signing key");
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(fault)?;
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(fault)?;
    let kid = URL_SAFE_NO_PAD.encode(ids::random::<16>()?);
    let public = pair.public_key();
    Ok(SigningKey {
        certificate: Some(STANDARD.encode(certificate(der.as_ref(), domain, now)?)),
        sealed_private_key: secrets::seal(app, tenant, &row_key(&kid), der.as_ref())?,
        n: URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
        e: URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
        kid,
        status: KeyStatus::Next,
        current_since: None,
        current_until: None,
        revoked_at: None,
    })
}

/// A certificate for a key, signed by itself, as some clients want their keys (`x5c`).
fn certificate(private_key: &[u8], domain: &str, now: Timestamp) -> Result<Vec<u8>, AppError> {
    let fault = |error: rcgen::Error| AppError::internal("make a certificate").with_source(error);
    let text = pem::encode(&pem::Pem::new("PRIVATE KEY", private_key));
    let pair = rcgen::KeyPair::from_pkcs8_pem_and_sign_algo(&text, &rcgen::PKCS_RSA_SHA256).map_err(fault)?;
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, domain);
    let day = |years: i16| {
        let date = jiff::tz::Offset::UTC.to_datetime(now).date();
        // The first of the month is in every year.
        rcgen::date_time_ymd(i32::from(date.year().saturating_add(years)), date.month().unsigned_abs(), 1)
    };
    (params.not_before, params.not_after) = (day(0), day(CERTIFICATE_YEARS));
    Ok(params.self_signed(&pair).map_err(fault)?.der().to_vec())
}

/// Makes `N` keys at the same time.
async fn create_many<const N: usize>(
    app: &App,
    tenant: &TenantId,
    domain: &str,
    now: Timestamp,
) -> Result<[SigningKey; N], AppError> {
    let made = std::array::from_fn::<_, N, _>(|_| {
        let (app, tenant, domain) = (app.clone(), tenant.clone(), domain.to_owned());
        tokio::task::spawn_blocking(move || create(&app, &tenant, &domain, now))
    });
    let mut keys = Vec::with_capacity(N);
    for key in made {
        keys.push(key.await.map_err(|error| AppError::internal("make a signing key").with_source(error))??);
    }
    keys.try_into().map_err(|_other| AppError::internal("make signing keys"))
}

/// The first keys of a tenant: the current and the next.
pub(crate) async fn first(
    app: &App,
    tenant: &TenantId,
    domain: &str,
    now: Timestamp,
) -> Result<Vec<SigningKey>, AppError> {
    let [mut current, next] = create_many(app, tenant, domain, now).await?;
    (current.status, current.current_since) = (KeyStatus::Current, Some(now));
    Ok(vec![current, next])
}

/// The keys of a tenant, opened.
pub struct Keys {
    signs: (String, EncodingKey),
    checks: Vec<(String, DecodingKey)>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("kid", &self.signs.0).finish_non_exhaustive()
    }
}

impl Keys {
    pub(crate) fn open(app: &App, tenant: &Tenant) -> Result<Self, AppError> {
        let current = tenant.signing_keys.iter().find(|key| key.status == KeyStatus::Current);
        let current = current.ok_or_else(|| AppError::internal("the tenant has no signing key"))?;
        let der = secrets::open(app, &tenant.id, &row_key(&current.kid), &current.sealed_private_key)?;
        let text = pem::encode(&pem::Pem::new("PRIVATE KEY", der));
        let private = EncodingKey::from_rsa_pem(text.as_bytes())
            .map_err(|error| AppError::internal("read a signing key").with_source(error))?;
        let checks = published(tenant)
            .map(|key| Ok((key.kid.clone(), DecodingKey::from_rsa_components(&key.n, &key.e)?)))
            .collect::<Result<_, jsonwebtoken::errors::Error>>()
            .map_err(|error| AppError::internal("read a public key").with_source(error))?;
        Ok(Self { signs: (current.kid.clone(), private), checks })
    }

    /// Signs claims.
    ///
    /// # Errors
    /// A fault of the signer.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, AppError> {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.signs.0.clone());
        jsonwebtoken::encode(&header, claims, &self.signs.1)
            .map_err(|error| AppError::internal("sign a token").with_source(error))
    }

    /// The key that checks what was signed under this name.
    pub(crate) fn check(&self, kid: &str) -> Option<&DecodingKey> {
        self.checks.iter().find(|(known, _)| known == kid).map(|(_, key)| key)
    }
}

fn published(tenant: &Tenant) -> impl Iterator<Item = &SigningKey> {
    tenant.signing_keys.iter().filter(|key| key.status != KeyStatus::Revoked)
}

/// The public keys (RFC 7517); the current one first.
#[must_use]
pub fn jwks(tenant: &Tenant) -> Value {
    let keys: Vec<Value> = published(tenant)
        .map(|key| {
            let mut jwk = json!({
                "kty": "RSA", "use": "sig", "alg": "RS256", "kid": key.kid, "n": key.n, "e": key.e,
            });
            if let (Some(certificate), Some(jwk)) = (&key.certificate, jwk.as_object_mut()) {
                jwk.insert("x5c".to_owned(), json!([certificate]));
                if let Some(thumbprint) = thumbprint(key) {
                    jwk.insert("x5t".to_owned(), json!(URL_SAFE_NO_PAD.encode(thumbprint)));
                }
            }
            jwk
        })
        .collect();
    json!({ "keys": keys })
}

/// SHA-1 of the certificate: a name that RFC 7517 fixes, nothing that is relied upon.
fn thumbprint(key: &SigningKey) -> Option<Vec<u8>> {
    let der = STANDARD.decode(key.certificate.as_deref()?).ok()?;
    Some(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &der).as_ref().to_vec())
}

/// A key as its tenant's operator sees it.
#[derive(Debug, Clone)]
pub struct SigningKeyView {
    #[expect(missing_docs, reason = "says its name")]
    pub key: SigningKey,
    /// Its certificate, PEM; empty for a key that was made before keys had one.
    pub cert: String,
    /// SHA-1 of the certificate, hexadecimal.
    pub thumbprint: String,
}

impl From<SigningKey> for SigningKeyView {
    fn from(key: SigningKey) -> Self {
        let der = key.certificate.as_deref().and_then(|text| STANDARD.decode(text).ok());
        let cert = der.map(|der| pem::encode(&pem::Pem::new("CERTIFICATE", der))).unwrap_or_default();
        let hex = |bytes: Vec<u8>| bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02X}"));
        let thumbprint = thumbprint(&key).map(hex).unwrap_or_default();
        Self { key, cert, thumbprint }
    }
}

fn absent() -> AppError {
    AppError::not_found("The signing key does not exist.")
}

async fn load(app: &App, ctx: &OpCtx) -> Result<Tenant, AppError> {
    let tenant = app.store().fetch::<Tenant>(&root_tenant(), ctx.tenant.id.as_str()).await?;
    tenant.ok_or_else(|| AppError::internal("read the tenant"))
}

/// Every key, revoked ones too.
///
/// # Errors
/// When the scope is missing.
pub async fn signing_key_list(app: &App, ctx: &OpCtx) -> Result<Vec<SigningKeyView>, AppError> {
    ctx.require("read:signing_keys")?;
    Ok(load(app, ctx).await?.signing_keys.into_iter().map(SigningKeyView::from).collect())
}

/// One key.
///
/// # Errors
/// When the scope is missing or there is no such key.
pub async fn signing_key_fetch(app: &App, ctx: &OpCtx, kid: &str) -> Result<SigningKeyView, AppError> {
    let keys = signing_key_list(app, ctx).await?;
    keys.into_iter().find(|view| view.key.kid == kid).ok_or_else(absent)
}

/// Makes the next key the current one, and another one the next; gives the new current one.
///
/// # Errors
/// When a scope is missing, or too many previous keys are not revoked.
pub async fn signing_key_rotate(app: &App, ctx: &OpCtx) -> Result<SigningKeyView, AppError> {
    ctx.require("create:signing_keys")?;
    ctx.require("update:signing_keys")?;
    let mut tenant = load(app, ctx).await?;
    let previous = tenant.signing_keys.iter().filter(|key| key.status == KeyStatus::Previous).count();
    if previous >= limits::PREVIOUS_SIGNING_KEYS {
        return Err(AppError::bad_request("There are too many previous signing keys: revoke the oldest first."));
    }
    let (old, others): (Vec<_>, Vec<_>) =
        tenant.signing_keys.into_iter().partition(|key| key.status == KeyStatus::Current);
    let (next, rest): (Vec<_>, Vec<_>) = others.into_iter().partition(|key| key.status == KeyStatus::Next);
    let [made] = create_many(app, &tenant.id, &tenant.domain, ctx.now).await?;
    // A tenant from before there was a next key has none: then the new one signs at once.
    let (mut current, made) = match next.into_iter().next() {
        Some(next) => (next, made),
        None => {
            let [another] = create_many(app, &tenant.id, &tenant.domain, ctx.now).await?;
            (made, another)
        }
    };
    (current.status, current.current_since) = (KeyStatus::Current, Some(ctx.now));
    let retired =
        old.into_iter().map(|key| SigningKey { status: KeyStatus::Previous, current_until: Some(ctx.now), ..key });
    let answer = current.clone();
    tenant.signing_keys = [current, made].into_iter().chain(retired).chain(rest).collect();
    write(app, ctx, &tenant, "Rotate signing keys", &answer.kid).await?;
    Ok(answer.into())
}

/// Revokes a previous key: what it signed is refused from now on. A next key is replaced by another one.
///
/// # Errors
/// When the scope is missing, there is no such key, or it is the current one.
pub async fn signing_key_revoke(app: &App, ctx: &OpCtx, kid: &str) -> Result<SigningKeyView, AppError> {
    ctx.require("update:signing_keys")?;
    let mut tenant = load(app, ctx).await?;
    let place = tenant.signing_keys.iter().position(|key| key.kid == kid).ok_or_else(absent)?;
    let mut key = tenant.signing_keys.remove(place);
    match key.status {
        KeyStatus::Current => {
            return Err(AppError::bad_request("The current signing key cannot be revoked: rotate first."));
        }
        KeyStatus::Revoked => return Ok(key.into()),
        KeyStatus::Next => {
            let [another] = create_many(app, &tenant.id, &tenant.domain, ctx.now).await?;
            tenant.signing_keys.insert(place, another);
        }
        KeyStatus::Previous => {}
    }
    (key.status, key.revoked_at) = (KeyStatus::Revoked, Some(ctx.now));
    key.sealed_private_key = String::new();
    let published = published(&tenant).count();
    tenant.signing_keys.insert(published, key.clone());
    tenant.signing_keys.truncate(published + limits::REVOKED_SIGNING_KEYS);
    write(app, ctx, &tenant, "Revoke a signing key", kid).await?;
    Ok(key.into())
}

async fn write(app: &App, ctx: &OpCtx, tenant: &Tenant, what: &str, kid: &str) -> Result<(), AppError> {
    app.store().commit(WriteSet::new(&root_tenant(), ids::request()?).replace(tenant)).await?;
    tenants::forget(app, tenant);
    let entry = logs::audit(ctx, what, &format!("keys/signing/{kid}"))?;
    app.store().commit(WriteSet::new(&tenant.id, ids::request()?).insert(&entry)).await?;
    Ok(())
}
