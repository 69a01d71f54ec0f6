//! Tenants: made by the operator, picked by the `Host` of a request.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use jiff::Timestamp;
use postern_model::connection::DEFAULT_DATABASE;
use postern_model::tenant::{Egress, RateLimits};
use postern_model::{Client, Connection, ExecutionLimits, RootAttributes, Strategy, Tenant, TenantId};
use postern_store::{CommitError, Index, Query, Setting, Table, WriteSet, root_tenant};
use serde_json::{Map, Value, json};

use crate::error::{AppError, Code};
use crate::keys::{self, Keys};
use crate::rates::Rates;
use crate::{App, connections, grants, ids};

/// Name of the setting that holds the id of a tenant's first management client.
const MANAGEMENT_CLIENT: &str = "management_client";

/// How clients reach the program. A tenant's row holds only its domain, so that an export can be read into a server
/// that is reached in another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Plain, for trying things out.
    Http,
    /// The program ends TLS itself, or a proxy before it does.
    Https,
}

impl Scheme {
    /// `iss` of a domain's tokens: the address its clients know it by, with a slash at the end.
    #[must_use]
    pub fn issuer(self, domain: &str) -> String {
        let scheme = match self {
            Self::Http => "http",
            Self::Https => "https",
        };
        format!("{scheme}://{domain}/")
    }
}

/// A tenant with its keys at hand.
#[derive(Debug)]
pub struct TenantKeys {
    #[expect(missing_docs, reason = "says its name")]
    pub tenant: Arc<Tenant>,
    /// Signs and checks its tokens.
    pub keys: Keys,
    /// What its clients may still ask for.
    pub rates: Rates,
    scheme: Scheme,
}

impl TenantKeys {
    /// `iss` of its tokens: [`Scheme::issuer`] of its domain.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.scheme.issuer(&self.tenant.domain)
    }
}

/// The tenants in use, by domain.
#[derive(Debug, Default)]
pub struct Loaded(RwLock<HashMap<String, Arc<TenantKeys>>>);

/// `https://{domain}/api/v2/`, the audience of management tokens. It is a name and no address: Auth0's clients ask for
/// it so whatever scheme they connect by.
#[must_use]
pub fn management_audience(domain: &str) -> String {
    format!("https://{domain}/api/v2/")
}

/// Whether a client means the MFA API by this audience: its name, or its address where that is plain HTTP.
#[must_use]
pub fn is_mfa_audience(domain: &str, audience: &str) -> bool {
    mfa_audiences(domain).iter().any(|known| known == audience)
}

/// The names of the MFA API, by which a user's own token opens their factors.
pub(crate) fn mfa_audiences(domain: &str) -> [String; 2] {
    [format!("https://{domain}/mfa/"), format!("http://{domain}/mfa/")]
}

/// Whether a client means the management API by this audience: its name, or its address where that is plain HTTP.
#[must_use]
pub fn is_management_audience(domain: &str, audience: &str) -> bool {
    let rest = audience.strip_prefix("https://").or_else(|| audience.strip_prefix("http://"));
    rest.and_then(|rest| rest.strip_prefix(domain)) == Some("/api/v2/")
}

/// What the operator gets of a new tenant. The secret is shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct NewTenant {
    #[expect(missing_docs, reason = "says its name")]
    pub tenant: Tenant,
    #[expect(missing_docs, reason = "says its name")]
    pub client_id: String,
    #[expect(missing_docs, reason = "says its name")]
    pub client_secret: String,
}

impl std::fmt::Debug for NewTenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewTenant").field("tenant", &self.tenant.id).finish_non_exhaustive()
    }
}

/// Whether this is the operator's token; in constant time.
#[must_use]
pub fn operator_check(app: &App, token: &str) -> bool {
    // An empty token opens nothing, whatever the program was started with.
    !token.is_empty() && verify_slices_are_equal(app.operator_token().as_bytes(), token.as_bytes()).is_ok()
}

