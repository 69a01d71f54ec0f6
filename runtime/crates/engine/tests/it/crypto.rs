//! `crypto.*`: agrees with Node 20, whose keys, signatures and derivations are in `guests/crypto.json`; costs fuel;
//! leaves no key in the journal.

use std::sync::Arc;

use postern_engine::{RunInput, RunReport};
use postern_model::{Journal, RunStatus};
use serde_json::{Value, json};

use crate::harness::{build, engine, guest, input, input_with, run, value};

const CALLS: &str = include_str!("../guests/calls.wat");

fn node() -> Value {
    serde_json::from_str(include_str!("../guests/crypto.json")).unwrap()
}

/// The answers in the order of the calls, of which a run makes at most ten.
async fn answers(calls: &[Value]) -> Vec<Value> {
    let engine = engine();
    let mut all = Vec::new();
    for few in calls.chunks(10) {
        let mut input = input_with(json!({"calls": few}));
        input.limits.fuel *= 10;
        let report = run(&engine, CALLS, input).await;
        all.extend(in_order(&report));
    }
    all
}

fn in_order(report: &RunReport) -> Vec<Value> {
    let mut answers: Vec<Value> = value(report).as_array().unwrap().clone();
    answers.sort_by_key(|answer| answer[0].as_i64());
    answers.into_iter().map(|answer| answer[1].clone()).collect()
}

#[tokio::test]
async fn signatures_of_node_are_verified() {
    let node = node();
    let calls = |data: &Value| -> Vec<Value> {
        let all = node["signatures"].as_array().unwrap().iter();
        all.map(|made| json!({"type": "crypto.verify", "scheme": made["scheme"], "key": made["key"], "data": data, "signature": made["signature"]}))
            .collect()
    };
    let good = calls(&node["data"]);
    assert_eq!(good.len(), 14);
    for (call, answer) in good.iter().zip(answers(&good).await) {
        assert_eq!(answer, json!({"valid": true}), "{call}");
    }
    for answer in answers(&calls(&json!("b3RoZXI="))).await {
        assert_eq!(answer, json!({"valid": false}));
    }
}

#[tokio::test]
async fn what_is_signed_is_verified() {
    let node = node();
    let rsa = &node["rsa"];
    let mut pairs = vec![
        (json!({"name": "rsa_pkcs1", "hash": "sha256"}), rsa),
        (json!({"name": "rsa_pkcs1", "hash": "sha512"}), rsa),
        (json!({"name": "rsa_pss", "hash": "sha384"}), rsa),
        (json!({"name": "rsa_pss", "hash": "sha256", "salt": 32}), rsa),
        (json!({"name": "rsa_pss", "hash": "sha512", "salt": "max"}), rsa),
        (json!({"name": "ed25519"}), &node["curves"]["ed25519"]),
    ];
    for curve in ["p256", "p384", "p521", "secp256k1"] {
        let keys = &node["curves"][curve];
        pairs.push((json!({"name": "ecdsa", "hash": keys["hash"], "curve": curve}), keys));
    }
    let sign = |(scheme, keys): &(Value, &Value)| json!({"type": "crypto.sign", "scheme": scheme, "key": keys["private"], "data": node["data"]});
    let signed = answers(&pairs.iter().map(sign).collect::<Vec<_>>()).await;
    let verify = |((scheme, keys), signed): (&(Value, &Value), &Value)| json!({"type": "crypto.verify", "scheme": scheme, "key": keys["public"], "data": node["data"], "signature": signed["signature"]});
    let calls: Vec<Value> = pairs.iter().zip(&signed).map(verify).collect();
    for (call, answer) in calls.iter().zip(answers(&calls).await) {
        assert_eq!(answer, json!({"valid": true}), "{call}");
    }
}

#[tokio::test]
async fn seals_derives_and_agrees_as_node_does() {
    let node = node();
    let mut calls = Vec::new();
    let mut wanted = Vec::new();
    for sealed in node["sealed"].as_array().unwrap() {
        calls.push(json!({"type": "crypto.decrypt", "padding": sealed["padding"], "key": node["rsa"]["private"], "data": sealed["bytes"]}));
        wanted.push(&node["data"]);
    }
    for derived in node["derived"].as_array().unwrap() {
        calls.push(derived["call"].clone());
        wanted.push(&derived["bytes"]);
    }
    for (curve, keys) in node["curves"].as_object().unwrap() {
        calls.push(json!({"type": "crypto.public", "curve": curve, "key": keys["number"]}));
        wanted.push(&keys["point"]);
        if curve != "secp256k1" && curve != "ed25519" {
            calls.push(json!({"type": "crypto.agree", "curve": curve, "key": keys["number"], "peer": keys["peer"]}));
            wanted.push(&keys["secret"]);
        }
    }
    assert_eq!(calls.len(), 16);
    for ((call, answer), bytes) in calls.iter().zip(answers(&calls).await).zip(wanted) {
        assert_eq!(answer["bytes"], *bytes, "{call}");
    }
    // What we seal, we open.
    let paddings = [json!({"name": "oaep", "hash": "sha512"}), json!({"name": "pkcs1"})];
    let seal = |padding: &Value| json!({"type": "crypto.encrypt", "padding": padding, "key": node["rsa"]["public"], "data": node["data"]});
    let sealed = answers(&paddings.iter().map(seal).collect::<Vec<_>>()).await;
    let open = |(padding, sealed): (&Value, &Value)| json!({"type": "crypto.decrypt", "padding": padding, "key": node["rsa"]["private"], "data": sealed["bytes"]});
    for answer in answers(&paddings.iter().zip(&sealed).map(open).collect::<Vec<_>>()).await {
        assert_eq!(answer["bytes"], node["data"]);
    }
}

