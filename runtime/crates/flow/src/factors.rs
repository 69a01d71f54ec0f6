//! Second factors: which of those that an action names can be asked for, and why the others cannot.

use jiff::Timestamp;
use postern_contract::Factor;
use serde_json::{Map, Value, json};

use crate::facts::{FactorFacts, Given};
use crate::pipeline::{BadSavedLogin, Suspension};

/// The kinds that can be verified: a one-time password of an authenticator app, and a recovery code.
pub const OTP: &str = "otp";
/// See [`OTP`].
pub const RECOVERY_CODE: &str = "recovery-code";

/// What an action's list of factors comes to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Usable {
    /// To choose from; a factor with `"enroll": true` is enrolled first.
    pub(crate) factors: Vec<Value>,
    /// Why the others are left out.
    pub(crate) refused: Vec<String>,
}

/// Whether factors are given, or enrolled first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Challenge,
    Enroll,
}

/// Sorts the factors named into those that can be asked for and those that cannot.
pub(crate) fn usable(facts: &FactorFacts, named: Vec<Factor>, wish: Wish) -> Usable {
    let mut usable = Usable { factors: Vec::new(), refused: Vec::new() };
    for factor in named {
        match enrolling(facts, &factor.kind, wish) {
            Ok(enroll) => usable.factors.push(object(factor, enroll)),
            Err(reason) => usable.refused.push(reason),
        }
    }
    usable
}

/// Whether a factor of this kind is enrolled first, or why it cannot be asked for.
fn enrolling(facts: &FactorFacts, kind: &str, wish: Wish) -> Result<bool, String> {
    let Some(possible) = &facts.possible else { return Ok(wish == Wish::Enroll) };
    if kind != OTP && kind != RECOVERY_CODE {
        return Err(format!(
            "'{kind}' needs a provider that this server does not have; 'otp' and 'recovery-code' work"
        ));
    }
    if !possible.iter().any(|one| one == kind) {
        return Err(format!("the factor '{kind}' is not enabled in this tenant"));
    }
    let enrolled = facts.enrolled.iter().any(|one| one == kind);
    match wish {
        Wish::Challenge if enrolled => Ok(false),
        // A user without any factor gets one: otherwise the first challenge would lock everyone out.
        Wish::Challenge if kind == OTP && facts.enrolled.is_empty() => Ok(true),
        Wish::Challenge => Err(format!("the user is not enrolled with '{kind}'")),
        Wish::Enroll if enrolled => Err(format!("the user is already enrolled with '{kind}'")),
        Wish::Enroll if kind == OTP => Ok(true),
        Wish::Enroll => Err("a recovery code comes with the first factor; it is not enrolled by itself".to_owned()),
    }
}

fn object(factor: Factor, enroll: bool) -> Value {
    let Factor { kind, options } = factor;
    let mut object = Map::from_iter([("type".to_owned(), Value::String(kind))]);
    object.extend(options.map(|options| ("options".to_owned(), Value::Object(options))));
    if enroll {
        object.insert("enroll".to_owned(), Value::Bool(true));
    }
    Value::Object(object)
}

/// What `multifactor.enable` with this provider comes to.
pub(crate) fn provider(facts: &FactorFacts, asked: &Value) -> Usable {
    let name = asked.get("type").and_then(Value::as_str).unwrap_or("any");
    if facts.possible.is_none() {
        return Usable { factors: vec![asked.clone()], refused: Vec::new() };
    }
    if let Some(reason) = no_provider(facts, name) {
        return Usable { factors: Vec::new(), refused: vec![reason] };
    }
    let options = asked.get("options").and_then(Value::as_object);
    let factor = |kind: &str| Factor { kind: kind.to_owned(), options: options.cloned() };
    usable(facts, vec![factor(OTP), factor(RECOVERY_CODE)], Wish::Challenge)
}

/// Why a provider of `multifactor.enable` cannot be asked, if it cannot.
pub(crate) fn no_provider(facts: &FactorFacts, name: &str) -> Option<String> {
    let possible = facts.possible.as_ref()?;
    if name == "duo" {
        return Some("'duo' needs a provider that this server does not have; 'any' asks for 'otp'".to_owned());
    }
    let otp = possible.iter().any(|kind| kind == OTP);
    (!otp).then(|| "the factor 'otp' is not enabled in this tenant".to_owned())
}

