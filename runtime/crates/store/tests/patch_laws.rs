//! Laws of PATCH, for any patches: each commit against a model that is nothing but a map.

#![cfg(test)]

mod support;

use std::collections::BTreeMap;

use postern_model::{Actor, HistoryEntry, MetadataKind, User};
use postern_store::{MetadataChange, Query, Store, WriteSet};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{open, patch, runtime, set, tenant, user, user_id};
use uuid::Uuid;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-c]", inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}

fn change() -> impl Strategy<Value = MetadataChange> {
    let kind = prop_oneof![Just(MetadataKind::UserMetadata), Just(MetadataKind::AppMetadata)];
    (kind, prop::collection::btree_map("[a-d]", value(), 0..4), prop::bool::weighted(0.2)).prop_map(
        |(kind, patch, clear)| MetadataChange { kind, patch: patch.into_iter().collect(), clear, actor: Actor::System },
    )
}

type Model = BTreeMap<(MetadataKind, String), Value>;

fn model_of(user: &User) -> Model {
    let mut model = Model::new();
    for kind in [MetadataKind::UserMetadata, MetadataKind::AppMetadata] {
        for (key, value) in user.metadata(kind).into_iter().flatten() {
            model.insert((kind, key.clone()), value.clone());
        }
    }
    model
}

fn apply(model: &mut Model, change: &MetadataChange) {
    if change.clear {
        model.retain(|(kind, _), _| *kind != change.kind);
    }
    for (key, value) in &change.patch {
        model.insert((change.kind, key.clone()), value.clone());
    }
    // At the first level `null` removes; below it is a value.
    model.retain(|_, value| !value.is_null());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn patches_follow_the_laws(patches in prop::collection::vec(prop::collection::vec(change(), 0..4), 1..8)) {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        runtime().block_on(check(&*store, patches))?;
    }
}

async fn check(store: &dyn Store, patches: Vec<Vec<MetadataChange>>) -> Result<(), TestCaseError> {
    let t = tenant("a");
    store.commit(set(&t).insert(&user("ann"))).await.unwrap();
    let mut states = vec![Model::new()];
    for changes in patches {
        let mut want = states.last().unwrap().clone();
        for change in &changes {
            apply(&mut want, change);
        }
        let request = WriteSet::new(&t, Uuid::new_v4()).patch_user(patch("ann", changes.clone()));
        let first = store.commit(request.clone()).await.unwrap().user.unwrap();
        prop_assert_eq!(&model_of(&first), &want, "a patch merges at the first level and null deletes");
        // The same request again changes nothing.
        let again = store.commit(request).await.unwrap();
        prop_assert!(again.deduplicated);
        prop_assert_eq!(again.user.as_ref(), Some(&first));
        prop_assert_eq!(store.fetch::<User>(&t, "auth0|ann").await.unwrap(), Some(first));
        states.push(want);
    }
    // Walked backwards, the history leads through every state there was.
    let rows = store.list::<HistoryEntry>(&t, Query::all().under(user_id("ann").as_str()).limit(10_000)).await.unwrap();
    let mut rows = rows.rows.into_iter().peekable();
    // The user was inserted with revision 1, and each patch made one more.
    let mut model = states.pop().unwrap();
    while let Some(before) = states.pop() {
        let revision = states.len() as u64 + 2;
        while let Some(entry) = rows.next_if(|entry| entry.revision == revision) {
            let place = (entry.kind, entry.key.clone());
            prop_assert_eq!(model.get(&place), entry.to.as_ref());
            prop_assert_ne!(&entry.from, &entry.to);
            match entry.from {
                Some(from) => model.insert(place, from),
                None => model.remove(&place),
            };
        }
        prop_assert_eq!(&model, &before);
    }
    prop_assert!(rows.next().is_none());
    Ok(())
}
