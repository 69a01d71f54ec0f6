//! The story that the demonstration tells.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::services::{CUSTOMERS_TOKEN, Services};
use super::show::Show;
use super::token;
use crate::program::Postern;

/// The actions, in the order they run.
const ACTIONS: [&str; 7] = [
    "deny-by-country",
    "step-up-by-risk",
    "record-consent",
    "count-logins",
    "link-external-id",
    "claims-from-client",
    "progressive-profile",
];
/// The key that the form's page and the action share.
const FORM_SECRET: &str = "form-secret-of-the-demo";
const TERMS: [&str; 2] = ["--body", "terms=2026-01"];
/// How long the page's answer is good for.
const ANSWER_FOR: Duration = Duration::from_secs(300);

pub(crate) struct Script<'a> {
    postern: &'a Postern,
    services: &'a Services,
    show: Show,
    logins: usize,
}

impl<'a> Script<'a> {
    pub(crate) fn new(postern: &'a Postern, services: &'a Services, show: Show) -> Self {
        Self { postern, services, show, logins: 0 }
    }

    /// Plays it, and returns how many logins it had.
    pub(crate) fn play(mut self, modules: &[(String, PathBuf)]) -> Result<usize> {
        self.deploy(modules)?;
        let ada = self.form()?;
        self.administrator(&ada)?;
        self.risk(&ada)?;
        self.turned_away(&ada)?;
        self.versions(modules)?;
        Ok(self.logins)
    }

    fn deploy(&self, modules: &[(String, PathBuf)]) -> Result<()> {
        let shop = ["clients", "create", "Shop", "--metadata", "tier=gold", "--metadata", "terms_version=2026-01"];
        self.postern.call(&shop)?;
        for action in ACTIONS {
            self.upload(action, module(modules, action)?, &self.secrets(action))?;
            self.postern.call(&["actions", "deploy", action])?;
            let options: &[&str] = match action {
                // The only one whose failure does not matter, and the only one with a host list of its own.
                "count-logins" => &["--on-failure", "skip"],
                "link-external-id" => &["--egress-host", "127.0.0.1"],
                _ => &[],
            };
            self.postern.call(&[&["actions", "bind", action], options].concat())?;
        }
        self.show.text(&format!("Deployed and bound, in this order: {}.", ACTIONS.join(", ")));
        Ok(())
    }

    fn secrets(&self, action: &str) -> Vec<String> {
        match action {
            "deny-by-country" => vec!["ALLOWED_COUNTRIES=IS,NO".to_owned()],
            "count-logins" => vec![format!("SCORE_URL={}", self.services.url("/score"))],
            "link-external-id" => vec![
                format!("CUSTOMERS_URL={}", self.services.url("/customers")),
                format!("CUSTOMERS_TOKEN={CUSTOMERS_TOKEN}"),
            ],
            "progressive-profile" => {
                vec!["FORM_URL=https://forms.example.com/profile".to_owned(), format!("FORM_SECRET={FORM_SECRET}")]
            }
            _ => Vec::new(),
        }
    }

    fn upload(&self, action: &str, module: &Path, secrets: &[String]) -> Result<()> {
        let module = module.to_str().context("the module's path is not text")?;
        let secrets = secrets.iter().flat_map(|secret| ["--secret", secret]);
        let arguments: Vec<&str> = ["actions", "upload", action, module].into_iter().chain(secrets).collect();
        self.postern.call(&arguments)?;
        Ok(())
    }

    /// Two logins that each leave for a form and come back.
    fn form(&mut self) -> Result<String> {
        let profile = json!({ "email": "ada@example.com", "email_verified": true, "name": "Ada" }).to_string();
        let first = [&["--profile", profile.as_str(), "--country", "IS"][..], &TERMS].concat();
        let sent =
            self.login("Ada's first login. A form asks for what the profile lacks.", None, &first, "redirect")?;
        let ada = text(&sent, "/user/user_id")?;
        self.back("She comes back from the form with her company.", &ada, &sent, "company", "Analytical Engines")?;
        let again = ["--user", &ada, "--country", "IS"];
        let sent = self.login("Ada logs in again. The form asks for her job title.", Some(&ada), &again, "redirect")?;
        self.back("She comes back with it.", &ada, &sent, "job_title", "Programmer")?;
        Ok(ada)
    }

    fn administrator(&mut self, ada: &str) -> Result<()> {
        let role = self.postern.call(&["roles", "create", "admin", "--description", "Administrators"])?;
        self.postern.call(&["roles", "assign", ada, &text(&role, "/id")?])?;
        let login = ["--user", ada, "--country", "IS"];
        self.login("Ada got the role admin. Nothing is asked any more.", Some(ada), &login, "allow")?;
        Ok(())
    }

