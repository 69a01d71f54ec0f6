//! How each type of the model is kept: table, schema, id and index entries.

use jiff::Timestamp;
use postern_model::rule::RuleConfig;
use postern_model::{
    Action, ActionModule, ActionModuleVersion, ActionVersion, Authenticator, BrowserTransaction, Client, ClientGrant,
    Connection, Execution, FactorAttempts, HistoryEntry, Job, JobFailure, JobId, LogEntry, LoginClaims, LoginFailures,
    Mail, OneTime, RefreshToken, ResourceServer, Role, Rule, Session, SuspendedLogin, Tenant, User,
};

use crate::entity::{
    ArtifactBytes, BindingList, Entity, Index, IndexEntry, JobPart, Setting, Table, compose, newest, oldest,
};
use crate::envelope::{self, Draft};
use crate::error::{BadRecord, Refusal};

/// Decodes a row and drafts it anew, with today's schema and index entries; gives its id as well.
pub(crate) fn redraft(table: Table, schema: u16, revision: u64, data: &[u8]) -> Result<(String, Draft), BadRecord> {
    fn of<T: Entity>(schema: u16, revision: u64, data: &[u8]) -> Result<(String, Draft), BadRecord> {
        let entity: T = envelope::decode(schema, revision, data)?;
        let refused = |refusal: Refusal| BadRecord::Decode { table: T::TABLE, message: refusal.to_string() };
        Ok((entity.id(), Draft::of(&entity).map_err(refused)?))
    }

    let of = match table {
        Table::Tenants => of::<Tenant>,
        Table::Users => of::<User>,
        Table::History => of::<HistoryEntry>,
        Table::Clients => of::<Client>,
        Table::Connections => of::<Connection>,
        Table::Roles => of::<Role>,
        Table::Actions => of::<Action>,
        Table::Versions => of::<ActionVersion>,
        Table::Artifacts => of::<ArtifactBytes>,
        Table::Bindings => of::<BindingList>,
        Table::Executions => of::<Execution>,
        Table::Suspended => of::<SuspendedLogin>,
        Table::Logs => of::<LogEntry>,
        Table::Settings => of::<Setting>,
        Table::OneTimes => of::<OneTime>,
        Table::RefreshTokens => of::<RefreshToken>,
        Table::LoginFailures => of::<LoginFailures>,
        Table::LoginClaims => of::<LoginClaims>,
        Table::Authenticators => of::<Authenticator>,
        Table::FactorAttempts => of::<FactorAttempts>,
        Table::Jobs => of::<Job>,
        Table::JobParts => of::<JobPart>,
        Table::JobFailures => of::<JobFailure>,
        Table::Sessions => of::<Session>,
        Table::BrowserTransactions => of::<BrowserTransaction>,
        Table::Outbox => of::<Mail>,
        Table::ResourceServers => of::<ResourceServer>,
        Table::ClientGrants => of::<ClientGrant>,
        Table::Rules => of::<Rule>,
        Table::RuleConfigs => of::<RuleConfig>,
        Table::ActionModules => of::<ActionModule>,
        Table::ActionModuleVersions => of::<ActionModuleVersion>,
    };
    of(schema, revision, data)
}

fn entry<const N: usize>(index: Index, key: [&str; N]) -> IndexEntry {
    IndexEntry { index, key: key.map(str::to_owned).to_vec(), unique: false }
}

fn unique<const N: usize>(index: Index, key: [&str; N]) -> IndexEntry {
    IndexEntry { unique: true, ..entry(index, key) }
}

/// Milliseconds since the epoch, shifted so that earlier times sort first whatever their sign.
fn time(at: Timestamp) -> u64 {
    at.as_millisecond().cast_unsigned() ^ (1 << 63)
}

macro_rules! entity {
    ($type:ty, $table:ident, |$row:ident| $id:expr, revision: $revision:tt, indexes: $indexes:expr) => {
        impl Entity for $type {
            const TABLE: Table = Table::$table;
            const SCHEMA: u16 = 1;

            fn id(&self) -> String {
                let $row = self;
                $id
            }

            fn indexes(&self) -> Vec<IndexEntry> {
                let $row = self;
                let _ = $row;
                $indexes
            }

            entity!(@revision $revision);
        }
    };
    (@revision own) => {
        fn revision(&self) -> u64 {
            self.revision
        }

        fn set_revision(&mut self, revision: u64) {
            self.revision = revision;
        }
    };
    (@revision none) => {};
}

