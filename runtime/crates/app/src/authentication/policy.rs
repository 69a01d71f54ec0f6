//! What a connection asks of a password: Auth0's five strengths, and its further rules
//! (Auth0: `passwordPolicy`, `password_complexity_options`, `password_no_personal_info`, `password_dictionary`).

use postern_model::connection::PasswordPolicy;
use postern_model::{Connection, TenantId, User};
use postern_store::Index;
use serde_json::{Map, Value, json};

use crate::App;
use crate::error::AppError;

/// Bytes a password may have: hashing costs time in proportion.
const BYTES_MOST: usize = 1024;
/// Characters a password may be asked to have (Auth0: 128).
const CHARS_MOST: u64 = 128;
/// Characters of a part of a person's data that a password may not hold: shorter ones are in everything.
const PERSONAL_CHARS: usize = 3;

/// Passwords that come first in every list of guesses; a connection may add its own.
const DICTIONARY: &[&str] = &[
    "000000",
    "111111",
    "112233",
    "121212",
    "123123",
    "123321",
    "1234",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "123qwe",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "654321",
    "666666",
    "696969",
    "7777777",
    "888888",
    "987654321",
    "abc123",
    "abcd1234",
    "access",
    "admin",
    "admin123",
    "administrator",
    "ashley",
    "azerty",
    "bailey",
    "baseball",
    "batman",
    "changeme",
    "charlie",
    "daniel",
    "donald",
    "dragon",
    "flower",
    "football",
    "freedom",
    "hello",
    "hello123",
    "hottie",
    "iloveyou",
    "jesus",
    "jordan",
    "killer",
    "letmein",
    "letmein1",
    "login",
    "lovely",
    "loveme",
    "master",
    "michael",
    "monkey",
    "mustang",
    "mynoob",
    "ninja",
    "p@ssw0rd",
    "p@ssword",
    "pass",
    "passw0rd",
    "password",
    "password!",
    "password1",
    "password1!",
    "password12",
    "password123",
    "password123!",
    "photoshop",
    "princess",
    "q1w2e3r4",
    "qazwsx",
    "qwerty",
    "qwerty1",
    "qwerty123",
    "qwertyuiop",
    "root",
    "secret",
    "shadow",
    "starwars",
    "sunshine",
    "superman",
    "test",
    "test123",
    "trustno1",
    "welcome",
    "welcome1",
    "welcome123",
    "whatever",
    "zaq12wsx",
    "zaq1zaq1",
    "zxcvbnm",
];

/// Whose password it is to be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Personal<'a> {
    #[expect(missing_docs, reason = "says its name")]
    pub email: Option<&'a str>,
    #[expect(missing_docs, reason = "says its name")]
    pub username: Option<&'a str>,
    /// Other texts of the profile: names, nickname.
    pub names: [Option<&'a str>; 4],
}

/// Why a password is refused.
#[derive(Debug, Clone, PartialEq)]
pub enum BadPassword {
    /// Too weak: the rules with what became of each, and the same as a text.
    Strength {
        /// Auth0's `description`.
        rules: Value,
        /// Auth0's `policy`.
        policy: String,
    },
    /// It has something in it that others know of the person.
    Personal,
    /// It is in the dictionary.
    Dictionary,
}

impl BadPassword {
    /// Auth0's name of the error.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Strength { .. } => "PasswordStrengthError",
            Self::Personal => "PasswordNoUserInfoError",
            Self::Dictionary => "PasswordDictionaryError",
        }
    }

    /// Auth0's text of the error.
    #[must_use]
    pub fn message(&self) -> &'static str {
        match self {
            Self::Strength { .. } => "Password is too weak",
            Self::Personal => "Password contains user information",
            Self::Dictionary => "Password is too common",
        }
    }

    /// The body of signup and of a change of the password.
    #[must_use]
    pub fn body(&self) -> Map<String, Value> {
        let mut body = Map::from_iter([
            ("name".to_owned(), json!(self.name())),
            ("message".to_owned(), json!(self.message())),
            ("code".to_owned(), json!("invalid_password")),
            ("statusCode".to_owned(), json!(400)),
        ]);
        match self {
            Self::Strength { rules, policy } => {
                body.insert("description".to_owned(), rules.clone());
                body.insert("policy".to_owned(), json!(policy));
            }
            Self::Personal | Self::Dictionary => {
                body.insert("description".to_owned(), json!(self.message()));
            }
        }
        body
    }
}

impl From<BadPassword> for AppError {
    fn from(bad: BadPassword) -> Self {
        Self::bad_request(format!("{}: {}", bad.name(), bad.message()))
    }
}