/// Creates a tenant with signing keys, a management client and a database connection. The caller has checked that
/// the operator asks.
///
/// # Errors
/// When name or domain are not legal or taken.
pub async fn tenant_create(app: &App, name: &str, domain: &str, now: Timestamp) -> Result<NewTenant, AppError> {
    let id: TenantId = name.parse().map_err(|_bad| {
        AppError::invalid_body("'name' must be 1 to 63 lower-case letters, digits and inner hyphens")
    })?;
    let domain = parse_domain(domain)?;
    let signing_keys = keys::first(app, &id, &domain, now).await?;
    let tenant = Tenant {
        id: id.clone(),
        revision: 0,
        domain,
        signing_keys,
        limits: None,
        egress: Egress::Public,
        rate_limits: None,
        created_at: now,
    };
    let client = management_client(now)?;
    // The rows of the tenant come first: without the tenant row nothing reaches them, so that a crash in between
    // leaves no tenant at all, and the next try writes them anew.
    let rows = WriteSet::new(&id, ids::request()?)
        .put(&Setting { name: MANAGEMENT_CLIENT.to_owned(), value: json!(client.client_id), revision: 0 })
        .put(&client)
        .put(&grants::management_grant(&client)?);
    let rows = match app.store().find::<Connection>(&id, Index::ConnectionByName, &[DEFAULT_DATABASE]).await? {
        Some(_) => rows,
        None => rows.insert(&default_database(&client, now)?),
    };
    if app.store().fetch::<Tenant>(&root_tenant(), id.as_str()).await?.is_some() {
        return Err(AppError::conflict("A tenant with the same name already exists."));
    }
    app.store().commit(rows).await?;
    match app.store().commit(WriteSet::new(&root_tenant(), ids::request()?).insert(&tenant)).await {
        Ok(_) => Ok(NewTenant {
            tenant,
            client_id: client.client_id.as_str().to_owned(),
            client_secret: client.client_secret,
        }),
        Err(CommitError::Conflict { table: Table::Tenants, .. }) => {
            Err(AppError::conflict("A tenant with the same name already exists."))
        }
        Err(CommitError::Duplicate { .. }) => Err(AppError::conflict("A tenant with the same domain already exists.")),
        Err(other) => Err(other.into()),
    }
}

fn parse_domain(domain: &str) -> Result<String, AppError> {
    let domain = domain.to_ascii_lowercase();
    let bad = || AppError::invalid_body("'domain' must be a host name with an optional port, without a scheme");
    let url = url::Url::parse(&format!("https://{domain}/")).map_err(|_bad| bad())?;
    let host = url.host_str().ok_or_else(bad)?;
    let plain = match url.port() {
        Some(port) => format!("{host}:{port}"),
        // The default port is left out by the parser; a client sends it so, too.
        None => host.to_owned(),
    };
    if domain.len() > 255 || !(domain == plain || domain == format!("{plain}:443")) {
        return Err(bad());
    }
    Ok(domain)
}

fn management_client(now: Timestamp) -> Result<Client, AppError> {
    Ok(Client {
        client_id: ids::client()?,
        revision: 0,
        name: "Management".to_owned(),
        client_secret: ids::token()?,
        client_metadata: None,
        grant_types: vec!["client_credentials".to_owned()],
        management_scopes: None,
        settings: Map::from_iter([("app_type".to_owned(), json!("non_interactive"))]),
        created_at: now,
        updated_at: now,
    })
}

fn default_database(client: &Client, now: Timestamp) -> Result<Connection, AppError> {
    Ok(Connection {
        id: ids::connection()?,
        revision: 0,
        name: DEFAULT_DATABASE.to_owned(),
        strategy: Strategy("auth0".to_owned()),
        set_user_root_attributes: RootAttributes::OnEachLogin,
        non_persistent_attrs: Vec::new(),
        options: connections::database_options(),
        metadata: Map::new(),
        enabled_clients: Some([client.client_id.clone()].into()),
        settings: Map::new(),
        created_at: now,
    })
}

/// Every tenant, by name. The caller has checked that the operator asks.
///
/// # Errors
/// A fault of the store.
pub async fn tenant_list(app: &App) -> Result<Vec<Tenant>, AppError> {
    let mut tenants = Vec::new();
    let mut after = None;
    loop {
        let page = app.store().list::<Tenant>(&root_tenant(), Query::all().limit(100).after(after)).await?;
        tenants.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(tenants),
        }
    }
}