/// `event.user.enrolledFactors`
pub(crate) fn enrolled(facts: &FactorFacts) -> Value {
    // A recovery code is not among the types that Auth0 lists there.
    facts.enrolled.iter().filter(|kind| *kind != RECOVERY_CODE).map(|kind| json!({ "type": kind })).collect()
}

/// What is said of a login that needs a factor and can ask for none: it does not go through (Auth0).
pub(crate) fn none(reason: &str) -> String {
    format!("no second factor can be asked for: {reason}")
}

/// What the user comes back with, as methods of the event.
pub(crate) fn verified(suspension: &Suspension, given: Given, now: Timestamp) -> Result<Vec<Value>, BadSavedLogin> {
    let (offered, given) = match (suspension, given) {
        (Suspension::Redirect { .. }, Given::Simulated(None)) => return Ok(Vec::new()),
        (Suspension::Redirect { .. }, Given::Verified(none)) if none.is_empty() => return Ok(none),
        (Suspension::Redirect { .. }, Given::Simulated(Some(_)) | Given::Verified(_)) => {
            return Err(BadSavedLogin::Factor);
        }
        (Suspension::Challenge { .. }, Given::Verified(methods)) => {
            let typed = |method: &Value| method.get("type").is_some_and(Value::is_string);
            let whole = !methods.is_empty() && methods.iter().all(typed);
            return if whole { Ok(methods) } else { Err(BadSavedLogin::Factor) };
        }
        (Suspension::Challenge { factors }, Given::Simulated(given)) => (factors, given),
    };
    let mut kinds = offered.iter().filter_map(|factor| factor.get("type").and_then(Value::as_str));
    let kind = match given {
        Some(given) => {
            kinds.any(|kind| kind == given || kind == "any").then_some(given).ok_or(BadSavedLogin::Factor)?
        }
        None => kinds.next().unwrap_or("any").to_owned(),
    };
    Ok(vec![json!({ "name": "mfa", "timestamp": now, "type": kind })])
}

/// Whether `multifactor.enable` lets the browser be remembered (Auth0: not unless it says so).
pub(crate) fn remembers(asked: &Value) -> bool {
    asked.pointer("/options/allowRememberBrowser").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(kind: &str) -> Factor {
        Factor { kind: kind.to_owned(), options: None }
    }

    #[track_caller]
    fn check(possible: &[&str], enrolled: &[&str], wish: Wish, kind: &str, want: Result<Value, &str>) {
        let owned = |list: &[&str]| list.iter().map(|&one| one.to_owned()).collect();
        let facts =
            FactorFacts { possible: Some(owned(possible)), enrolled: owned(enrolled), ..FactorFacts::default() };
        let got = usable(&facts, vec![factor(kind)], wish);
        match want {
            Ok(object) => assert_eq!((got.factors, got.refused), (vec![object], vec![])),
            Err(part) => {
                assert_eq!(got.factors, Vec::<Value>::new());
                assert!(got.refused.iter().any(|reason| reason.contains(part)), "{:?}", got.refused);
            }
        }
    }

    #[test]
    fn which_factors_can_be_asked_for() {
        let both = ["otp", "recovery-code"];
        check(&both, &[], Wish::Challenge, "otp", Ok(json!({"type": "otp", "enroll": true})));
        check(&both, &["otp"], Wish::Challenge, "otp", Ok(json!({"type": "otp"})));
        check(&both, &both, Wish::Challenge, "recovery-code", Ok(json!({"type": "recovery-code"})));
        check(&both, &[], Wish::Challenge, "recovery-code", Err("not enrolled"));
        check(&both, &[], Wish::Enroll, "otp", Ok(json!({"type": "otp", "enroll": true})));
        check(&both, &["otp"], Wish::Enroll, "otp", Err("already enrolled"));
        check(&both, &[], Wish::Enroll, "recovery-code", Err("comes with the first"));
        check(&[], &[], Wish::Challenge, "otp", Err("not enabled"));
        check(&both, &[], Wish::Challenge, "push-notification", Err("needs a provider"));
        check(&both, &[], Wish::Enroll, "phone", Err("needs a provider"));
    }
}
