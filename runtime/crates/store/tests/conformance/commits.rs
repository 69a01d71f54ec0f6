//! Write sets: expectations, unique keys, request ids, sizes, tenants.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use postern_model::{
    Action, ActionVersion, Client, Connection, Execution, HistoryEntry, LogEntry, Role, RootAttributes, Strategy,
    SuspendedLogin, Tenant, User,
};
use postern_store::{
    ArtifactBytes, BindingList, CommitError, Expect, Index, Refusal, Setting, Store, Table, WriteSet, root_tenant,
};
use serde_json::{Map, json};
use uuid::Uuid;

use crate::support::{at, filler, open, patch, set, setting, tenant, user};

pub(crate) async fn revisions_count_writes(store: &dyn Store) {
    let t = tenant("a");
    let receipt = store.commit(set(&t).insert(&setting("s", json!(1)))).await.unwrap();
    assert_eq!(receipt.revision_of(Table::Settings, "s"), Some(1));
    let read = store.fetch::<Setting>(&t, "s").await.unwrap().unwrap();
    assert_eq!((read.revision, &read.value), (1, &json!(1)));
    store.commit(set(&t).replace(&Setting { value: json!(2), ..read })).await.unwrap();
    let receipt = store.commit(set(&t).put(&setting("s", json!(3)))).await.unwrap();
    assert_eq!(receipt.revision_of(Table::Settings, "s"), Some(3));
    assert_eq!(store.fetch::<Setting>(&t, "s").await.unwrap().unwrap().revision, 3);
    store.commit(set(&t).delete::<Setting>("s", Expect::Revision(3))).await.unwrap();
    assert_eq!(store.fetch::<Setting>(&t, "s").await.unwrap(), None);
}

#[track_caller]
fn check_conflict(result: Result<postern_store::Receipt, CommitError>, want: Option<u64>) {
    match result {
        Err(CommitError::Conflict { table: Table::Settings, id, current }) if id == "s" => assert_eq!(current, want),
        other => panic!("not a conflict: {other:?}"),
    }
}

pub(crate) async fn expectations_are_checked(store: &dyn Store) {
    let t = tenant("a");
    let row = setting("s", json!(1));
    check_conflict(store.commit(set(&t).replace(&row)).await, None);
    check_conflict(store.commit(set(&t).delete::<Setting>("s", Expect::Present)).await, None);
    check_conflict(store.commit(set(&t).expect::<Setting>("s", Expect::Present)).await, None);
    check_conflict(store.commit(set(&t).expect::<Setting>("s", Expect::Revision(1))).await, None);
    store.commit(set(&t).expect::<Setting>("s", Expect::Absent).delete::<Setting>("s", Expect::Any)).await.unwrap();
    store.commit(set(&t).insert(&row)).await.unwrap();
    check_conflict(store.commit(set(&t).insert(&row)).await, Some(1));
    check_conflict(store.commit(set(&t).replace(&Setting { revision: 2, ..row.clone() })).await, Some(1));
    check_conflict(store.commit(set(&t).expect::<Setting>("s", Expect::Absent)).await, Some(1));
    check_conflict(store.commit(set(&t).delete::<Setting>("s", Expect::Revision(7))).await, Some(1));
    assert_eq!(store.fetch::<Setting>(&t, "s").await.unwrap().unwrap().value, json!(1));
}

pub(crate) async fn a_failing_set_leaves_nothing(store: &dyn Store) {
    let t = tenant("a");
    let id = Uuid::new_v4();
    let failing = WriteSet::new(&t, id).insert(&user("ann")).put(&setting("s", json!(1)));
    check_conflict(store.commit(failing.expect::<Setting>("s", Expect::Absent)).await, Some(1));
    assert_eq!(store.fetch::<User>(&t, "auth0|ann").await.unwrap(), None);
    assert_eq!(store.find::<User>(&t, Index::UserByEmail, &["ann@example.com"]).await.unwrap(), None);
    assert_eq!(store.fetch::<Setting>(&t, "s").await.unwrap(), None);
    // Nor is its request id known.
    let receipt = store.commit(WriteSet::new(&t, id).insert(&user("ann"))).await.unwrap();
    assert!(!receipt.deduplicated);
}

pub(crate) async fn a_failing_set_does_not_harm_its_neighbours(store: &dyn Store) {
    let t = tenant("a");
    let sets = (0..200).map(|number| {
        let row = setting(&format!("s{number}"), json!(number));
        let row = set(&t).insert(&row);
        store.commit(if number % 3 == 0 { row.expect::<Setting>("none", Expect::Present) } else { row })
    });
    let results = join_all(sets).await;
    for (number, result) in results.iter().enumerate() {
        assert_eq!(result.is_err(), number % 3 == 0, "{number}: {result:?}");
        let there = store.fetch::<Setting>(&t, &format!("s{number}")).await.unwrap().is_some();
        assert_eq!(there, result.is_ok(), "{number}");
    }
}

