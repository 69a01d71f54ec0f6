//! Natively: no WebAssembly.

use claims_from_client::on_execute;
use postern_sdk::Harness;
use postern_sdk::serde_json::{Value, json};

fn claim(token: &str, key: &str, value: &Value) -> Value {
    json!({"type": format!("{token}.setCustomClaim"), "key": key, "value": value})
}

#[test]
fn metadata_and_roles_become_claims() {
    let event = json!({
        "client": {"metadata": {"tier": "gold", "claims_namespace": "https://acme.example/"}},
        "authorization": {"roles": ["admin", "editor"]},
    });
    let (tier, roles) = (json!("gold"), json!(["admin", "editor"]));
    assert_eq!(
        Harness::new(event).run(on_execute).json(),
        json!([
            claim("idToken", "https://acme.example/tier", &tier),
            claim("accessToken", "https://acme.example/tier", &tier),
            {"type": "accessToken.addScope", "scope": "admin:all"},
            claim("idToken", "https://acme.example/roles", &roles),
            claim("accessToken", "https://acme.example/roles", &roles),
        ])
    );
}

#[test]
fn a_plain_client_gets_the_roles_only() {
    assert_eq!(
        Harness::new(json!({})).run(on_execute).json(),
        json!([
            claim("idToken", "https://example.com/roles", &json!([])),
            claim("accessToken", "https://example.com/roles", &json!([])),
        ])
    );
}