/// One rule of a strength.
enum Rule {
    LengthAtLeast(u64),
    /// All of the classes.
    Contain(&'static [Class]),
    /// Three of the four classes.
    ContainAtLeast,
    /// No more than two of the same in a row.
    IdenticalChars,
}

#[derive(Clone, Copy)]
enum Class {
    Lower,
    Upper,
    Number,
    Special,
}

const CLASSES: [Class; 4] = [Class::Lower, Class::Upper, Class::Number, Class::Special];
const FAIR: &[Class] = &[Class::Lower, Class::Upper, Class::Number];

impl Class {
    fn has(self, password: &str) -> bool {
        password.chars().any(|c| match self {
            Self::Lower => c.is_ascii_lowercase(),
            Self::Upper => c.is_ascii_uppercase(),
            Self::Number => c.is_ascii_digit(),
            Self::Special => !c.is_ascii_alphanumeric(),
        })
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Lower => ("lower case letters (a-z)", "lowerCase"),
            Self::Upper => ("upper case letters (A-Z)", "upperCase"),
            Self::Number => ("numbers (i.e. 0-9)", "numbers"),
            Self::Special => ("special characters (e.g. !@#$%^&*)", "specialCharacters"),
        }
    }
}

impl Rule {
    fn holds(&self, password: &str) -> bool {
        match self {
            Self::LengthAtLeast(least) => password.chars().count() as u64 >= *least,
            Self::Contain(classes) => classes.iter().all(|class| class.has(password)),
            Self::ContainAtLeast => CLASSES.iter().filter(|class| class.has(password)).count() >= 3,
            Self::IdenticalChars => {
                let chars: Vec<char> = password.chars().collect();
                !chars.windows(3).any(|three| three.iter().all(|c| Some(c) == three.first()))
            }
        }
    }

    fn items(password: &str, classes: &[Class]) -> Vec<Value> {
        let item = |class: &Class| {
            let (message, code) = class.words();
            json!({ "message": message, "code": code, "verified": class.has(password) })
        };
        classes.iter().map(item).collect()
    }

    /// The rule with what became of it.
    fn explain(&self, password: &str) -> Value {
        let verified = self.holds(password);
        match self {
            Self::LengthAtLeast(least) => json!({
                "message": "At least %d characters in length", "format": [least], "code": "lengthAtLeast",
                "verified": verified,
            }),
            Self::Contain(classes) => json!({
                "message": "Should contain:", "code": "shouldContain", "items": Self::items(password, classes),
                "verified": verified,
            }),
            Self::ContainAtLeast => json!({
                "message": "Contain at least %d of the following %d types of characters:", "code": "containsAtLeast",
                "format": [3, 4], "items": Self::items(password, &CLASSES), "verified": verified,
            }),
            Self::IdenticalChars => json!({
                "message": "No more than %d identical characters in a row (e.g., \"%s\" not allowed)",
                "code": "identicalChars", "format": [2, "aaa"], "verified": verified,
            }),
        }
    }

    fn text(&self) -> String {
        let classes = |classes: &[Class]| {
            classes.iter().map(|class| format!("\n * {}", class.words().0)).collect::<Vec<_>>().concat()
        };
        match self {
            Self::LengthAtLeast(least) => format!("* At least {least} characters in length"),
            Self::Contain(all) => format!("* Should contain:{}", classes(all)),
            Self::ContainAtLeast => {
                format!("* Contain at least 3 of the following 4 types of characters:{}", classes(&CLASSES))
            }
            Self::IdenticalChars => {
                "* No more than 2 identical characters in a row (e.g., \"aaa\" not allowed)".to_owned()
            }
        }
    }
}

fn option<'a>(connection: &'a Connection, name: &str, part: &str) -> Option<&'a Value> {
    connection.options.get(name)?.get(part)
}

fn rules(connection: &Connection) -> Vec<Rule> {
    let policy = connection.password_policy();
    let usual = match policy {
        PasswordPolicy::None => 1,
        PasswordPolicy::Low => 6,
        PasswordPolicy::Fair | PasswordPolicy::Good => 8,
        PasswordPolicy::Excellent => 10,
    };
    let least = option(connection, "password_complexity_options", "min_length").and_then(Value::as_u64);
    let mut rules = vec![Rule::LengthAtLeast(least.unwrap_or(usual).clamp(1, CHARS_MOST))];
    match policy {
        PasswordPolicy::None | PasswordPolicy::Low => {}
        PasswordPolicy::Fair => rules.push(Rule::Contain(FAIR)),
        PasswordPolicy::Good => rules.push(Rule::ContainAtLeast),
        PasswordPolicy::Excellent => rules.extend([Rule::ContainAtLeast, Rule::IdenticalChars]),
    }
    rules
}

/// Checks a password that is to be set.
///
/// # Errors
/// The first kind of rule it breaks.
pub fn password_policy_check(connection: &Connection, password: &str, person: Personal<'_>) -> Result<(), BadPassword> {
    let rules = rules(connection);
    if password.len() > BYTES_MOST || !rules.iter().all(|rule| rule.holds(password)) {
        let explained: Vec<Value> = rules.iter().map(|rule| rule.explain(password)).collect();
        let policy = rules.iter().map(Rule::text).collect::<Vec<_>>().join("\n");
        return Err(BadPassword::Strength { rules: json!({ "rules": explained, "verified": false }), policy });
    }
    let on = |name| option(connection, name, "enable").and_then(Value::as_bool).unwrap_or_default();
    let lower = password.to_lowercase();
    if on("password_no_personal_info") {
        let local = person.email.and_then(|email| email.split('@').next());
        let parts = [person.email, local, person.username].into_iter().chain(person.names).flatten();
        let mut known = parts.filter(|part| part.chars().count() >= PERSONAL_CHARS).map(str::to_lowercase);
        if known.any(|part| lower.contains(&part)) {
            return Err(BadPassword::Personal);
        }
    }
    if on("password_dictionary") {
        let own = option(connection, "password_dictionary", "dictionary").and_then(Value::as_array);
        let own = own.into_iter().flatten().filter_map(Value::as_str).map(str::to_lowercase);
        if DICTIONARY.contains(&lower.as_str()) || own.into_iter().any(|word| word == lower) {
            return Err(BadPassword::Dictionary);
        }
    }
    Ok(())
}

