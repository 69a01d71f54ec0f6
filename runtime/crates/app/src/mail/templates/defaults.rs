//! The built-in templates: what a tenant's mails say until it writes its own.

use super::{Template, blank};

/// The built-in template of that name. Everything users may set is escaped.
pub(super) fn template(name: &'static str) -> Template {
    let (subject, text) = texts(name);
    let body = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{subject}</title></head>\n\
         <body style=\"font-family:sans-serif;line-height:1.5;color:#222\">\n{text}\n\
         <p style=\"color:#666;font-size:small\">{{{{ friendly_name | escape }}}}\
         {{% if support_email %}} &middot; {{{{ support_email | escape }}}}{{% endif %}}</p>\n</body>\n</html>\n",
        subject = escaped(subject),
    );
    Template { subject: Some(subject.to_owned()), body: Some(body), enabled: true, ..blank(name) }
}

/// The subject as a part of the page: its variables are escaped there.
fn escaped(subject: &str) -> String {
    subject.replace(" }}", " | escape }}")
}

const HELLO: &str = "<p>Hello {{ user.name | default: user.email | escape }},</p>\n";
const URL: &str = "<p><a href=\"{{ url | escape }}\">{{ url | escape }}</a></p>\n";
const CODE: &str = "<p style=\"font-size:x-large;letter-spacing:.2em\">{{ code | escape }}</p>\n";
const NOT_YOU: &str = "<p>If this was not you, you need not do anything.</p>";

fn texts(name: &str) -> (&'static str, String) {
    let hello = |rest: &str| format!("{HELLO}{rest}");
    match name {
        "verify_email" => (
            "Verify your email",
            hello(&format!("<p>Please confirm your email address by following this link:</p>\n{URL}{NOT_YOU}")),
        ),
        "verify_email_by_code" => (
            "Verify your email",
            hello(&format!("<p>Please confirm your email address with this code:</p>\n{CODE}{NOT_YOU}")),
        ),
        "reset_email" | "change_password" | "password_reset" => (
            "Reset your password",
            hello(&format!("<p>A new password was asked for. Follow this link to choose one:</p>\n{URL}{NOT_YOU}")),
        ),
        "reset_email_by_code" => (
            "Reset your password",
            hello(&format!("<p>A new password was asked for. This is your code:</p>\n{CODE}{NOT_YOU}")),
        ),
        "welcome_email" => (
            "Welcome",
            hello("<p>Thank you for signing up with {{ application.name | default: friendly_name | escape }}.</p>"),
        ),
        "blocked_account" => (
            "Your account has been blocked",
            hello(
                "<p>There were too many attempts to log in to your account from the address \
                 {{ user.source_ip | escape }}. Logins from there are blocked.</p>\n\
                 {% if url %}<p>If it was you, you can lift the block here:</p>\n\
                 <p><a href=\"{{ url | escape }}\">{{ url | escape }}</a></p>{% endif %}",
            ),
        ),
        "stolen_credentials" => (
            "Suspicious login to your account",
            hello("<p>Someone tried to log in with a password that was published elsewhere. Please change it.</p>"),
        ),
        "enrollment_email" => {
            ("Enroll a second factor", hello(&format!("<p>Follow this link to enroll a second factor:</p>\n{URL}")))
        }
        "mfa_oob_code" | "auth_email_by_code" => {
            ("Your verification code", format!("<p>This is your verification code:</p>\n{CODE}{NOT_YOU}"))
        }
        "user_invitation" => (
            "You have been invited",
            format!(
                "<p>{{{{ inviter.name | default: 'Someone' | escape }}}} invites you to \
                 {{{{ organization.display_name | default: friendly_name | escape }}}}:</p>\n{URL}"
            ),
        ),
        _ => ("A message from {{ friendly_name }}", format!("{{% if url %}}{URL}{{% endif %}}")),
    }
}