fn connection(id: &str, name: &str) -> Connection {
    Connection {
        id: id.parse().unwrap(),
        revision: 0,
        name: name.to_owned(),
        strategy: Strategy("auth0".into()),
        set_user_root_attributes: RootAttributes::OnEachLogin,
        non_persistent_attrs: Vec::new(),
        options: Map::new(),
        metadata: Map::new(),
        enabled_clients: None,
        settings: Map::new(),
        created_at: at(0),
    }
}

pub(crate) async fn unique_keys_are_unique(store: &dyn Store) {
    let t = tenant("a");
    store.commit(set(&t).insert(&connection("con_1", "db"))).await.unwrap();
    match store.commit(set(&t).insert(&connection("con_2", "db"))).await {
        Err(CommitError::Duplicate { table: Table::Connections, index: Index::ConnectionByName, key }) => {
            assert_eq!(key, ["db"]);
        }
        other => panic!("not a duplicate: {other:?}"),
    }
    assert_eq!(store.fetch::<Connection>(&t, "con_2").await.unwrap(), None);
    // Two rows of one set are held to it as well, and another tenant is not.
    let twice = set(&t).insert(&connection("con_3", "x")).insert(&connection("con_4", "x"));
    assert!(matches!(store.commit(twice).await, Err(CommitError::Duplicate { .. })));
    store.commit(set(&tenant("b")).insert(&connection("con_2", "db"))).await.unwrap();
    // The row itself may keep its key.
    store.commit(set(&t).put(&connection("con_1", "db"))).await.unwrap();
}

pub(crate) async fn unique_keys_move(store: &dyn Store) {
    let t = tenant("a");
    store.commit(set(&t).insert(&connection("con_1", "old"))).await.unwrap();
    store.commit(set(&t).put(&connection("con_1", "new"))).await.unwrap();
    assert_eq!(store.find::<Connection>(&t, Index::ConnectionByName, &["old"]).await.unwrap(), None);
    store.commit(set(&t).insert(&connection("con_2", "old"))).await.unwrap();
    let freed = set(&t).delete::<Connection>("con_1", Expect::Any).insert(&connection("con_3", "new"));
    store.commit(freed).await.unwrap();
    let found = store.find::<Connection>(&t, Index::ConnectionByName, &["new"]).await.unwrap().unwrap();
    assert_eq!(found.id.as_str(), "con_3");
    store.commit(set(&t).delete::<Connection>("con_3", Expect::Any)).await.unwrap();
    assert_eq!(store.find::<Connection>(&t, Index::ConnectionByName, &["new"]).await.unwrap(), None);
}

pub(crate) async fn a_repeated_request_writes_nothing(store: &dyn Store) {
    let t = tenant("a");
    let once = WriteSet::new(&t, Uuid::new_v4()).put(&setting("s", json!(1)));
    let first = store.commit(once.clone()).await.unwrap();
    store.commit(set(&t).put(&setting("s", json!(2)))).await.unwrap();
    let second = store.commit(once.clone()).await.unwrap();
    assert!(!first.deduplicated && second.deduplicated);
    assert_eq!(first.written, second.written);
    let read = store.fetch::<Setting>(&t, "s").await.unwrap().unwrap();
    assert_eq!((read.revision, read.value), (2, json!(2)));
    // At the same time as well: one of them writes.
    let once = WriteSet::new(&t, Uuid::new_v4()).put(&setting("s", json!(3)));
    let receipts = join_all((0..20).map(|_| store.commit(once.clone()))).await;
    assert_eq!(receipts.iter().filter(|receipt| !receipt.as_ref().unwrap().deduplicated).count(), 1);
    assert_eq!(store.fetch::<Setting>(&t, "s").await.unwrap().unwrap().revision, 3);
}

pub(crate) async fn a_request_id_is_not_for_two_writes(store: &dyn Store) {
    let t = tenant("a");
    store.commit(set(&t).insert(&user("bob"))).await.unwrap();
    let id = Uuid::new_v4();
    let first = || WriteSet::new(&t, id).put(&user("ann"));
    store.commit(first()).await.unwrap();
    for other in [
        WriteSet::new(&t, id),
        WriteSet::new(&t, id).put(&setting("s", json!(1))),
        WriteSet::new(&t, id).patch_user(patch("bob", Vec::new())),
        first().patch_user(patch("bob", Vec::new())),
    ] {
        let refused = store.commit(other).await;
        assert!(matches!(refused, Err(CommitError::Refused(Refusal::RequestReused))), "{refused:?}");
    }
    assert!(store.commit(first()).await.unwrap().deduplicated);
}

