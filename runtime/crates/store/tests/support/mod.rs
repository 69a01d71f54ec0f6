//! Rows for the tests.

#![expect(dead_code, reason = "each test binary uses a part of it")]

use std::sync::Arc;

use postern_model::{Actor, Identity, Metadata, MetadataKind, TenantId, User, UserId};
use postern_store::{MetadataChange, Setting, SledConfig, SledStore, Store, UserPatch, WriteSet};
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

pub(crate) fn at(second: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(crate) fn user_id(name: &str) -> UserId {
    format!("auth0|{name}").parse().unwrap()
}

pub(crate) fn user(name: &str) -> User {
    User {
        user_id: user_id(name),
        revision: 0,
        email: Some(format!("{name}@example.com")),
        email_verified: false,
        username: None,
        phone_number: None,
        phone_verified: None,
        name: Some(name.to_owned()),
        given_name: None,
        family_name: None,
        nickname: None,
        picture: None,
        blocked: None,
        attributes: serde_json::Map::new(),
        identities: vec![Identity {
            connection: "Username-Password-Authentication".into(),
            provider: "auth0".into(),
            user_id: name.to_owned(),
            is_social: false,
            profile_data: None,
            password_hash: None,
        }],
        user_metadata: None,
        app_metadata: None,
        roles: Vec::new(),
        multifactor: Vec::new(),
        password_hash: None,
        created_at: at(0),
        updated_at: at(0),
        last_login: None,
        last_ip: None,
        last_password_reset: None,
        logins_count: 0,
    }
}

pub(crate) fn setting(name: &str, value: Value) -> Setting {
    Setting { name: name.to_owned(), revision: 0, value }
}

pub(crate) fn set(tenant: &TenantId) -> WriteSet {
    WriteSet::new(tenant, Uuid::new_v4())
}

pub(crate) fn object(value: Value) -> Metadata {
    let Value::Object(object) = value else { panic!("not an object: {value}") };
    object
}

pub(crate) fn change(patch: Value) -> MetadataChange {
    MetadataChange { kind: MetadataKind::AppMetadata, patch: object(patch), clear: false, actor: Actor::System }
}

pub(crate) fn patch(name: &str, changes: Vec<MetadataChange>) -> UserPatch {
    UserPatch { metadata: changes, ..UserPatch::new(user_id(name), at(1)) }
}

pub(crate) fn config() -> SledConfig {
    SledConfig { cache_bytes: 16 * 1024 * 1024, ..SledConfig::default() }
}

pub(crate) fn open(path: &std::path::Path) -> Arc<dyn Store> {
    Arc::new(SledStore::open(path, config()).unwrap())
}

/// A document of about that many bytes.
pub(crate) fn filler(bytes: usize) -> Value {
    json!("x".repeat(bytes))
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A small generator whose seed a failing test prints.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The seed of the environment, or a new one; printed either way.
    pub(crate) fn seeded(name: &str) -> Self {
        use std::hash::{BuildHasher as _, RandomState};

        let seed = std::env::var("POSTERN_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(name)).max(1);
        eprintln!("{name}: POSTERN_SEED={seed}");
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// FNV-1a over a text: what a torn value cannot have.
pub(crate) fn checksum(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

/// The same count in two tables and the history, by one writer.
pub(crate) mod counters {
    use postern_model::{HistoryEntry, TenantId, User};
    use postern_store::{Expect, Query, Setting, Store, UserPatch, WriteSet};
    use serde_json::json;

    use super::{change, checksum, patch, set, setting, user};

    pub(crate) fn write(tenant: &TenantId, writer: usize, count: u64) -> WriteSet {
        // Most values are of the usual size, some are in chunks.
        let bytes = if count.is_multiple_of(17) { 150_000 } else { 200 + usize::try_from(count % 9).unwrap() * 300 };
        let text = format!("{writer}-{count}-").repeat(bytes / 8);
        let value = json!({"count": count, "sum": checksum(&text), "text": text});
        let name = format!("w{writer}");
        set(tenant).put(&setting(&name, value)).patch_user(UserPatch {
            expect: Expect::Any,
            create: Some(Box::new(user(&name))),
            ..patch(&name, vec![change(json!({"count": count}))])
        })
    }

    /// The count found, 0 for none; everything there must fit together.
    pub(crate) async fn read(store: &dyn Store, tenant: &TenantId, writer: usize) -> u64 {
        let name = format!("w{writer}");
        let setting = store.fetch::<Setting>(tenant, &name).await.unwrap();
        let user = store.fetch::<User>(tenant, &format!("auth0|{name}")).await.unwrap();
        let history = Query::all().under(&format!("auth0|{name}"));
        let entries = store.count::<HistoryEntry>(tenant, history).await.unwrap();
        let (Some(setting), Some(user)) = (&setting, &user) else {
            assert!(setting.is_none() && user.is_none() && entries == 0, "writer {writer}: one table only");
            return 0;
        };
        let count = setting.value["count"].as_u64().unwrap();
        assert_eq!(setting.value["sum"], checksum(setting.value["text"].as_str().unwrap()), "writer {writer}: torn");
        assert_eq!(user.app_metadata.as_ref().unwrap()["count"], count, "writer {writer}: tables differ");
        assert_eq!((setting.revision, user.revision, entries), (count, count, count), "writer {writer}: revisions");
        count
    }
}
