//! `api.authentication` and `api.multifactor`: further factors, and who the user is.

use postern_contract::rules::{self, FactorUse};
use postern_contract::{Factor, MultifactorOptions};

use super::{Api, check};
use crate::Error;

/// See [`Api::authentication`].
///
/// The login leaves after this action, and later actions run once a factor is proven. Factors that are not enabled or
/// not enrolled are skipped; when none is left, the login fails.
#[derive(Debug)]
pub struct Authentication<'a> {
    pub(super) api: &'a mut Api,
}

impl Authentication<'_> {
    /// Asks for this factor; the user may choose one of the others instead.
    ///
    /// # Errors
    /// When a factor or one of its options is unknown.
    pub fn challenge_with(self, factor: impl Into<Factor>, additional_factors: &[Factor]) -> Result<(), Error> {
        self.with("authentication.challengeWith", FactorUse::Challenge, &factor.into(), additional_factors)
    }

    /// Lets the user choose one of these factors.
    ///
    /// # Errors
    /// When there is none, or one or an option of it is unknown.
    pub fn challenge_with_any(self, factors: &[Factor]) -> Result<(), Error> {
        self.with_any("authentication.challengeWithAny", FactorUse::Challenge, factors)
    }

    /// Asks the user to enrol this factor, or one of the others instead.
    ///
    /// # Errors
    /// When a factor or one of its options is unknown, or it cannot be enrolled.
    pub fn enroll_with(self, factor: impl Into<Factor>, additional_factors: &[Factor]) -> Result<(), Error> {
        self.with("authentication.enrollWith", FactorUse::Enroll, &factor.into(), additional_factors)
    }

    /// Lets the user choose which of these factors to enrol.
    ///
    /// # Errors
    /// When there is none, or one or an option of it is unknown or cannot be enrolled.
    pub fn enroll_with_any(self, factors: &[Factor]) -> Result<(), Error> {
        self.with_any("authentication.enrollWithAny", FactorUse::Enroll, factors)
    }

    /// Records a method that the user went through meanwhile; only when the login is resumed.
    ///
    /// # Errors
    /// When the name is not an http or https URL.
    pub fn record_method(self, provider_url: &str) -> Result<(), Error> {
        const METHOD: &str = "authentication.recordMethod";
        check(METHOD, rules::method_url(provider_url))?;
        self.api.set_text(METHOD, "providerUrl", provider_url);
        Ok(())
    }

    /// Makes another user the one that logs in; this login's identity must be linked to it.
    ///
    /// # Errors
    /// When the id is malformed, or it was called before.
    pub fn set_primary_user(self, primary_user_id: &str) -> Result<(), Error> {
        const METHOD: &str = "authentication.setPrimaryUser";
        check(METHOD, rules::primary_user(primary_user_id))?;
        if std::mem::replace(&mut self.api.primary_user_set, true) {
            return Err(Error::broken(METHOD, "the primary user is already set"));
        }
        self.api.set_text(METHOD, "primaryUserId", primary_user_id);
        Ok(())
    }

    fn with(self, method: &'static str, wanted: FactorUse, factor: &Factor, others: &[Factor]) -> Result<(), Error> {
        check(method, rules::factor(factor, wanted))?;
        check(method, others.iter().try_for_each(|other| rules::factor(other, wanted)))?;
        let others = (!others.is_empty()).then_some(&others);
        self.api.mutation(method).value("factor", factor)?.option("additionalFactors", others)?.end();
        Ok(())
    }

    fn with_any(self, method: &'static str, wanted: FactorUse, factors: &[Factor]) -> Result<(), Error> {
        check(method, rules::factors(factors, wanted))?;
        self.api.set_value(method, "factors", &factors)
    }
}

/// See [`Api::multifactor`].
#[derive(Debug)]
pub struct Multifactor<'a> {
    pub(super) api: &'a mut Api,
}

impl Multifactor<'_> {
    /// Asks for a second factor at the end of the login: `any`, `guardian`, `google-authenticator` or `duo`; `none`
    /// asks for none.
    ///
    /// # Errors
    /// When the provider is unknown or its options are not complete.
    pub fn enable(self, provider: &str, options: &MultifactorOptions) -> Result<(), Error> {
        const METHOD: &str = "multifactor.enable";
        check(METHOD, rules::multifactor_provider(provider))?;
        check(METHOD, rules::multifactor_options(provider, options))?;
        let given = (*options != MultifactorOptions::default()).then_some(options);
        self.api.mutation(METHOD).text("provider", provider).option("options", given)?.end();
        Ok(())
    }
}