pub(crate) async fn request_ids_are_the_tenants_own(store: &dyn Store) {
    let id = Uuid::new_v4();
    for name in ["a", "b"] {
        let t = tenant(name);
        let receipt = store.commit(WriteSet::new(&t, id).put(&setting("s", json!(name)))).await.unwrap();
        assert!(!receipt.deduplicated);
        assert_eq!(store.fetch::<Setting>(&t, "s").await.unwrap().unwrap().value, json!(name));
    }
}

pub(crate) async fn large_rows_are_whole(store: &dyn Store) {
    let t = tenant("a");
    for bytes in [65_000, 65_400, 65_536, 70_000, 131_072, 1_000_000, 10, 5_600_000, 200_000] {
        store.commit(set(&t).put(&setting("s", filler(bytes)))).await.unwrap();
        let read = store.fetch::<Setting>(&t, "s").await.unwrap().unwrap();
        assert_eq!(read.value, filler(bytes), "{bytes}");
    }
    let bytes: Vec<u8> = (0..=255).cycle().take(4 * 1024 * 1024).collect();
    let artifact = ArtifactBytes { sha256: "ab".into(), bytes: bytes.into() };
    store.commit(set(&t).put(&artifact)).await.unwrap();
    assert_eq!(store.fetch::<ArtifactBytes>(&t, "ab").await.unwrap(), Some(artifact));
    store.commit(set(&t).delete::<Setting>("s", Expect::Present)).await.unwrap();
    assert_eq!(store.fetch::<Setting>(&t, "s").await.unwrap(), None);
}

