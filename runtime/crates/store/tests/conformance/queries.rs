//! Lists, cursors, indexes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use postern_model::{HistoryEntry, LogEntry, User};
use postern_store::{Index, Page, Query, Setting, Store, StoreError};
use serde_json::json;

use crate::support::{at, change, patch, set, setting, tenant, user, user_id};

pub(crate) async fn pages_go_through_everything_once(store: &dyn Store) {
    let t = tenant("a");
    let mut writes = set(&t);
    for number in 0..25 {
        writes = writes.insert(&setting(&format!("s{number:02}"), json!(number)));
    }
    store.commit(writes).await.unwrap();
    for (query, descending) in [(Query::all(), false), (Query::all().descending(), true)] {
        for limit in [1, 7, 25, 100] {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let query = query.clone().limit(limit).after(after);
                let Page { rows, next } = store.list::<Setting>(&t, query).await.unwrap();
                assert!(rows.len() <= limit);
                seen.extend(rows.into_iter().map(|row| row.value.as_u64().unwrap()));
                after = next;
                if after.is_none() {
                    break;
                }
            }
            let mut want: Vec<u64> = (0..25).collect();
            if descending {
                want.reverse();
            }
            assert_eq!(seen, want, "limit {limit}");
        }
    }
    let Page { rows, .. } = store.list::<Setting>(&t, Query::all().skip(20).limit(10)).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["s20", "s21", "s22", "s23", "s24"]);
    assert_eq!(store.count::<Setting>(&t, Query::all().limit(1)).await.unwrap(), 25);
}

pub(crate) async fn cursors_of_other_lists_are_refused(store: &dyn Store) {
    let t = tenant("a");
    store.commit(set(&t).insert(&user("ann")).insert(&user("bob"))).await.unwrap();
    let page = store.list::<User>(&t, Query::by(Index::UserByEmail).limit(1)).await.unwrap();
    let cursor = page.next.unwrap();
    let inside = Query::by(Index::UserByEmail).under("bob@example.com");
    for query in [inside.clone().after(Some(cursor)), inside.after(Some("%".into()))] {
        assert!(matches!(store.list::<User>(&t, query).await, Err(StoreError::Cursor)));
    }
}

pub(crate) async fn users_are_found(store: &dyn Store) {
    let t = tenant("a");
    let mut twin = user("twin");
    twin.email = user("ann").email;
    twin.identities[0].connection = "google-oauth2".into();
    twin.identities[0].provider = "google-oauth2".into();
    store.commit(set(&t).insert(&user("ann")).insert(&user("bob")).insert(&twin)).await.unwrap();
    let same = Query::by(Index::UserByEmail).under("ann@example.com");
    let found = store.list::<User>(&t, same.clone()).await.unwrap().rows;
    assert_eq!(found.iter().map(|user| user.user_id.as_str()).collect::<Vec<_>>(), ["auth0|ann", "auth0|twin"]);
    assert_eq!(store.count::<User>(&t, same).await.unwrap(), 2);
    let identity = ["Username-Password-Authentication", "bob"];
    let bob = store.find::<User>(&t, Index::UserByIdentity, &identity).await.unwrap().unwrap();
    assert_eq!(bob.user_id, user_id("bob"));
    // Index entries follow the row.
    let mut patch = patch("bob", Vec::new());
    patch.set.insert("email".into(), json!("new@example.com"));
    store.commit(set(&t).patch_user(patch)).await.unwrap();
    assert_eq!(store.find::<User>(&t, Index::UserByEmail, &["bob@example.com"]).await.unwrap(), None);
    assert!(store.find::<User>(&t, Index::UserByEmail, &["new@example.com"]).await.unwrap().is_some());
}

/// What a key leads to has that key, however often it passes from row to row meanwhile.
pub(crate) async fn found_rows_have_the_key(store: Arc<dyn Store>) {
    let t = tenant("a");
    let named = |name: &str, username: &str| {
        let mut row = user(name);
        row.identities.clear();
        row.username = Some(username.to_owned());
        row
    };
    store.commit(set(&t).put(&named("ann", "x")).put(&named("bob", "y"))).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let (reading, stop, tenant) = (Arc::clone(&store), Arc::clone(&done), t.clone());
    let reader = tokio::spawn(async move {
        while !stop.load(Ordering::Relaxed) {
            if let Some(found) = reading.find::<User>(&tenant, Index::UserByUsername, &["x"]).await.unwrap() {
                assert_eq!(found.username.as_deref(), Some("x"));
            }
            let listed = reading.list::<User>(&tenant, Query::by(Index::UserByUsername).under("y")).await.unwrap();
            assert!(listed.rows.iter().all(|row| row.username.as_deref() == Some("y")));
        }
    });
    for turn in 0..300 {
        let (ann, bob) = if turn % 2 == 0 { ("y", "x") } else { ("x", "y") };
        store.commit(set(&t).put(&named("ann", ann)).put(&named("bob", bob))).await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    reader.await.unwrap();
}

pub(crate) async fn newest_come_first(store: &dyn Store) {
    let t = tenant("a");
    store.commit(set(&t).insert(&user("ann")).insert(&user("ann2"))).await.unwrap();
    for number in 0..12 {
        let changes = vec![change(json!({"n": number})), change(json!({"m": number}))];
        store.commit(set(&t).patch_user(patch("ann", changes))).await.unwrap();
        store.commit(set(&t).patch_user(patch("ann2", vec![change(json!({"n": number}))]))).await.unwrap();
        let log = json!({"log_id": format!("900{number:03}"), "date": at(number), "type": "s", "user_id": "auth0|ann"});
        store.commit(set(&t).insert(&serde_json::from_value::<LogEntry>(log).unwrap())).await.unwrap();
    }
    let history = Query::all().under("auth0|ann").limit(100);
    let rows = store.list::<HistoryEntry>(&t, history).await.unwrap().rows;
    let got: Vec<_> = rows.iter().map(|entry| (entry.to.clone().unwrap(), entry.key.as_str())).collect();
    let want: Vec<_> = (0..12).rev().flat_map(|number| [(json!(number), "m"), (json!(number), "n")]).collect();
    assert_eq!(got, want);
    let logs = store.list::<LogEntry>(&t, Query::all().descending().limit(2)).await.unwrap().rows;
    assert_eq!(logs.iter().map(|log| log.log_id.as_str()).collect::<Vec<_>>(), ["900011", "900010"]);
    let mine = Query::by(Index::LogByUser).under("auth0|ann").descending().limit(1);
    assert_eq!(store.list::<LogEntry>(&t, mine).await.unwrap().rows[0].log_id.as_str(), "900011");
}

pub(crate) async fn parts_are_compared_whole(store: &dyn Store) {
    let t = tenant("a");
    let mut writes = set(&t);
    for name in ["ann", "ann@x", "ann\u{1}", "an"] {
        let mut row = user(&format!("u{}", name.len()));
        row.identities.clear();
        row.username = Some(name.to_owned());
        writes = writes.insert(&row);
    }
    store.commit(writes).await.unwrap();
    let found = store.list::<User>(&t, Query::by(Index::UserByUsername).under("ann")).await.unwrap().rows;
    assert_eq!(found.iter().map(|user| user.username.as_deref().unwrap()).collect::<Vec<_>>(), ["ann"]);
    let all = store.list::<User>(&t, Query::by(Index::UserByUsername)).await.unwrap().rows;
    let names: Vec<_> = all.iter().map(|user| user.username.as_deref().unwrap()).collect();
    assert_eq!(names, ["an", "ann", "ann\u{1}", "ann@x"]);
}
