//! Export and import.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use postern_model::{HistoryEntry, Tenant, User};
use postern_store::{ExportScope, ImportError, Index, Query, Setting, Store, UserPatch, root_tenant};
use serde_json::json;

use crate::support::{at, change, filler, patch, set, setting, tenant, user};

/// A sink that can be read afterwards.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn source(bytes: Vec<u8>) -> Box<dyn Read + Send> {
    Box::new(std::io::Cursor::new(bytes))
}

fn tenant_row(name: &str) -> Tenant {
    let row =
        json!({"id": name, "revision": 0, "domain": format!("{name}.test"), "signing_keys": [], "created_at": at(0)});
    serde_json::from_value(row).unwrap()
}

async fn fill(store: &dyn Store) {
    for name in ["a", "b"] {
        let t = tenant(name);
        store.commit(set(&root_tenant()).insert(&tenant_row(name))).await.unwrap();
        store.commit(set(&t).insert(&setting("large", filler(2_000_000)))).await.unwrap();
        for number in 0..40 {
            let row = user(&format!("u{number}"));
            store.commit(set(&t).insert(&row)).await.unwrap();
            let changes = vec![change(json!({"n": number}))];
            store.commit(set(&t).patch_user(patch(&format!("u{number}"), changes))).await.unwrap();
        }
    }
}

async fn export(store: &dyn Store, scope: ExportScope) -> (postern_store::ExportReport, Vec<u8>) {
    let sink = Sink::default();
    let report = store.export(scope, Box::new(sink.clone())).await.unwrap();
    (report, sink.take())
}

pub(crate) async fn exports_come_back(store: &dyn Store, other: &dyn Store) {
    fill(store).await;
    let (report, bytes) = export(store, ExportScope::All).await;
    assert_eq!((report.rows["users"], report.rows["history"], report.rows["tenants"]), (80, 80, 2));
    assert_eq!(report.lines, report.rows.values().sum::<u64>());
    assert_eq!(other.import(source(bytes.clone())).await.unwrap(), report);
    for name in ["a", "b"] {
        let t = tenant(name);
        let all = Query::all().limit(100);
        let (want, got) = (store.list::<User>(&t, all.clone()).await, other.list::<User>(&t, all.clone()).await);
        assert_eq!(want.unwrap(), got.unwrap());
        let (want, got) =
            (store.list::<HistoryEntry>(&t, all.clone()).await, other.list::<HistoryEntry>(&t, all).await);
        assert_eq!(want.unwrap(), got.unwrap());
        assert_eq!(other.fetch::<Setting>(&t, "large").await.unwrap().unwrap().value, filler(2_000_000));
        assert!(other.find::<User>(&t, Index::UserByEmail, &["u7@example.com"]).await.unwrap().is_some());
    }
    assert!(other.find::<Tenant>(&root_tenant(), Index::TenantByDomain, &["b.test"]).await.unwrap().is_some());
    // Revisions go on from where they were.
    let receipt = other.commit(set(&tenant("a")).patch_user(patch("u0", Vec::new()))).await.unwrap();
    assert_eq!(receipt.user.unwrap().revision, 3);
    assert!(matches!(other.import(source(bytes)).await, Err(ImportError::NotEmpty)));
}

pub(crate) async fn one_tenant_is_exported_alone(store: &dyn Store) {
    fill(store).await;
    let (report, bytes) = export(store, ExportScope::Tenant(tenant("a"))).await;
    assert_eq!((report.rows["users"], report.rows["history"], report.rows["tenants"]), (40, 40, 1));
    let text = zstd::decode_all(bytes.as_slice()).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("a.test") && !text.contains("b.test"));
}

pub(crate) async fn damaged_exports_are_refused(store: &dyn Store) {
    let t = tenant("a");
    store.commit(set(&t).insert(&user("ann")).insert(&user("bob"))).await.unwrap();
    let (_, bytes) = export(store, ExportScope::All).await;
    for name in ["ann", "bob"] {
        store.commit(set(&t).delete::<User>(&format!("auth0|{name}"), postern_store::Expect::Any)).await.unwrap();
    }
    let text = String::from_utf8(zstd::decode_all(bytes.as_slice()).unwrap()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let pack = |lines: &[&str]| zstd::encode_all((lines.join("\n") + "\n").as_bytes(), 3).unwrap();
    let changed = text.replace("ann@example.com", "eve@example.com");
    let without_row = pack(&[&lines[..1], &lines[2..]].concat());
    for (damaged, want) in [
        (pack(&lines[..lines.len() - 1]), "ends too early"),
        (bytes[..bytes.len() / 2].to_vec(), ""),
        (pack(&lines[1..]), "line 1"),
        (pack(&[lines[0], "{}", lines[1]]), "line 2"),
        (without_row, "do not match"),
        (zstd::encode_all(changed.as_bytes(), 3).unwrap(), "do not match"),
        (b"not zstd".to_vec(), ""),
        (Vec::new(), ""),
    ] {
        let error = store.import(source(damaged)).await.unwrap_err();
        assert!(error.to_string().contains(want), "{error} has no {want}");
        assert!(!matches!(error, ImportError::NotEmpty), "the failed import before left rows");
        assert_eq!(store.fetch::<User>(&t, "auth0|bob").await.unwrap(), None);
    }
    store.import(source(bytes)).await.unwrap();
    assert!(store.fetch::<User>(&t, "auth0|bob").await.unwrap().is_some());
    assert!(store.find::<User>(&t, Index::UserByEmail, &["ann@example.com"]).await.unwrap().is_some());
}

/// Each commit raises two users' counters together; an export made meanwhile has them equal for every pair, and
/// nothing that was committed before it began is missing.
pub(crate) async fn exports_are_of_one_moment(store: Arc<dyn Store>, other: &dyn Store) {
    const PAIRS: usize = 16;
    let t = tenant("a");
    for pair in 0..PAIRS {
        store.commit(set(&t).insert(&user(&format!("a{pair}"))).insert(&user(&format!("z{pair}")))).await.unwrap();
    }
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..PAIRS)
        .map(|pair| {
            let (store, stop, t) = (Arc::clone(&store), Arc::clone(&stop), t.clone());
            tokio::spawn(async move {
                let mut count = 0_u64;
                while !stop.load(Ordering::Relaxed) {
                    count += 1;
                    let bump = |name: &str| UserPatch {
                        metadata: vec![change(json!({"count": count}))],
                        ..patch(&format!("{name}{pair}"), Vec::new())
                    };
                    store.commit(set(&t).patch_user(bump("a")).patch_user(bump("z"))).await.unwrap();
                }
            })
        })
        .collect();
    for round in 0_u64..3 {
        // At least one commit of each pair lies between two exports.
        let before = store.fetch::<User>(&t, "auth0|a0").await.unwrap().unwrap().revision;
        while store.fetch::<User>(&t, "auth0|a0").await.unwrap().unwrap().revision == before {
            tokio::task::yield_now().await;
        }
        let (_, bytes) = export(&*store, ExportScope::All).await;
        if round < 2 {
            continue;
        }
        other.import(source(bytes)).await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    for pair in 0..PAIRS {
        let fetch = async |name: &str| other.fetch::<User>(&t, &format!("auth0|{name}{pair}")).await.unwrap().unwrap();
        let (a, z) = (fetch("a").await, fetch("z").await);
        assert_eq!((a.revision, &a.app_metadata), (z.revision, &z.app_metadata), "pair {pair}");
        let entries = other.count::<HistoryEntry>(&t, Query::all().under(a.user_id.as_str())).await.unwrap();
        assert_eq!(entries, a.revision - 1, "pair {pair}");
    }
}