/// A row in parts is read as one write left it, however often it is replaced meanwhile.
pub(crate) async fn readers_see_whole_rows(store: Arc<dyn Store>) {
    let t = tenant("a");
    let row = |turn: usize| setting("s", json!(["a", "b", "c"][turn % 3].repeat(100_000 + turn * 1000)));
    store.commit(set(&t).put(&row(0))).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (store, done, t) = (Arc::clone(&store), Arc::clone(&done), t.clone());
            tokio::spawn(async move {
                let mut seen = 0;
                while !done.load(Ordering::Relaxed) {
                    let read = store.fetch::<Setting>(&t, "s").await.unwrap().expect("is always there");
                    let text = read.value.as_str().unwrap();
                    assert!(text.as_bytes().windows(2).all(|pair| pair[0] == pair[1]), "two writes in one row");
                    assert!(read.revision >= seen);
                    seen = read.revision;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for turn in 1..100 {
        store.commit(set(&t).put(&row(turn))).await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
}

pub(crate) async fn rows_too_large_are_refused(store: &dyn Store) {
    let t = tenant("a");
    let refused = store.commit(set(&t).put(&setting("s", filler(9 * 1024 * 1024)))).await;
    assert!(matches!(refused, Err(CommitError::Refused(Refusal::TooLarge { table: Table::Settings, .. }))));
    for name in [String::new(), "x".repeat(5000)] {
        let refused = store.commit(set(&t).put(&setting(&name, json!(1)))).await;
        assert!(matches!(refused, Err(CommitError::Refused(Refusal::Key { table: Table::Settings }))), "{refused:?}");
    }
    let mut long = user("ann");
    long.email = Some("x".repeat(5000));
    let refused = store.commit(set(&t).put(&long)).await;
    assert!(matches!(refused, Err(CommitError::Refused(Refusal::Key { table: Table::Users }))), "{refused:?}");
}

pub(crate) async fn tenants_do_not_see_each_other(store: &dyn Store) {
    let (a, b) = (tenant("a"), tenant("a-b"));
    store.commit(set(&a).insert(&user("ann"))).await.unwrap();
    assert_eq!(store.fetch::<User>(&b, "auth0|ann").await.unwrap(), None);
    assert_eq!(store.find::<User>(&b, Index::UserByEmail, &["ann@example.com"]).await.unwrap(), None);
    assert!(store.list::<User>(&b, postern_store::Query::all()).await.unwrap().rows.is_empty());
    assert_eq!(store.count::<User>(&b, postern_store::Query::by(Index::UserByCreated)).await.unwrap(), 0);
    store.commit(set(&b).delete::<User>("auth0|ann", Expect::Any)).await.unwrap();
    store.commit(set(&b).insert(&user("ann"))).await.unwrap();
    assert!(store.fetch::<User>(&a, "auth0|ann").await.unwrap().is_some());
    let root = Tenant {
        id: root_tenant(),
        revision: 0,
        domain: "x".into(),
        signing_keys: Vec::new(),
        limits: None,
        egress: postern_model::tenant::Egress::Public,
        rate_limits: None,
        created_at: at(0),
    };
    let refused = store.commit(set(&root_tenant()).insert(&root)).await;
    assert!(matches!(refused, Err(CommitError::Refused(Refusal::ReservedTenant))));
}

/// Every type goes in and comes out as it was, but for the revision.
#[expect(clippy::too_many_lines, reason = "one row a type")]
pub(crate) async fn every_type_is_kept(store: &dyn Store) {
    let t = tenant("a");
    macro_rules! check {
        ($type:ty, $json:expr) => {{
            let row: $type = serde_json::from_value($json).unwrap();
            let id = postern_store::Entity::id(&row);
            store.commit(set(&t).insert(&row)).await.unwrap();
            let read = store.fetch::<$type>(&t, &id).await.unwrap().unwrap();
            let (mut want, mut got) = (serde_json::to_value(&row).unwrap(), serde_json::to_value(&read).unwrap());
            if stringify!($type) != "HistoryEntry" {
                want.as_object_mut().unwrap().remove("revision");
                if let Some(revision) = got.as_object_mut().unwrap().remove("revision") {
                    assert_eq!(revision, 1, "{}", stringify!($type));
                }
            }
            assert_eq!(got, want, "{}", stringify!($type));
        }};
    }
    let (now, uuid) = ("2026-11-25T06:00:00Z", "00000000-0000-4000-8000-000000000000");
    check!(Tenant, json!({"id": "a", "revision": 0, "domain": "a.test", "signing_keys": [], "created_at": now}));
    check!(User, serde_json::to_value(user("ann")).unwrap());
    check!(
        HistoryEntry,
        json!({"user_id": "auth0|ann", "revision": 9, "order": 1, "at": now, "actor": {"type": "system"},
        "kind": "app_metadata", "key": "k", "from": null})
    );
    check!(
        Client,
        json!({"client_id": "c", "revision": 0, "name": "app", "client_secret": "s", "settings": {"x": 1},
        "created_at": now, "updated_at": now})
    );
    check!(Connection, serde_json::to_value(connection("con_1", "db")).unwrap());
    check!(Role, json!({"id": "rol_1", "revision": 0, "name": "admin", "description": ""}));
    let trigger = json!({"id": "post-login", "version": "v3"});
    check!(
        Action,
        json!({"id": uuid, "revision": 0, "name": "n", "trigger": trigger, "draft": {"runtime": "wasm",
        "status": "pending"}, "last_number": 0, "all_changes_deployed": false, "created_at": now, "updated_at": now})
    );
    check!(
        ActionVersion,
        json!({"id": uuid, "revision": 0, "action_id": uuid, "number": 1, "content_sha256": "00",
        "runtime": "wasm", "created_at": now})
    );
    check!(
        BindingList,
        json!({"trigger_id": "post-login", "revision": 0, "bindings": [{"id": uuid, "action_id": uuid,
        "display_name": "n", "created_at": now}]})
    );
    check!(
        Execution,
        json!({"id": "exe_1", "revision": 0, "login_id": "lgn_1", "trigger_id": "post-login",
        "user_id": "auth0|ann", "client_id": "c", "status": "final", "outcome": {"type": "allow"}, "runs": [],
        "created_at": now, "updated_at": now})
    );
    check!(
        SuspendedLogin,
        json!({"login_id": "lgn_1", "revision": 0, "execution_id": "exe_1", "state_sha256": "00",
        "expires_at": now, "user_id": "auth0|ann", "client_id": "c", "connection_id": "con_1", "pipeline": {"x": [1]}})
    );
    check!(LogEntry, json!({"log_id": "9001", "date": now, "type": "s", "description": "", "user_id": "auth0|ann"}));
    check!(Setting, json!({"name": "s", "revision": 0, "value": [1, null]}));
}

/// The embedded store is still whole when it is opened again.
#[test]
fn rows_outlive_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let t = tenant("a");
    let once = WriteSet::new(&t, Uuid::new_v4()).insert(&user("ann")).insert(&setting("s", filler(300_000)));
    for round in 0..3 {
        let store = open(folder.path());
        crate::support::runtime().block_on(async {
            let receipt = store.commit(once.clone()).await.unwrap();
            assert_eq!(receipt.deduplicated, round > 0);
            assert_eq!(store.fetch::<Setting>(&t, "s").await.unwrap().unwrap().value, filler(300_000));
            assert!(store.find::<User>(&t, Index::UserByEmail, &["ann@example.com"]).await.unwrap().is_some());
        });
    }
}