entity!(Tenant, Tenants, |t| t.id.to_string(), revision: own, indexes: vec![
    unique(Index::TenantByDomain, [&t.domain]),
]);
entity!(User, Users, |u| u.user_id.to_string(), revision: own, indexes: {
    let mut entries = vec![entry(Index::UserByCreated, [&oldest(time(u.created_at))])];
    entries.extend(u.email.as_deref().map(|email| entry(Index::UserByEmail, [email])));
    entries.extend(u.username.as_deref().map(|name| entry(Index::UserByUsername, [name])));
    entries.extend(u.identities.iter().map(|i| unique(Index::UserByIdentity, [&i.connection, &i.user_id])));
    // What one logs in to a database with is unique in it.
    if let Some(primary) = u.identities.first().filter(|primary| primary.provider == "auth0") {
        let names = [("email", &u.email), ("username", &u.username)];
        entries.extend(names.into_iter().filter_map(|(kind, name)| {
            Some(unique(Index::UserByDatabaseName, [&primary.connection, kind, name.as_deref()?]))
        }));
    }
    // A linked user still logs in with their own, and no other may take it.
    for linked in u.identities.iter().skip(1).filter(|linked| linked.provider == "auth0") {
        entries.extend(["email", "username"].into_iter().filter_map(|kind| {
            let name = linked.profile_text(kind)?.to_lowercase();
            Some(unique(Index::UserByDatabaseName, [&linked.connection, kind, &name]))
        }));
    }
    entries
});
// The id sorts a user's newest entry first: list them with `Query::all().under(user_id)`.
entity!(HistoryEntry, History, |h| compose(&[h.user_id.as_str(), &newest(h.revision), &newest(h.order.into())]),
    revision: none, indexes: Vec::new());
entity!(Client, Clients, |c| c.client_id.to_string(), revision: own, indexes: {
    let mut entries = vec![entry(Index::ClientByName, [&c.name])];
    entries.extend(c.origins().iter().map(|origin| entry(Index::ClientByOrigin, [origin, c.client_id.as_str()])));
    entries
});
entity!(Connection, Connections, |c| c.id.to_string(), revision: own, indexes: vec![
    unique(Index::ConnectionByName, [&c.name]),
]);
entity!(Role, Roles, |r| r.id.to_string(), revision: own, indexes: vec![
    unique(Index::RoleByName, [&r.name]),
]);
entity!(Action, Actions, |a| a.id.to_string(), revision: own, indexes: vec![
    unique(Index::ActionByName, [&a.name]),
    entry(Index::ActionByTrigger, [&a.trigger.id, &oldest(time(a.created_at))]),
]);
entity!(ActionVersion, Versions, |v| v.id.to_string(), revision: own, indexes: vec![
    entry(Index::VersionByAction, [v.action_id.as_str(), &newest(v.number.into())]),
]);
entity!(ActionModule, ActionModules, |m| m.id.to_string(), revision: own, indexes: vec![
    unique(Index::ActionModuleByName, [&m.name]),
]);
entity!(ActionModuleVersion, ActionModuleVersions, |v| v.id.to_string(), revision: own, indexes: vec![
    entry(Index::ActionModuleVersionByModule, [v.module_id.as_str(), &newest(v.number.into())]),
]);
entity!(ArtifactBytes, Artifacts, |a| a.sha256.clone(), revision: none, indexes: Vec::new());
entity!(BindingList, Bindings, |b| b.trigger_id.clone(), revision: own, indexes: Vec::new());
entity!(Execution, Executions, |e| e.id.to_string(), revision: own, indexes: {
    let mut entries = vec![entry(Index::ExecutionByLogin, [e.login_id.as_str(), &oldest(time(e.created_at))])];
    let user = e.user_id.as_ref();
    entries.extend(user.map(|id| entry(Index::ExecutionByUser, [id.as_str(), &newest(time(e.created_at))])));
    entries
});
entity!(SuspendedLogin, Suspended, |s| s.login_id.to_string(), revision: own, indexes: vec![
    unique(Index::SuspendedByState, [&s.state_sha256]),
    entry(Index::SuspendedByExpiry, [&oldest(time(s.expires_at))]),
]);
// Later entries have greater ids: list the newest first with `Query::all().descending()`.
entity!(LogEntry, Logs, |l| l.log_id.to_string(), revision: none, indexes: {
    let user = l.fields.get("user_id").and_then(serde_json::Value::as_str);
    user.map(|user| entry(Index::LogByUser, [user, l.log_id.as_str()])).into_iter().collect()
});
entity!(Setting, Settings, |s| s.name.clone(), revision: own, indexes: Vec::new());
entity!(OneTime, OneTimes, |o| o.secret_sha256.clone(), revision: own, indexes: vec![
    entry(Index::OneTimeByExpiry, [&oldest(time(o.expires_at))]),
]);
entity!(RefreshToken, RefreshTokens, |r| r.id.to_string(), revision: own, indexes: {
    let mut entries = vec![entry(Index::RefreshTokenByUser, [r.user_id.as_str(), &newest(time(r.created_at))])];
    entries.extend(r.session_id.as_deref().map(|session| entry(Index::RefreshTokenBySession, [session])));
    entries.extend(r.ends_at().map(|end| entry(Index::RefreshTokenByExpiry, [&oldest(time(end))])));
    entries
});
entity!(LoginFailures, LoginFailures, |f| f.user_id.to_string(), revision: own, indexes: Vec::new());
entity!(LoginClaims, LoginClaims, |c| compose(&[c.user_id.as_str(), c.client_id.as_str()]), revision: own,
    indexes: Vec::new());
