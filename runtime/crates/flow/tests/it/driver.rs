//! Logins whose actions answer with given lists.

use std::sync::Arc;

use jiff::Timestamp;
use postern_contract::Mutation;
use postern_flow::{
    BoundAction, Entry, FactorFacts, FinishedRun, LoginFacts, LoginRequest, Pipeline, RequestFacts, RunEnd, Step,
};
use postern_model::{Client, Connection, Identity, OnFailure, RootAttributes, RunStatus, Strategy, User};
use serde_json::{Map, Value, json};

pub(crate) fn mutations(list: Value) -> Vec<Mutation> {
    serde_json::from_value(list).unwrap()
}

pub(crate) fn action(place: u32, on_failure: OnFailure) -> BoundAction {
    let id = |kind: u32| format!("00000000-0000-4000-8000-{kind:04}{place:08}");
    BoundAction {
        binding_id: id(1).parse().unwrap(),
        action_id: id(2).parse().unwrap(),
        action_name: format!("action {place}"),
        version_id: id(3).parse().unwrap(),
        version: 1,
        on_failure,
        egress_hosts: None,
        continues: true,
        rule: None,
        secrets: Map::from_iter([("place".to_owned(), json!(place.to_string()))]),
    }
}

pub(crate) fn actions(count: u32) -> Arc<[BoundAction]> {
    (0..count).map(|place| action(place, OnFailure::Deny)).collect()
}

pub(crate) fn facts() -> LoginFacts {
    LoginFacts {
        tenant: "default".parse().unwrap(),
        management_audience: "https://default.example.test/api/v2/".to_owned(),
        client: Arc::new(Client {
            client_id: "app".parse().unwrap(),
            revision: 1,
            name: "App".to_owned(),
            client_secret: "hush".to_owned(),
            client_metadata: Some([("tier".to_owned(), "gold".to_owned())].into()),
            grant_types: Vec::new(),
            management_scopes: None,
            settings: Map::new(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }),
        connection: Arc::new(Connection {
            id: "con_db".parse().unwrap(),
            revision: 1,
            name: "db".to_owned(),
            strategy: Strategy("auth0".to_owned()),
            set_user_root_attributes: RootAttributes::OnEachLogin,
            non_persistent_attrs: Vec::new(),
            options: Map::from_iter([("hidden".to_owned(), json!(true))]),
            metadata: Map::new(),
            enabled_clients: None,
            settings: Map::new(),
            created_at: Timestamp::UNIX_EPOCH,
        }),
        request: RequestFacts {
            ip: Some("203.0.113.7".to_owned()),
            method: "GET".to_owned(),
            hostname: Some("default.example.test".to_owned()),
            query: Map::from_iter([("ui".to_owned(), json!("new"))]),
            ..RequestFacts::default()
        },
        roles: vec!["admin".to_owned()],
        factors: FactorFacts::default(),
        overlay: None,
        now: Timestamp::UNIX_EPOCH,
    }
}

pub(crate) fn request() -> LoginRequest {
    LoginRequest {
        methods: vec![json!({"name": "pwd", "timestamp": "1970-01-01T00:00:00Z"})],
        transaction: Map::from_iter([
            ("protocol".to_owned(), json!("oidc-basic-profile")),
            ("requested_scopes".to_owned(), json!(["openid", "email"])),
        ]),
        ..LoginRequest::default()
    }
}

pub(crate) fn user() -> User {
    User {
        user_id: "auth0|ann".parse().unwrap(),
        revision: 3,
        email: Some("ann@example.com".to_owned()),
        email_verified: true,
        username: None,
        phone_number: None,
        phone_verified: None,
        name: Some("Ann".to_owned()),
        given_name: None,
        family_name: None,
        nickname: None,
        picture: None,
        blocked: None,
        attributes: Map::from_iter([("team".to_owned(), json!("blue")), ("email".to_owned(), json!("shadow"))]),
        identities: vec![Identity {
            connection: "db".to_owned(),
            provider: "auth0".to_owned(),
            user_id: "ann".to_owned(),
            is_social: false,
            profile_data: None,
            password_hash: None,
        }],
        user_metadata: None,
        app_metadata: Some(Map::from_iter([("plan".to_owned(), json!("free")), ("old".to_owned(), json!(1))])),
        roles: Vec::new(),
        multifactor: Vec::new(),
        password_hash: Some("$argon2id$secret".to_owned()),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        last_login: None,
        last_ip: None,
        last_password_reset: None,
        logins_count: 4,
    }
}

pub(crate) fn begin(count: u32) -> Pipeline {
    Pipeline::begin(facts(), request(), actions(count), Arc::new(user()))
}

/// The event of the run that is wanted now.
#[track_caller]
pub(crate) fn event(pipeline: &mut Pipeline) -> Value {
    match pipeline.step() {
        Step::Run { event, .. } => Value::clone(&event),
        other => panic!("no run: {other:?}"),
    }
}

/// Which action is wanted now, and how.
#[track_caller]
pub(crate) fn wanted(pipeline: &mut Pipeline) -> (usize, Entry) {
    match pipeline.step() {
        Step::Run { action, entry, .. } => (action, entry),
        other => panic!("no run: {other:?}"),
    }
}

/// Ends the run that is wanted now with a list.
#[track_caller]
pub(crate) fn finish(pipeline: &mut Pipeline, list: Value) -> FinishedRun {
    wanted(pipeline);
    pipeline.finish_run(RunEnd { status: RunStatus::Ok, mutations: mutations(list) })
}