#[tokio::test]
async fn a_new_key_signs() {
    let made = answers(&[json!({"type": "crypto.generateRsa", "bits": 2048})]).await;
    let sign = json!({"type": "crypto.sign", "scheme": {"name": "rsa_pkcs1", "hash": "sha256"}, "key": made[0]["bytes"], "data": ""});
    assert!(answers(&[sign]).await[0]["signature"].is_string());
}

/// Checks that each call is answered with its error.
async fn refused(rows: &[(Value, &str)]) {
    let calls: Vec<Value> = rows.iter().map(|(call, _)| call.clone()).collect();
    for ((call, code), answer) in rows.iter().zip(answers(&calls).await) {
        assert_eq!(answer["error"]["code"], *code, "{call}: {answer}");
        assert!(answer["error"]["message"].is_string());
    }
}

#[tokio::test]
async fn keys_that_do_not_fit_are_answered() {
    let node = node();
    let (private, data) = (&node["rsa"]["private"], &node["data"]);
    let rsa = json!({"name": "rsa_pkcs1", "hash": "sha256"});
    let rows = [
        (json!({"type": "crypto.sign", "scheme": rsa, "key": "AAAA", "data": data}), "bad_key"),
        (
            json!({"type": "crypto.sign", "scheme": rsa, "key": node["curves"]["p256"]["private"], "data": data}),
            "bad_key",
        ),
        (json!({"type": "crypto.sign", "scheme": rsa, "key": private, "data": "?"}), "bad_call"),
        (
            json!({"type": "crypto.sign", "scheme": {"name": "rsa_pkcs1", "hash": "md5"}, "key": private, "data": data}),
            "bad_call",
        ),
        (
            json!({"type": "crypto.sign", "scheme": {"name": "rsa_pkcs1", "hash": "sha1"}, "key": private, "data": data}),
            "unsupported",
        ),
        (json!({"type": "crypto.verify", "scheme": rsa, "key": private, "data": data, "signature": "AA=="}), "bad_key"),
        (
            json!({"type": "crypto.verify", "scheme": {"name": "ecdsa", "hash": "sha1", "curve": "p384"}, "key": private, "data": data, "signature": "AA=="}),
            "unsupported",
        ),
        (
            json!({"type": "crypto.decrypt", "padding": {"name": "oaep", "hash": "sha1"}, "key": private, "data": data}),
            "failed",
        ),
        (
            json!({"type": "crypto.encrypt", "padding": {"name": "oaep", "hash": "sha1"}, "key": node["rsa"]["public"], "data": "A".repeat(400)}),
            "failed",
        ),
        (
            json!({"type": "crypto.agree", "curve": "p256", "key": node["curves"]["p256"]["number"], "peer": "AAAA"}),
            "failed",
        ),
        (json!({"type": "crypto.agree", "curve": "p256", "key": "AAAA", "peer": "AAAA"}), "bad_key"),
        (json!({"type": "crypto.agree", "curve": "ed25519", "key": "AAAA", "peer": "AAAA"}), "unsupported"),
        (json!({"type": "crypto.public", "curve": "secp256k1", "key": "AAAA"}), "bad_key"),
    ];
    refused(&rows).await;
}

#[tokio::test]
async fn numbers_out_of_bounds_are_answered() {
    let rows = [
        (
            json!({"type": "crypto.pbkdf2", "hash": "sha1", "password": "", "salt": "", "iterations": 0, "length": 1}),
            "bad_call",
        ),
        (
            json!({"type": "crypto.pbkdf2", "hash": "sha1", "password": "", "salt": "", "iterations": 1, "length": 70_000}),
            "bad_call",
        ),
        (json!({"type": "crypto.scrypt", "password": "", "salt": "", "n": 3, "r": 8, "p": 1, "length": 1}), "bad_call"),
        (
            json!({"type": "crypto.scrypt", "password": "", "salt": "", "n": 131_072, "r": 1, "p": 1, "length": 1, "maxmem": 1}),
            "bad_call",
        ),
        (
            json!({"type": "crypto.scrypt", "password": "", "salt": "", "n": 32, "r": 0, "p": 1, "length": 1}),
            "bad_call",
        ),
        (
            json!({"type": "crypto.scrypt", "password": "", "salt": "", "n": 65_536, "r": 9, "p": 1, "length": 1}),
            "bad_call",
        ),
        (json!({"type": "crypto.generateRsa", "bits": 512}), "unsupported"),
    ];
    refused(&rows).await;
}

