//! User patches: what they make of a user, and what the history says of it.

use futures_util::future::join_all;
use postern_model::metadata::BadMetadata;
use postern_model::{Actor, HistoryEntry, MetadataKind, User};
use postern_store::{CommitError, Expect, LoginStamp, MetadataChange, Query, Refusal, Store, Table, UserPatch};
use serde_json::json;

use crate::support::{at, change, filler, object, patch, set, tenant, user, user_id};

pub(crate) async fn patches_merge_at_the_first_level(store: &dyn Store) {
    let t = tenant("a");
    store.commit(set(&t).insert(&user("ann"))).await.unwrap();
    let rows = [
        (json!({"a": 1, "b": {"x": 1}}), json!({"a": 1, "b": {"x": 1}})),
        (json!({"b": {"y": 2}}), json!({"a": 1, "b": {"y": 2}})),
        (json!({"a": null, "none": null}), json!({"b": {"y": 2}})),
        (json!({}), json!({"b": {"y": 2}})),
    ];
    for (number, (patched, want)) in rows.into_iter().enumerate() {
        let receipt = store.commit(set(&t).patch_user(patch("ann", vec![change(patched)]))).await.unwrap();
        let got = receipt.user.unwrap();
        assert_eq!(got.app_metadata, Some(object(want)));
        assert_eq!(got.revision, number as u64 + 2);
        assert_eq!(store.fetch::<User>(&t, "auth0|ann").await.unwrap(), Some(got));
    }
    let clear = MetadataChange { clear: true, ..change(json!({"c": 3})) };
    let receipt = store.commit(set(&t).patch_user(patch("ann", vec![clear]))).await.unwrap();
    assert_eq!(receipt.user.unwrap().app_metadata, Some(object(json!({"c": 3}))));
}

