//! `api.prompt` and `api.validation`.

use postern_contract::rules;
use serde_json::{Map, Value};

use super::{Api, Suspends, check};
use crate::Error;

/// See [`Api::prompt`].
#[derive(Debug)]
pub struct Prompt<'a> {
    pub(super) api: &'a mut Api,
}

impl Prompt<'_> {
    /// Leaves the login for a form. The action's `on_continue` runs when it is filled in.
    ///
    /// # Errors
    /// When an argument is malformed, or the action already rendered a form or sent the user away.
    pub fn render(
        self,
        prompt_id: &str,
        fields: Option<&Map<String, Value>>,
        vars: Option<&Map<String, Value>>,
    ) -> Result<(), Error> {
        const METHOD: &str = "prompt.render";
        check(METHOD, rules::prompt(prompt_id, fields, vars))?;
        if self.api.suspends.is_some() {
            return Err(Error::broken(METHOD, "an action renders one form and does not redirect as well"));
        }
        self.api.suspends = Some(Suspends::Prompt);
        let object = self.api.mutation(METHOD).text("promptId", prompt_id);
        object.option("fields", fields.as_ref())?.option("vars", vars.as_ref())?.end();
        Ok(())
    }
}

/// See [`Api::validation`].
#[derive(Debug)]
pub struct Validation<'a> {
    pub(super) api: &'a mut Api,
}

impl Validation<'_> {
    /// Refuses the login with an error of the tenant's own.
    ///
    /// # Errors
    /// When the code or the message has more than 100 characters.
    pub fn error(self, code: &str, message: &str) -> Result<(), Error> {
        const METHOD: &str = "validation.error";
        check(METHOD, rules::validation_text(code))?;
        check(METHOD, rules::validation_text(message))?;
        self.api.mutation(METHOD).text("code", code).text("message", message).end();
        Ok(())
    }
}
