//! What holds for any list of mutations.

use postern_flow::{Given, Pipeline, RunEnd, SavedLogin, Step, depth_within};
use postern_model::metadata::{check_key, merge, size};
use postern_model::{Metadata, MetadataKind, RunStatus, User, limits};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::driver::{actions, begin, facts, mutations, user};

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        (0_usize..40).prop_map(|kib| Value::from("x".repeat(kib * 1024))),
        (60_u32..70).prop_map(|levels| (0..levels).fold(json!(1), |value, _| json!([value]))),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z.$]{0,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-d]",
        1 => prop::sample::select(vec!["email", "user_id", "a.b", "", "$x", "iss", "sub", "scope", "plan"])
            .prop_map(str::to_owned),
        1 => prop::sample::select(vec!["https://example.com/a", "https://x.auth0.com/a", "urn:auth0:a"])
            .prop_map(str::to_owned),
        1 => ".{0,6}",
    ]
}

fn mutation() -> impl Strategy<Value = Value> {
    let keyed = prop::sample::select(vec![
        "user.setAppMetadata",
        "user.setUserMetadata",
        "idToken.setCustomClaim",
        "accessToken.setCustomClaim",
        "transaction.setMetadata",
    ]);
    prop_oneof![
        8 => (keyed, key(), value()).prop_map(|(kind, key, value)| json!({"type": kind, "key": key, "value": value})),
        1 => key().prop_map(|key| json!({"type": "user.setAppMetadata", "key": key})),
        1 => key().prop_map(|scope| json!({"type": "accessToken.addScope", "scope": scope})),
        1 => prop::sample::select(vec!["openid", "email", "other"])
            .prop_map(|scope| json!({"type": "accessToken.removeScope", "scope": scope})),
        1 => prop::sample::select(vec![
            json!({"type": "access.deny", "reason": "no"}),
            json!({"type": "redirect.sendUserTo", "url": "https://example.com/"}),
            json!({"type": "authentication.challengeWith", "factor": {"type": "otp"}}),
            json!({"type": "multifactor.enable", "provider": "any"}),
            json!({"type": "session.setCookieMode", "mode": "persistent"}),
            json!({"type": "prompt.render", "promptId": "p"}),
        ]),
    ]
}

fn lists() -> impl Strategy<Value = Vec<Vec<Value>>> {
    prop::collection::vec(prop::collection::vec(mutation(), 0..6), 1..4)
}

fn legal(user: &User) {
    for kind in [MetadataKind::AppMetadata, MetadataKind::UserMetadata] {
        let Some(metadata) = user.metadata(kind) else { continue };
        assert!(size(metadata) <= limits::METADATA_BYTES);
        for (key, value) in metadata {
            assert!(check_key(kind, key).is_ok(), "{key}");
            assert!(!value.is_null() && depth_within(value, postern_flow::MAX_DEPTH));
        }
    }
    let text = serde_json::to_string(user).unwrap();
    assert_eq!(serde_json::from_str::<User>(&text).unwrap(), *user, "what is stored is read again");
}

/// What a login may not differ in when it was saved and resumed on the way.
fn observed(pipeline: &Pipeline) -> Value {
    json!([pipeline.claims(), pipeline.scope()])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn any_list_leaves_a_legal_user_or_is_refused_whole(lists in lists()) {
        let mut pipeline = begin(u32::try_from(lists.len()).unwrap());
        for list in lists {
            let before = (pipeline.changes().to_vec(), observed(&pipeline));
            let Step::Run { .. } = pipeline.step() else { break };
            let sent = list.len();
            let run = pipeline.finish_run(RunEnd { status: RunStatus::Ok, mutations: mutations(Value::from(list)) });
            prop_assert_eq!(run.mutations.len(), sent, "nothing is dropped in silence");
            for mutation in &run.mutations {
                prop_assert_eq!(mutation.applied, mutation.reason.is_none());
            }
            if run.status == RunStatus::BadResult {
                prop_assert!(run.mutations.iter().all(|mutation| !mutation.applied));
                prop_assert_eq!((pipeline.changes().to_vec(), observed(&pipeline)), before);
            }
            legal(&pipeline.changed(user()));
            let claims = pipeline.claims();
            for map in [&claims.id_token, &claims.access_token] {
                prop_assert!(serde_json::to_vec(map).unwrap().len() <= limits::CLAIMS_BYTES + 2);
                for restricted in ["iss", "sub", "scope", "https://x.auth0.com/a", "urn:auth0:a"] {
                    prop_assert!(!map.contains_key(restricted));
                }
            }
        }
    }

    /// Writing is the same as merging: what is committed change by change is what later actions saw.
    #[test]
    fn the_event_and_the_commit_agree(lists in lists()) {
        let mut pipeline = begin(u32::try_from(lists.len()).unwrap() + 1);
        for list in lists {
            let Step::Run { .. } = pipeline.step() else { break };
            pipeline.finish_run(RunEnd { status: RunStatus::Ok, mutations: mutations(Value::from(list)) });
        }
        let mut app: Metadata = user().app_metadata.unwrap();
        for change in pipeline.changes().iter().filter(|change| change.kind == MetadataKind::AppMetadata) {
            let value = change.value.clone().unwrap_or(Value::Null);
            merge(&mut app, &Map::from_iter([(change.key.clone(), value)]));
        }
        let after = pipeline.changed(user());
        prop_assert_eq!(after.app_metadata.as_ref(), Some(&app));
        if let Step::Run { event, .. } = pipeline.step() {
            prop_assert_eq!(&event["user"]["app_metadata"], &Value::Object(app));
            let user_metadata = after.user_metadata.unwrap_or_default();
            prop_assert_eq!(&event["user"]["user_metadata"], &Value::Object(user_metadata));
        }
    }

    #[test]
    fn a_saved_login_goes_on_as_it_was(list in prop::collection::vec(mutation(), 0..6)) {
        let mut list = list;
        list.push(json!({"type": "redirect.sendUserTo", "url": "https://example.com/"}));
        let mut pipeline = begin(2);
        pipeline.step();
        pipeline.finish_run(RunEnd { status: RunStatus::Ok, mutations: mutations(Value::from(list)) });
        let Step::Suspend(_) = pipeline.step() else { return Ok(()) };
        let text = serde_json::to_string(&pipeline.save().unwrap()).unwrap();
        let saved = SavedLogin::read(serde_json::from_str(&text).unwrap()).unwrap();
        prop_assert_eq!(serde_json::to_string(&saved).unwrap(), text);
        // The pending writes are committed before the user is sent away.
        let committed = pipeline.changed(user());
        let mut resumed = Pipeline::resume(saved, facts(), actions(2), committed.clone().into(), Given::Simulated(None)).unwrap();
        prop_assert_eq!(observed(&resumed), observed(&pipeline));
        prop_assert!(resumed.changes().is_empty());
        let Step::Run { event, .. } = resumed.step() else { panic!("the action goes on") };
        let app = committed.app_metadata.unwrap_or_default();
        prop_assert_eq!(&event["user"]["app_metadata"], &Value::Object(app));
    }
}
