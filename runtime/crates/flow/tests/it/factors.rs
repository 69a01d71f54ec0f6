//! Second factors of real logins: what can be asked for, what is enrolled first, and what ends a login.

use postern_flow::{FactorFacts, Given, LoginFacts, LoginRequest, OTP, Pipeline, RECOVERY_CODE, SavedLogin};
use postern_flow::{Step, Suspension};
use postern_model::Outcome;
use serde_json::{Map, Value, json};

use crate::driver::{actions, event, facts, finish, request, user};

fn real(enrolled: &[&str]) -> FactorFacts {
    FactorFacts {
        possible: Some(vec![OTP.to_owned(), RECOVERY_CODE.to_owned()]),
        enrolled: enrolled.iter().map(|&kind| kind.to_owned()).collect(),
        ..FactorFacts::default()
    }
}

fn begin(factors: FactorFacts) -> Pipeline {
    begin_with(factors, request())
}

fn begin_with(factors: FactorFacts, asked: LoginRequest) -> Pipeline {
    let asked = LoginRequest { real: true, ..asked };
    Pipeline::begin(LoginFacts { factors, ..facts() }, asked, actions(1), user().into())
}

#[track_caller]
fn asked(pipeline: &mut Pipeline) -> Vec<Value> {
    match pipeline.step() {
        Step::Suspend(Suspension::Challenge { factors }) => factors,
        other => panic!("no challenge: {other:?}"),
    }
}

fn enable(provider: &str) -> Value {
    json!([{"type": "multifactor.enable", "provider": provider, "options": {"allowRememberBrowser": true}}])
}

#[test]
fn enable_challenges_who_is_enrolled_and_enrolls_who_is_not() {
    let options = json!({"allowRememberBrowser": true});
    let mut pipeline = begin(real(&[OTP, RECOVERY_CODE]));
    finish(&mut pipeline, enable("any"));
    let want = [json!({"type": "otp", "options": options}), json!({"type": "recovery-code", "options": options})];
    assert_eq!(asked(&mut pipeline), want);

    let mut pipeline = begin(real(&[]));
    finish(&mut pipeline, enable("guardian"));
    assert_eq!(asked(&mut pipeline), [json!({"type": "otp", "options": options, "enroll": true})]);
}

#[test]
fn a_factor_without_a_provider_is_refused_in_the_record() {
    let mut pipeline = begin(real(&[OTP]));
    let run = finish(
        &mut pipeline,
        json!([{"type": "authentication.challengeWith", "factor": {"type": "push-notification"},
            "additionalFactors": [{"type": "otp"}]}]),
    );
    assert!(run.mutations[0].applied);
    assert!(run.warnings[0].contains("push-notification"), "{:?}", run.warnings);
    assert_eq!(asked(&mut pipeline), [json!({"type": "otp"})]);

    let mut pipeline = begin(real(&[OTP]));
    let run = finish(&mut pipeline, json!([{"type": "authentication.challengeWith", "factor": {"type": "phone"}}]));
    assert!(run.mutations[0].reason.as_ref().unwrap().contains("needs a provider"));
    let Step::Done(Outcome::Error { message, .. }) = pipeline.step() else { panic!("{:?}", pipeline.step()) };
    assert!(message.contains("no second factor can be asked for"), "{message}");

    let mut pipeline = begin(real(&[OTP]));
    let run = finish(&mut pipeline, enable("duo"));
    assert!(run.mutations[0].reason.as_ref().unwrap().contains("duo"));
    assert!(matches!(pipeline.step(), Step::Done(Outcome::Error { .. })), "not let through: {:?}", pipeline.step());
}

#[test]
fn a_remembered_browser_is_asked_only_where_it_may_not_be_remembered() {
    let begin = || begin_with(real(&[OTP]), LoginRequest { remembered: true, ..request() });
    let mut pipeline = begin();
    finish(&mut pipeline, enable("any"));
    assert_eq!(pipeline.step(), Step::Done(Outcome::Allow));
    let mut pipeline = begin();
    finish(&mut pipeline, json!([{"type": "multifactor.enable", "provider": "any"}]));
    assert_eq!(asked(&mut pipeline).len(), 1);
}