/// The tenant of a `Host`.
///
/// # Errors
/// When there is none, or its key does not open.
pub async fn tenant_by_domain(app: &App, host: &str) -> Result<Arc<TenantKeys>, AppError> {
    let host = host.to_ascii_lowercase();
    match tenant_find(app, &host).await? {
        Some(found) => Ok(found),
        // A loopback address is the same machine by another name.
        None => match loopback_name(&host) {
            Some(name) => tenant_find(app, &name).await?,
            None => None,
        }
        .ok_or_else(|| AppError::new(Code::InexistentTenant, "No tenant has this domain.")),
    }
}

/// `localhost[:port]` for a loopback address.
fn loopback_name(host: &str) -> Option<String> {
    let port = host.strip_prefix("127.0.0.1").or_else(|| host.strip_prefix("[::1]"))?;
    (port.is_empty() || port.starts_with(':')).then(|| format!("localhost{port}"))
}

async fn tenant_find(app: &App, host: &str) -> Result<Option<Arc<TenantKeys>>, AppError> {
    let known = app.loaded_tenants().0.read().unwrap_or_else(PoisonError::into_inner).get(host).cloned();
    if known.is_some() {
        return Ok(known);
    }
    let Some(tenant) = app.store().find::<Tenant>(&root_tenant(), Index::TenantByDomain, &[host]).await? else {
        return Ok(None);
    };
    let keys = Keys::open(app, &tenant)?;
    let rates = Rates::new(tenant.rate_limits.unwrap_or_else(|| app.rate_limits()));
    let loaded = Arc::new(TenantKeys { tenant: Arc::new(tenant), keys, rates, scheme: app.scheme() });
    let mut all = app.loaded_tenants().0.write().unwrap_or_else(PoisonError::into_inner);
    all.insert(host.to_owned(), Arc::clone(&loaded));
    Ok(Some(loaded))
}

/// What a tenant may have of its own; absent leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct TenantSettings {
    /// Which hosts its actions may reach.
    pub egress: Option<Egress>,
    /// Laid over its limits, one by one; `null` goes back to the defaults.
    pub limits: Option<Value>,
    /// Laid over its rate limits, one by one; `null` goes back to the defaults.
    pub rate_limits: Option<Value>,
}

/// Changes a tenant's settings; its next login has them. The caller has checked that the operator asks.
///
/// # Errors
/// When there is no such tenant, or a limit is unknown or out of bounds.
pub async fn tenant_update(app: &App, name: &str, settings: TenantSettings) -> Result<Tenant, AppError> {
    let absent = || AppError::new(Code::InexistentTenant, "The tenant does not exist.");
    let mut tenant = app.store().fetch::<Tenant>(&root_tenant(), name).await?.ok_or_else(absent)?;
    tenant.egress = settings.egress.unwrap_or(tenant.egress);
    match settings.limits {
        None => {}
        Some(Value::Null) => tenant.limits = None,
        Some(given) => tenant.limits = Some(limits_over(tenant.limits.unwrap_or_default(), given)?),
    }
    match settings.rate_limits {
        None => {}
        Some(Value::Null) => tenant.rate_limits = None,
        Some(given) => {
            let current = tenant.rate_limits.unwrap_or_else(|| app.rate_limits());
            tenant.rate_limits = Some(rate_limits_over(current, &given)?);
        }
    }
    app.store().commit(WriteSet::new(&root_tenant(), ids::request()?).replace(&tenant)).await?;
    forget(app, &tenant);
    Ok(tenant)
}

/// What is kept of the tenant in memory is read anew by the next request.
pub(crate) fn forget(app: &App, tenant: &Tenant) {
    app.loaded_tenants().0.write().unwrap_or_else(PoisonError::into_inner).remove(&tenant.domain);
}

fn rate_limits_over(current: RateLimits, given: &Value) -> Result<RateLimits, AppError> {
    let bad = || AppError::invalid_body("'rate_limits' must be an object of objects, or null");
    let mut limits = json!(current);
    for (api, values) in given.as_object().ok_or_else(bad)? {
        let unknown = |name: &str| AppError::invalid_body(format!("Additional properties not allowed: {name}"));
        let limit = limits.get_mut(api).ok_or_else(|| unknown(&format!("rate_limits.{api}")))?;
        for (name, value) in values.as_object().ok_or_else(bad)? {
            *limit.get_mut(name).ok_or_else(|| unknown(&format!("rate_limits.{api}.{name}")))? = value.clone();
        }
    }
    serde_json::from_value(limits).map_err(AppError::invalid_body)
}