    fn risk(&mut self, ada: &str) -> Result<()> {
        let abroad = ["--user", ada, "--country", "NO"];
        let sent = self.login("Ada is in Norway, which is new: a second factor.", Some(ada), &abroad, "challenge")?;
        let (login, state) = (text(&sent, "/login_id")?, text(&sent, "/outcome/state")?);
        let proven = ["--continue", &login, "--state", &state];
        self.login("She proved the factor.", Some(ada), &proven, "allow")?;
        Ok(())
    }

    fn turned_away(&mut self, ada: &str) -> Result<()> {
        let denied = ["--user", ada, "--country", "US"];
        self.login("Ada is in a country that is not in the list.", Some(ada), &denied, "deny")?;
        let profile = json!({ "email": "bob@example.com", "name": "Bob" }).to_string();
        let bob = ["--profile", profile.as_str(), "--country", "IS"];
        self.login("Bob did not agree to the terms. What ran before stays.", None, &bob, "deny")?;
        Ok(())
    }

    /// A new version, tried before it is deployed, and a rollback.
    fn versions(&mut self, modules: &[(String, PathBuf)]) -> Result<()> {
        const ACTION: &str = "deny-by-country";
        let profile = json!({ "email": "grace@example.com", "name": "Grace" }).to_string();
        let silent = ["--country", "US", "--query", "prompt=none"];
        let first = [&["--profile", profile.as_str()][..], &silent, &TERMS].concat();
        let denied = self.login("Grace logs in silently from the United States.", None, &first, "deny")?;
        let grace = text(&denied, "/user/user_id")?;

        self.show.text("\nA new draft of deny-by-country allows the United States too.");
        self.upload(ACTION, module(modules, ACTION)?, &["ALLOWED_COUNTRIES=IS,NO,US".to_owned()])?;
        let login = [&["--user", grace.as_str()][..], &silent, &TERMS].concat();
        let dry = [&login[..], &["--dry-run", "--draft", ACTION]].concat();
        self.login("A dry run of the draft: allowed, and nothing is stored.", Some(&grace), &dry, "allow")?;

        let version = self.postern.call(&["actions", "deploy", ACTION])?;
        self.show.text(&format!("\nThe draft is deployed as version {}.", number(&version)));
        self.login("Grace logs in again.", Some(&grace), &login, "allow")?;

        let version = self.postern.call(&["actions", "rollback", ACTION])?;
        self.show.text(&format!("\nRolled back: version {} is a copy of version 1.", number(&version)));
        self.login("Grace logs in once more.", Some(&grace), &login, "deny")?;

        let found = self.postern.call(&["actions", "versions", ACTION])?;
        for row in found.get("versions").and_then(Value::as_array).into_iter().flatten() {
            let deployed = if row.get("deployed") == Some(&Value::Bool(true)) { ", deployed" } else { "" };
            let made = row.get("created_at").and_then(Value::as_str).unwrap_or_default();
            self.show.text(&format!("   version {} of {made}{deployed}", number(row)));
        }
        Ok(())
    }

    /// Comes back from the form's page with what the user wrote.
    fn back(&mut self, title: &str, user: &str, sent: &Value, field: &str, answer: &str) -> Result<()> {
        let (login, state) = (text(sent, "/login_id")?, text(sent, "/outcome/state")?);
        let until = SystemTime::now().duration_since(UNIX_EPOCH)? + ANSWER_FOR;
        let claims = json!({ "state": state, "sub": user, "exp": until.as_secs(), field: answer });
        let query = format!("session_token={}", token::sign(FORM_SECRET, &claims)?);
        let arguments = ["--continue", &login, "--state", &state, "--query", &query];
        self.login(title, Some(user), &arguments, "allow")?;
        Ok(())
    }

    /// Runs a login, shows it, and fails when it did not come to what the story says.
    fn login(&mut self, title: &str, user: Option<&str>, arguments: &[&str], outcome: &str) -> Result<Value> {
        let fetch = |id: &str| self.postern.call(&["users", "get", id]);
        let before = user.map(fetch).transpose()?.unwrap_or_default();
        let client =
            if arguments.contains(&"--continue") { &[][..] } else { &["--client", "Shop", "--ip", "203.0.113.7"] };
        let answer = self.postern.call(&[&["login"], client, arguments].concat())?;
        let after = fetch(&text(&answer, "/user/user_id")?)?;
        self.logins += 1;
        self.show.login(self.logins, title, &answer, &before, &after);
        let came_to = text(&answer, "/outcome/type")?;
        ensure!(came_to == outcome, "login {} came to `{came_to}` instead of `{outcome}`", self.logins);
        Ok(answer)
    }
}

fn module<'m>(modules: &'m [(String, PathBuf)], action: &str) -> Result<&'m Path> {
    let found = modules.iter().find(|(name, _)| name == action);
    Ok(found.with_context(|| format!("{action} was not built"))?.1.as_path())
}

fn text(value: &Value, pointer: &str) -> Result<String> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    Ok(text.with_context(|| format!("the answer has no {pointer}: {value}"))?.to_owned())
}

fn number(version: &Value) -> String {
    version.get("number").map(Value::to_string).unwrap_or_default()
}