entity!(Authenticator, Authenticators, |a| a.id.to_string(), revision: own, indexes: vec![
    entry(Index::AuthenticatorByUser, [a.user_id.as_str(), &oldest(time(a.created_at))]),
]);
entity!(FactorAttempts, FactorAttempts, |a| a.user_id.to_string(), revision: own, indexes: Vec::new());
entity!(Job, Jobs, |j| j.id.to_string(), revision: own, indexes: {
    let created = oldest(time(j.created_at));
    let open = j.status.is_open().then(|| entry(Index::JobByOpen, [j.kind.name(), &created]));
    std::iter::once(entry(Index::JobByCreated, [&created])).chain(open).collect()
});
entity!(JobPart, JobParts, |p| job_part_id(&p.job_id, p.part), revision: none, indexes: Vec::new());
entity!(JobFailure, JobFailures, |f| compose(&[f.job_id.as_str(), &oldest(f.row)]), revision: none,
    indexes: Vec::new());

/// The id of a [`JobPart`].
#[must_use]
pub fn job_part_id(job: &JobId, part: u64) -> String {
    compose(&[job.as_str(), &oldest(part)])
}
entity!(Session, Sessions, |s| s.id.to_string(), revision: own, indexes: vec![
    entry(Index::SessionByUser, [s.user_id.as_str(), &newest(time(s.created_at))]),
    entry(Index::SessionByExpiry, [&oldest(time(s.expires_at.min(s.idle_expires_at)))]),
]);
entity!(BrowserTransaction, BrowserTransactions, |b| b.state_sha256.clone(), revision: own, indexes: vec![
    entry(Index::BrowserTransactionByExpiry, [&oldest(time(b.expires_at))]),
]);
entity!(Mail, Outbox, |m| m.id.to_string(), revision: own, indexes: vec![
    entry(Index::OutboxByDue, [&oldest(time(m.next_at))]),
]);
entity!(ResourceServer, ResourceServers, |r| r.id.to_string(), revision: own, indexes: vec![
    unique(Index::ResourceServerByIdentifier, [&r.identifier]),
]);
entity!(ClientGrant, ClientGrants, |g| g.id.to_string(), revision: own, indexes: vec![
    unique(Index::ClientGrantByClient, [g.client_id.as_str(), g.audience.as_deref().unwrap_or_default(), g.subject_type()]),
]);
entity!(Rule, Rules, |r| r.id.to_string(), revision: own, indexes: vec![
    unique(Index::RuleByName, [&r.name]),
    unique(Index::RuleByOrder, [&oldest(r.order.cast_unsigned() ^ (1 << 63))]),
]);
entity!(RuleConfig, RuleConfigs, |c| c.key.clone(), revision: own, indexes: Vec::new());