/// Checks a new password of a user of ours. `connection` names the one it is for; the user's database when it does
/// not.
///
/// # Errors
/// A fault of the store; that the password breaks a rule is an answer.
pub(crate) async fn user_password_check(
    app: &App,
    tenant: &TenantId,
    user: &User,
    connection: Option<&str>,
    password: &str,
) -> Result<Result<(), BadPassword>, AppError> {
    let mut identities = user.identities.iter();
    let identity = match connection {
        Some(name) => identities.find(|identity| identity.connection == name),
        None => identities.find(|identity| identity.provider == "auth0"),
    };
    let Some(name) = identity.map(|identity| identity.connection.as_str()) else { return Ok(Ok(())) };
    let Some(connection) = app.store().find::<Connection>(tenant, Index::ConnectionByName, &[name]).await? else {
        return Ok(Ok(()));
    };
    let person = Personal {
        email: user.email.as_deref(),
        username: user.username.as_deref(),
        names: [&user.name, &user.given_name, &user.family_name, &user.nickname].map(Option::as_deref),
    };
    Ok(password_policy_check(&connection, password, person))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "rows of a table read better so")]
    fn connection(options: Value) -> Connection {
        let row = json!({
            "id": "con_1", "revision": 0, "name": "users", "strategy": "auth0", "options": options,
            "created_at": "2026-01-01T00:00:00Z",
        });
        serde_json::from_value(row).unwrap()
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "rows of a table read better so")]
    fn check(options: Value, password: &str, want: Option<&str>) {
        let person = Personal {
            email: Some("ann.smith@example.com"),
            username: Some("annie"),
            names: [Some("Smith"), None, None, None],
        };
        let got = password_policy_check(&connection(options.clone()), password, person);
        assert_eq!(got.err().map(|bad| bad.name()), want, "{options} {password}");
    }

    #[test]
    fn strengths() {
        let weak = Some("PasswordStrengthError");
        let policy = |name: &str| json!({ "passwordPolicy": name });
        check(policy("none"), "a", None);
        check(policy("none"), "", weak);
        check(policy("low"), "abcdef", None);
        check(policy("low"), "abcde", weak);
        check(policy("fair"), "Abcdef12", None);
        check(policy("fair"), "abcdef12", weak);
        check(policy("fair"), "Abcde12", weak);
        check(policy("good"), "abcdef1!", None);
        check(policy("good"), "abcdef12", weak);
        check(policy("excellent"), "abcdefgh1!", None);
        check(policy("excellent"), "abcdefg1!", weak);
        check(policy("excellent"), "abcdefggg1!", weak);
        check(json!({}), "abcdef12", weak);
        check(json!({ "passwordPolicy": null }), "abcdef1!", None);
        check(json!({ "passwordPolicy": "none", "password_complexity_options": { "min_length": 3 } }), "ab", weak);
        check(policy("none"), &"x".repeat(2000), weak);
    }

    #[test]
    fn further_rules() {
        let personal = json!({ "passwordPolicy": "none", "password_no_personal_info": { "enable": true } });
        for bad in ["xSMITHx", "annie", "my ann.smith 1", "Ann.Smith@example.com"] {
            check(personal.clone(), bad, Some("PasswordNoUserInfoError"));
        }
        check(personal, "something else", None);
        let words = json!({
            "passwordPolicy": "none", "password_dictionary": { "enable": true, "dictionary": ["Postern"] },
        });
        for bad in ["Password1", "postern", "QWERTY"] {
            check(words.clone(), bad, Some("PasswordDictionaryError"));
        }
        check(words, "postern!", None);
        check(json!({ "passwordPolicy": "none", "password_dictionary": { "enable": false } }), "password", None);
    }

    #[test]
    fn the_explanation_is_auth0s() {
        let bad = password_policy_check(&connection(json!({})), "abc", Personal::default()).unwrap_err();
        let body = bad.body();
        assert_eq!(body["description"]["verified"], json!(false));
        assert_eq!(body["description"]["rules"][0]["format"], json!([8]));
        assert_eq!(body["description"]["rules"][1]["items"][0]["verified"], json!(true));
        let policy = "* At least 8 characters in length\n\
             * Contain at least 3 of the following 4 types of characters:\n * lower case letters (a-z)\n \
             * upper case letters (A-Z)\n * numbers (i.e. 0-9)\n * special characters (e.g. !@#$%^&*)";
        assert_eq!(body["policy"], json!(policy));
    }
}