pub(crate) async fn concurrent_patches_all_count(store: &dyn Store) {
    let t = tenant("a");
    store.commit(set(&t).insert(&user("ann"))).await.unwrap();
    let patches = (0..100).map(|number| {
        store.commit(set(&t).patch_user(UserPatch {
            login: Some(LoginStamp { at: at(number), ip: None }),
            ..patch("ann", vec![change(json!({format!("k{number}"): number}))])
        }))
    });
    for result in join_all(patches).await {
        result.unwrap();
    }
    let ann = store.fetch::<User>(&t, "auth0|ann").await.unwrap().unwrap();
    assert_eq!((ann.logins_count, ann.revision, ann.app_metadata.unwrap().len()), (100, 101, 100));
    assert_eq!(store.count::<HistoryEntry>(&t, Query::all().under("auth0|ann")).await.unwrap(), 100);
    // Of patches that name the same revision, one is committed.
    let expect = Expect::Revision(101);
    let patches = (0..20).map(|_| store.commit(set(&t).patch_user(UserPatch { expect, ..patch("ann", Vec::new()) })));
    let results = join_all(patches).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for result in results {
        match result {
            Ok(_) | Err(CommitError::Conflict { table: Table::Users, current: Some(102), .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
}

pub(crate) async fn history_tells_every_change(store: &dyn Store) {
    let t = tenant("a");
    store.commit(set(&t).insert(&user("ann"))).await.unwrap();
    let client = Actor::Client { client_id: "c1".parse().unwrap() };
    let changes = vec![
        change(json!({"a": 1, "b": null})),
        MetadataChange { actor: client.clone(), ..change(json!({"a": 2})) },
        MetadataChange { kind: MetadataKind::UserMetadata, ..change(json!({"a": null, "n": [null]})) },
        change(json!({"a": 2})),
    ];
    store.commit(set(&t).patch_user(patch("ann", changes))).await.unwrap();
    let clear = MetadataChange { clear: true, ..change(json!({"a": 2, "c": 3})) };
    store.commit(set(&t).patch_user(patch("ann", vec![change(json!({"d": 4})), clear]))).await.unwrap();
    let rows = store.list::<HistoryEntry>(&t, Query::all().under("auth0|ann").descending()).await.unwrap().rows;
    // Within a revision the newest is first, so the walk from the other end is oldest first.
    let got: Vec<_> = rows
        .iter()
        .map(|entry| (entry.revision, entry.kind.name(), entry.key.as_str(), entry.from.clone(), entry.to.clone()))
        .collect();
    let want = vec![
        (2, "app_metadata", "a", None, Some(json!(1))),
        (2, "app_metadata", "a", Some(json!(1)), Some(json!(2))),
        (2, "user_metadata", "n", None, Some(json!([null]))),
        (3, "app_metadata", "d", None, Some(json!(4))),
        (3, "app_metadata", "d", Some(json!(4)), None),
        (3, "app_metadata", "c", None, Some(json!(3))),
    ];
    assert_eq!(got, want);
    assert_eq!((&rows[0].actor, &rows[1].actor, rows[1].at), (&Actor::System, &client, at(1)));
}

pub(crate) async fn logins_are_counted(store: &dyn Store) {
    let t = tenant("a");
    store.commit(set(&t).insert(&user("ann"))).await.unwrap();
    let login = Some(LoginStamp { at: at(7), ip: Some("192.0.2.1".into()) });
    let mut patched = UserPatch { login, ..patch("ann", Vec::new()) };
    patched.set = object(json!({"name": "Ann", "nickname": "a", "picture": null, "attributes": {"x": 1}}));
    let ann = store.commit(set(&t).patch_user(patched)).await.unwrap().user.unwrap();
    assert_eq!((ann.logins_count, ann.last_login, ann.last_ip.as_deref()), (1, Some(at(7)), Some("192.0.2.1")));
    assert_eq!((ann.name.as_deref(), ann.nickname.as_deref(), ann.updated_at), (Some("Ann"), Some("a"), at(1)));
    assert_eq!(ann.attributes, object(json!({"x": 1})));
}

pub(crate) async fn users_are_created_by_a_patch(store: &dyn Store) {
    let t = tenant("a");
    let login = Some(LoginStamp { at: at(7), ip: None });
    let create = UserPatch {
        expect: Expect::Absent,
        create: Some(Box::new(user("ann"))),
        login,
        ..patch("ann", vec![change(json!({"a": 1}))])
    };
    let ann = store.commit(set(&t).patch_user(create.clone())).await.unwrap().user.unwrap();
    assert_eq!((ann.revision, ann.logins_count, ann.created_at), (1, 1, at(0)));
    assert_eq!(store.fetch::<User>(&t, "auth0|ann").await.unwrap(), Some(ann));
    let again = store.commit(set(&t).patch_user(create.clone())).await;
    assert!(matches!(again, Err(CommitError::Conflict { current: Some(1), .. })), "{again:?}");
    let any = UserPatch { expect: Expect::Any, ..create };
    let ann = store.commit(set(&t).patch_user(any)).await.unwrap().user.unwrap();
    assert_eq!((ann.revision, ann.logins_count), (2, 2));
    let absent = store.commit(set(&t).patch_user(patch("bob", Vec::new()))).await;
    assert!(matches!(absent, Err(CommitError::Conflict { current: None, .. })), "{absent:?}");
    let other = UserPatch { expect: Expect::Any, create: Some(Box::new(user("eve"))), ..patch("bob", Vec::new()) };
    let refused = store.commit(set(&t).patch_user(other)).await;
    assert!(matches!(refused, Err(CommitError::Refused(Refusal::UserField { .. }))), "{refused:?}");
}

pub(crate) async fn illegal_patches_change_nothing(store: &dyn Store) {
    let t = tenant("a");
    store.commit(set(&t).insert(&user("ann"))).await.unwrap();
    let before = store.fetch::<User>(&t, "auth0|ann").await.unwrap();
    let field = |name: &str, value| {
        let mut patch = patch("ann", vec![change(json!({"a": 1}))]);
        patch.set.insert(name.to_owned(), value);
        patch.set.insert("nickname".into(), json!("n"));
        (patch, Refusal::UserField { field: name.to_owned() })
    };
    let metadata = |value, bad: BadMetadata| (patch("ann", vec![change(json!({"a": 1})), change(value)]), bad.into());
    let (kind, limit) = (MetadataKind::AppMetadata, postern_model::limits::METADATA_BYTES);
    for (patch, want) in [
        field("user_id", json!("auth0|eve")),
        field("revision", json!(7)),
        field("logins_count", json!(7)),
        field("app_metadata", json!({})),
        field("email_verified", json!("yes")),
        field("identities", json!(null)),
        metadata(json!({"user_id": 1}), BadMetadata::Reserved { key: "user_id".into() }),
        metadata(json!({"a.b": 1}), BadMetadata::Key { key: "a.b".into() }),
        metadata(json!({"big": filler(1_100_000)}), BadMetadata::TooLarge { kind, limit }),
    ] {
        match store.commit(set(&t).patch_user(patch)).await {
            Err(CommitError::Refused(refusal)) => assert_eq!(refusal, want),
            other => panic!("not refused: {other:?}"),
        }
        assert_eq!(store.fetch::<User>(&t, "auth0|ann").await.unwrap(), before);
    }
    assert_eq!(store.count::<HistoryEntry>(&t, Query::all()).await.unwrap(), 0);
}

pub(crate) async fn histories_are_deleted(store: &dyn Store) {
    let t = tenant("a");
    store.commit(set(&t).insert(&user("ann")).insert(&user("ann2"))).await.unwrap();
    for name in ["ann", "ann2"] {
        let changes = vec![change(json!({"a": filler(100_000), "b": 1}))];
        store.commit(set(&t).patch_user(patch(name, changes))).await.unwrap();
    }
    let last = patch("ann", vec![change(json!({"c": 1}))]);
    let gone = set(&t).patch_user(last).delete::<User>("auth0|ann", Expect::Any).delete_history(&user_id("ann"));
    store.commit(gone).await.unwrap();
    assert_eq!(store.count::<HistoryEntry>(&t, Query::all().under("auth0|ann")).await.unwrap(), 0);
    assert_eq!(store.count::<HistoryEntry>(&t, Query::all().under("auth0|ann2")).await.unwrap(), 2);
    assert_eq!(store.count::<HistoryEntry>(&t, Query::all()).await.unwrap(), 2);
}