#[tokio::test]
async fn work_is_paid_for_before_it_is_done() {
    let engine = engine();
    for call in [
        json!({"type": "crypto.pbkdf2", "hash": "sha256", "password": "", "salt": "", "iterations": u32::MAX, "length": 64}),
        json!({"type": "crypto.scrypt", "password": "", "salt": "", "n": 1_u32 << 31, "r": u32::MAX, "p": u32::MAX, "length": 64}),
    ] {
        let report = run(&engine, CALLS, input_with(json!({"calls": [call]}))).await;
        assert_eq!(report.status, RunStatus::OutOfFuel, "{call}");
        assert!(report.usage.duration_us < 5_000_000);
    }
    let fuel = async |iterations: u32| {
        let call = json!({"type": "crypto.pbkdf2", "hash": "sha256", "password": "", "salt": "", "iterations": iterations, "length": 32});
        run(&engine, CALLS, input_with(json!({"calls": [call]}))).await.usage.fuel
    };
    let (few, many) = (fuel(10_000).await, fuel(90_000).await);
    assert_eq!(many - few, 80_000 * 250);
}

#[tokio::test]
async fn crypto_calls_have_a_limit_of_their_own() {
    let engine = engine();
    let call = json!({"type": "crypto.public", "curve": "ed25519", "key": "AA=="}).to_string();
    let times = |times: u32| {
        guest(&format!(
            r#"(data (i32.const 0) "{text}")
               (func (export "on_execute_post_login") (result i64) (local $n i32)
                 (loop $again
                   (drop (call $call_start (i32.const 0) (i32.const {length})))
                   (drop (call $call_wait))
                   (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const {times}))))
                 (call $empty))"#,
            text = call.replace('"', "\\\""),
            length = call.len(),
        ))
    };
    let report = run(&engine, &times(256), input()).await;
    assert_eq!(report.status, RunStatus::Ok, "{:?}", report.error);
    let report = run(&engine, &times(257), input()).await;
    assert_eq!((report.status, report.error.unwrap().name.as_str()), (RunStatus::Trap, "LimitExceeded"));
}

#[tokio::test]
async fn a_replay_works_secrets_out_again() {
    let engine = engine();
    let program = build(&engine, CALLS).await.unwrap();
    let node = node();
    let private = &node["rsa"]["private"];
    let calls = json!([
        {"type": "crypto.sign", "scheme": {"name": "rsa_pss", "hash": "sha256"}, "key": private, "data": node["data"]},
        {"type": "crypto.decrypt", "padding": {"name": "pkcs1"}, "key": private, "data": node["sealed"][2]["bytes"]},
        node["derived"][2]["call"],
        {"type": "crypto.agree", "curve": "p256", "key": node["curves"]["p256"]["number"], "peer": node["curves"]["p256"]["peer"]},
    ]);
    let event = json!({"calls": calls});
    let first = engine.run(&program, input_with(event.clone())).await.unwrap();
    let seen = in_order(&first);
    assert_eq!(seen[1]["bytes"], node["data"]);
    // The event is in the journal as it was read: what is looked at are the calls.
    let kept = serde_json::to_string(&first.journal.calls).unwrap();
    for secret in [private, &node["data"], &node["curves"]["p256"]["secret"], &node["derived"][2]["bytes"]] {
        assert!(!kept.contains(secret.as_str().unwrap()), "{secret}");
    }
    assert_eq!(first.journal.calls[1].answer, Value::Null);
    assert!(first.journal.calls[0].answer["signature"].is_string());

    let stored: Journal = serde_json::from_str(&serde_json::to_string(&first.journal).unwrap()).unwrap();
    let again = RunInput { replay: Some(stored), ..input_with(json!({})) };
    let second = engine.run(&program, again).await.unwrap();
    assert_eq!(second.divergence, None);
    assert_eq!((second.mutations, second.usage.fuel), (first.mutations.clone(), first.usage.fuel));
    assert_eq!(second.journal, first.journal);

    // A later attempt of the login gets the same signature, and the same secrets.
    let earlier = first.journal.calls.clone();
    let third = engine.run(&program, RunInput { earlier, event: Arc::new(event), ..input() }).await.unwrap();
    assert_eq!(in_order(&third), seen);
}
