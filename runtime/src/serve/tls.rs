//! TLS: certificates of the operator's own, read again when they change, or of a local authority made at the first
//! start.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, bail};
use clap::Args;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::data;

/// How a server's own certificate is had.
#[derive(Debug, Clone, Args)]
pub(crate) struct TlsArgs {
    /// Certificate chain, PEM, the server's own first: the server speaks HTTPS. Read again when the file changes.
    #[arg(long, env = "POSTERN_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key, PEM.
    #[arg(long, env = "POSTERN_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The server speaks HTTPS with a certificate of a local authority, made at the first start: tls-dev-ca.pem in the
    /// data folder, for clients to trust. For development and tests.
    #[arg(long, env = "POSTERN_TLS_DEV", conflicts_with = "tls_cert")]
    tls_dev: bool,
    /// A proxy before the server ends TLS: issuers are https://, and the last address of X-Forwarded-For is the
    /// client's.
    #[arg(long, env = "POSTERN_BEHIND_TLS")]
    pub(super) behind_tls: bool,
}

/// What the server needs.
pub(crate) struct Tls {
    pub(crate) config: Arc<ServerConfig>,
    /// The local authority's certificate.
    pub(crate) ca_pem_file: Option<PathBuf>,
}

impl TlsArgs {
    /// Whether clients connect by HTTPS.
    pub(crate) fn is_on(&self) -> bool {
        self.tls_dev || self.tls_cert.is_some() || self.behind_tls
    }

    /// Reads or makes the certificate; nothing when the server is to speak plain HTTP.
    pub(crate) fn load(&self, data: &Path, domain: &str) -> anyhow::Result<Option<Tls>> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let (resolver, ca_pem_file): (Arc<dyn ResolvesServerCert>, _) = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                (Arc::new(FromFiles::open(certificate.clone(), key.clone(), Arc::clone(&provider))?), None)
            }
            (None, None) if self.tls_dev => {
                let (made, ca) = Made::open(data, domain, Arc::clone(&provider))?;
                (Arc::new(made), Some(ca))
            }
            (None, None) => return Ok(None),
            (Some(_), None) | (None, Some(_)) => bail!("--tls-cert and --tls-key are given together"),
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("set up TLS")?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.ticketer = aws_lc_rs::Ticketer::new().context("set up TLS")?;
        Ok(Some(Tls { config: Arc::new(config), ca_pem_file }))
    }
}

/// How often files are looked at for a change, at most.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(60);

/// A certificate and key of the operator's own.
struct FromFiles {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: Mutex<Current>,
}

struct Current {
    certified: Arc<CertifiedKey>,
    changed: Option<SystemTime>,
    looked_at: Instant,
}

impl std::fmt::Debug for FromFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FromFiles").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

fn read(certificate: &Path, key: &Path, provider: &CryptoProvider) -> anyhow::Result<CertifiedKey> {
    let reading = || format!("read {}", certificate.display());
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .with_context(reading)?
        .collect::<Result<_, _>>()
        .with_context(reading)?;
    if chain.is_empty() {
        bail!("{} holds no certificate in PEM", certificate.display());
    }
    let private = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("read a private key in PEM from {}", key.display()))?;
    CertifiedKey::from_der(chain, private, provider)
        .with_context(|| format!("use the certificate {} with the key {}", certificate.display(), key.display()))
}

impl FromFiles {
    fn open(certificate: PathBuf, key: PathBuf, provider: Arc<CryptoProvider>) -> anyhow::Result<Self> {
        let current = Current {
            changed: changed(&certificate),
            certified: Arc::new(read(&certificate, &key, &provider)?),
            looked_at: Instant::now(),
        };
        Ok(Self { certificate, key, provider, current: Mutex::new(current) })
    }
}

impl ResolvesServerCert for FromFiles {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.looked_at.elapsed() >= LOOKED_AT_EVERY {
            current.looked_at = Instant::now();
            let now = changed(&self.certificate);
            if now != current.changed {
                match read(&self.certificate, &self.key, &self.provider) {
                    Ok(certified) => {
                        current.certified = Arc::new(certified);
                        current.changed = now;
                        tracing::info!(certificate = %self.certificate.display(), "the certificate was read again");
                    }
                    // Its key may not be written yet: the one in use goes on.
                    Err(error) => tracing::warn!(error = format!("{error:#}"), "the new certificate is not used"),
                }
            }
        }
        Some(Arc::clone(&current.certified))
    }
}

/// The authority's certificate, in the data folder.
const CA: &str = "tls-dev-ca.pem";
/// Its key.
const CA_KEY: &str = "tls-dev-ca.key";
/// How long the authority is good for: ten years.
const CA_FOR: SignedDuration = SignedDuration::from_hours(24 * 3650);
/// How long a certificate is good for.
const LEAF_FOR: SignedDuration = SignedDuration::from_hours(24 * 90);
/// When another one is made, before the end.
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Certificates for further names that are kept. A name beyond them is one more signature for each handshake.
const NAMES_KEPT: usize = 64;