fn limits_over(current: ExecutionLimits, given: Value) -> Result<ExecutionLimits, AppError> {
    let (Value::Object(mut limits), Value::Object(given)) = (json!(current), given) else {
        return Err(AppError::invalid_body("'limits' must be an object or null"));
    };
    for (name, value) in given {
        match limits.get_mut(&name) {
            Some(limit) => *limit = value,
            None => return Err(AppError::invalid_body(format!("Additional properties not allowed: limits.{name}"))),
        }
    }
    let limits: ExecutionLimits = serde_json::from_value(Value::Object(limits)).map_err(AppError::invalid_body)?;
    limits.check().map_err(AppError::invalid_body)?;
    Ok(limits)
}

/// What the first start, and every later one, tells the operator.
#[derive(Clone, PartialEq, Eq)]
pub struct Bootstrap {
    #[expect(missing_docs, reason = "says its name")]
    pub issuer: String,
    #[expect(missing_docs, reason = "says its name")]
    pub domain: String,
    #[expect(missing_docs, reason = "says its name")]
    pub client_id: String,
    #[expect(missing_docs, reason = "says its name")]
    pub client_secret: String,
    #[expect(missing_docs, reason = "says its name")]
    pub operator_token: String,
}

impl std::fmt::Debug for Bootstrap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bootstrap").field("domain", &self.domain).finish_non_exhaustive()
    }
}

/// Makes the tenant `default` when there is none, moves it to `domain` when it had another, and says how to reach it.
/// When its first management client was deleted, another takes its place: the operator is never locked out.
///
/// # Errors
/// When the domain is not legal or another tenant's.
pub async fn bootstrap(app: &App, domain: &str, now: Timestamp) -> Result<Bootstrap, AppError> {
    const DEFAULT: &str = "default";
    grants::grants_migrate(app).await?;
    let (tenant, client_id, client_secret) = match app.store().fetch::<Tenant>(&root_tenant(), DEFAULT).await? {
        None => {
            let new = tenant_create(app, DEFAULT, domain, now).await?;
            (new.tenant, new.client_id, new.client_secret)
        }
        Some(tenant) => {
            let tenant = tenant_move(app, tenant, domain).await?;
            let client = first_client(app, &tenant.id, now).await?;
            (tenant, client.client_id.as_str().to_owned(), client.client_secret)
        }
    };
    Ok(Bootstrap {
        issuer: app.scheme().issuer(&tenant.domain),
        domain: tenant.domain,
        client_id,
        client_secret,
        operator_token: app.operator_token().to_owned(),
    })
}

async fn tenant_move(app: &App, mut tenant: Tenant, domain: &str) -> Result<Tenant, AppError> {
    let domain = parse_domain(domain)?;
    if tenant.domain != domain {
        let old = std::mem::replace(&mut tenant.domain, domain);
        app.store().commit(WriteSet::new(&root_tenant(), ids::request()?).replace(&tenant)).await?;
        app.loaded_tenants().0.write().unwrap_or_else(PoisonError::into_inner).remove(&old);
    }
    Ok(tenant)
}

async fn first_client(app: &App, tenant: &TenantId, now: Timestamp) -> Result<Client, AppError> {
    if let Some(setting) = app.store().fetch::<Setting>(tenant, MANAGEMENT_CLIENT).await?
        && let Some(id) = setting.value.as_str()
        && let Some(client) = app.store().fetch::<Client>(tenant, id).await?
    {
        return Ok(client);
    }
    let client = management_client(now)?;
    let rows = WriteSet::new(tenant, ids::request()?)
        .put(&Setting { name: MANAGEMENT_CLIENT.to_owned(), value: json!(client.client_id), revision: 0 })
        .insert(&client)
        .insert(&grants::management_grant(&client)?);
    app.store().commit(rows).await?;
    Ok(client)
}