#[test]
fn a_policy_asks_unless_an_action_turns_it_off() {
    let required = || FactorFacts { required: true, ..real(&[OTP]) };
    let mut pipeline = begin(required());
    finish(&mut pipeline, json!([]));
    assert_eq!(asked(&mut pipeline), [json!({"type": "otp"})]);
    let mut pipeline = begin(required());
    finish(&mut pipeline, enable("none"));
    assert_eq!(pipeline.step(), Step::Done(Outcome::Allow));
    let with_factor = LoginRequest { methods: vec![json!({"name": "mfa", "type": "otp"})], ..request() };
    let facts = LoginFacts { factors: required(), ..facts() };
    let mut pipeline = Pipeline::begin(facts, with_factor, actions(0), user().into());
    assert_eq!(pipeline.step(), Step::Done(Outcome::Allow));
}

#[test]
fn only_a_verified_factor_resumes_a_challenge() {
    let mut pipeline = begin(real(&[OTP]));
    finish(&mut pipeline, json!([{"type": "authentication.challengeWith", "factor": {"type": "otp"}}]));
    let saved = serde_json::to_value(pipeline.save().unwrap()).unwrap();
    let resume = |given: Given| {
        let facts = LoginFacts { factors: real(&[OTP]), ..facts() };
        Pipeline::resume(SavedLogin::read(saved.clone()).unwrap(), facts, actions(1), user().into(), given)
    };
    assert!(resume(Given::Verified(Vec::new())).is_err());
    assert!(resume(Given::Verified(vec![json!({"name": "mfa"})])).is_err());
    assert!(resume(Given::Simulated(None)).is_err());
    let method = json!({"name": "mfa", "timestamp": "1970-01-01T00:00:00Z", "type": "otp"});
    let mut pipeline = resume(Given::Verified(vec![method.clone()])).unwrap();
    assert_eq!(event(&mut pipeline)["authentication"]["methods"][1], method);
    assert_eq!(event(&mut pipeline)["user"]["enrolledFactors"], json!([{"type": "otp"}]));
    finish(&mut pipeline, enable("any"));
    assert_eq!(pipeline.step(), Step::Done(Outcome::Allow), "given already");
}

#[test]
fn a_redirected_login_takes_no_factor() {
    let mut pipeline = begin(real(&[OTP]));
    finish(&mut pipeline, json!([{"type": "redirect.sendUserTo", "url": "https://example.com"}]));
    let saved = serde_json::to_value(pipeline.save().unwrap()).unwrap();
    let read = || SavedLogin::read(saved.clone()).unwrap();
    let method = vec![json!({"name": "mfa", "type": "otp"})];
    assert!(Pipeline::resume(read(), facts(), actions(1), user().into(), Given::Verified(method)).is_err());
    assert!(Pipeline::resume(read(), facts(), actions(1), user().into(), Given::Verified(Vec::new())).is_ok());
}

#[test]
fn a_password_grant_can_be_challenged_but_not_redirected() {
    let protocol = Map::from_iter([("protocol".to_owned(), json!("oauth2-password"))]);
    let begin = || begin_with(real(&[OTP]), LoginRequest { transaction: protocol.clone(), ..request() });
    let mut pipeline = begin();
    finish(&mut pipeline, enable("any"));
    assert_eq!(asked(&mut pipeline).len(), 1);
    let mut pipeline = begin();
    finish(&mut pipeline, json!([{"type": "redirect.sendUserTo", "url": "https://example.com"}]));
    assert!(matches!(pipeline.step(), Step::Done(Outcome::Error { .. })));
}

#[test]
fn a_simulated_user_gives_one_of_the_factors_asked_for() {
    let mut pipeline = crate::driver::begin(1);
    let both = json!([{"type": "authentication.challengeWithAny", "factors": [{"type": "otp"}, {"type": "email"}]}]);
    finish(&mut pipeline, both);
    let saved = serde_json::to_value(pipeline.save().unwrap()).unwrap();
    let resume = |kind: &str| {
        let saved = SavedLogin::read(saved.clone()).unwrap();
        let given = Given::Simulated(Some(kind.to_owned()));
        Pipeline::resume(saved, facts(), actions(1), user().into(), given)
    };
    assert!(resume("phone").is_err());
    assert_eq!(event(&mut resume("email").unwrap())["authentication"]["methods"][1]["type"], "email");
}