/// Certificates of the local authority, made as they are needed.
struct Made {
    authority: Issuer<'static, KeyPair>,
    key: KeyPair,
    /// What every certificate is for.
    names: Vec<String>,
    provider: Arc<CryptoProvider>,
    /// By the further name in it, with the time another one is due.
    made: Mutex<HashMap<String, (Arc<CertifiedKey>, Timestamp)>>,
}

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Made").field("names", &self.names).finish_non_exhaustive()
    }
}

impl Made {
    /// Opens the authority of a data folder, or makes one, and makes the first certificate.
    fn open(data: &Path, domain: &str, provider: Arc<CryptoProvider>) -> anyhow::Result<(Self, PathBuf)> {
        let (authority, ca) = authority(data, Timestamp::now())?;
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        let host = host(domain);
        if !names.contains(&host) {
            names.push(host);
        }
        let key = KeyPair::generate().context("make a key")?;
        let made = Self { authority, key, names, provider, made: Mutex::default() };
        made.certified("", Timestamp::now()).context("make a certificate")?;
        Ok((made, ca))
    }

    /// The certificate for the usual names and `name`.
    fn certified(&self, name: &str, now: Timestamp) -> anyhow::Result<Arc<CertifiedKey>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((certified, due)) = made.get(name)
            && now < *due
        {
            return Ok(Arc::clone(certified));
        }
        let further = (!name.is_empty()).then(|| name.to_owned());
        let mut params = CertificateParams::new(self.names.iter().cloned().chain(further).collect::<Vec<_>>())?;
        params.distinguished_name = named("Postern development server".to_owned());
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        limit(&mut params, now, LEAF_FOR);
        let leaf = params.signed_by(&self.key, &self.authority)?;
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).map_err(anyhow::Error::msg)?;
        let certified = Arc::new(CertifiedKey::from_der(vec![leaf.der().clone()], key, &self.provider)?);
        if made.len() < NAMES_KEPT || made.contains_key(name) {
            made.insert(name.to_owned(), (Arc::clone(&certified), now + LEAF_FOR - RENEWED_BEFORE));
        }
        Ok(certified)
    }
}

impl ResolvesServerCert for Made {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // Further tenants have further domains.
        let name = hello.server_name().unwrap_or_default().to_ascii_lowercase();
        let name = if self.names.contains(&name) { "" } else { &name };
        self.certified(name, Timestamp::now())
            .inspect_err(|error| tracing::warn!(error = format!("{error:#}"), "a certificate was not made"))
            .ok()
    }
}

/// The host of `host[:port]`, without the brackets of IPv6.
fn host(domain: &str) -> String {
    let plain = match domain.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => domain,
    };
    plain.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase()
}

fn named(name: String) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::OrganizationName, "Postern");
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// From the day before, as clocks differ.
fn limit(params: &mut CertificateParams, now: Timestamp, good_for: SignedDuration) {
    let day = |at: Timestamp| {
        let date = Offset::UTC.to_datetime(at).date();
        rcgen::date_time_ymd(i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = day(now - SignedDuration::from_hours(24));
    params.not_after = day(now + good_for);
}

/// The authority of a data folder. Its certificate is kept for clients; what it signs with is made of the key alone.
fn authority(data: &Path, now: Timestamp) -> anyhow::Result<(Issuer<'static, KeyPair>, PathBuf)> {
    let (ca, ca_key) = (data.join(CA), data.join(CA_KEY));
    if ca.exists() && !ca_key.exists() {
        bail!("{} is there without its key {}: restore it, or remove both", ca.display(), ca_key.display());
    }
    let pem = data::private_file(&ca_key, || Ok(KeyPair::generate().context("make a key")?.serialize_pem()))?;
    let key = KeyPair::from_pem(&pem).with_context(|| format!("read {}", ca_key.display()))?;
    let mut params = CertificateParams::default();
    // A name of its own: a browser that trusts several must not take one for the other.
    let id = params.key_identifier(&key).iter().take(4).fold(String::new(), |id, byte| format!("{id}{byte:02x}"));
    params.distinguished_name = named(format!("Postern development authority {id}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    limit(&mut params, now, CA_FOR);
    if !ca.exists() {
        let certificate = params.self_signed(&key).context("make the authority's certificate")?;
        data::write_whole(&ca, &certificate.pem(), 0o644)?;
    }
    let ca = ca.canonicalize().with_context(|| format!("find {}", ca.display()))?;
    Ok((Issuer::new(params, key), ca))
}
