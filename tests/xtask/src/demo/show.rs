//! What the demonstration prints of a login.

use serde_json::Value;

use crate::process::say;

/// For people, or one JSON object a login.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Show {
    json: bool,
}

impl Show {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// A line for people.
    pub(crate) fn text(self, text: &str) {
        if !self.json {
            say(text);
        }
    }

    /// One login: what it is about, the API's answer, and the user in the store before and after.
    pub(crate) fn login(self, number: usize, title: &str, answer: &Value, before: &Value, after: &Value) {
        if self.json {
            say(&answer.to_string());
            return;
        }
        say(&format!("\n{number}. {title}"));
        say(&format!("   outcome  {}", outcome(answer.get("outcome").unwrap_or(&Value::Null))));
        for run in rows(answer.get("runs")) {
            show_run(run);
        }
        for (name, pointer) in [("id token", "/claims/id_token"), ("access token", "/claims/access_token")] {
            if let Some(claims) = answer.pointer(pointer).and_then(Value::as_object).filter(|claims| !claims.is_empty())
            {
                for (claim, value) in claims {
                    say(&format!("   {name}: {claim} = {value}"));
                }
            }
        }
        if let Some(scope) = answer.get("scope").and_then(Value::as_str).filter(|scope| !scope.is_empty()) {
            say(&format!("   scope: {scope}"));
        }
        for warning in rows(answer.get("warnings")) {
            say(&format!("   warning: {}", text(warning)));
        }
        say(&format!("   before   {}", user(before)));
        let after = if after == before { "the same".to_owned() } else { user(after) };
        say(&format!("   after    {after}"));
    }
}

fn rows(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn outcome(outcome: &Value) -> String {
    let field = |name: &str| outcome.get(name).map(text);
    let kind = field("type").unwrap_or_default();
    match kind.as_str() {
        "redirect" => {
            let url = field("url").unwrap_or_default();
            format!("redirect to {}", url.split('?').next().unwrap_or_default())
        }
        "challenge" => {
            let factors: Vec<String> =
                rows(outcome.get("factors")).iter().filter_map(|factor| factor.get("type").map(text)).collect();
            format!("challenge by {}", factors.join(" or "))
        }
        _ => [Some(kind), field("reason").or_else(|| field("message"))]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(": "),
    }
}

fn show_run(run: &Value) {
    let field = |name: &str| run.get(name).map(text).unwrap_or_default();
    let version = match field("version") {
        draft if draft == "0" => "draft".to_owned(),
        number => format!("v{number}"),
    };
    say(&format!(
        "   {:20} {:5}  {:3} {:>8} fuel {:>7} µs",
        field("action"),
        version,
        field("status"),
        field("fuel"),
        field("duration_us"),
    ));
    for mutation in rows(run.get("mutations")) {
        say(&format!("      {}", show_mutation(mutation)));
    }
    for log in rows(run.get("logs")) {
        let part = |name: &str| log.get(name).map(text).unwrap_or_default();
        say(&format!("      [{}] {}", part("level"), part("message")));
    }
    if let Some(error) = run.get("error").filter(|error| !error.is_null()) {
        say(&format!("      {error}"));
    }
}

fn show_mutation(mutation: &Value) -> String {
    let kind = mutation.get("type").map(text).unwrap_or_default();
    let arguments = mutation.as_object().into_iter().flatten();
    let arguments: Vec<String> = arguments
        .filter(|(name, _)| {
            !["type", "applied", "reason"].contains(&name.as_str()) || (kind == "access.deny" && *name == "reason")
        })
        .map(|(name, value)| {
            let value = value.to_string();
            let short: String = value.chars().take(60).collect();
            if short.len() < value.len() { format!("{name} {short}…") } else { format!("{name} {value}") }
        })
        .collect();
    let without = if mutation.get("applied") == Some(&Value::Bool(false)) {
        format!("  (not applied: {})", mutation.get("reason").map(text).unwrap_or_default())
    } else {
        String::new()
    };
    format!("{kind}  {}{without}", arguments.join("  "))
}

fn user(user: &Value) -> String {
    if user.is_null() {
        return "no such user".to_owned();
    }
    let part = |name: &str| user.get(name).map_or_else(|| "{}".to_owned(), Value::to_string);
    let number = |name: &str| user.get(name).map_or_else(|| "0".to_owned(), Value::to_string);
    format!(
        "{} logins, user_metadata {}, app_metadata {}",
        number("logins_count"),
        part("user_metadata"),
        part("app_metadata")
    )
}
