//! A composed mail, and the message that is sent of it.

use std::time::{Duration, UNIX_EPOCH};

use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use postern_model::{Mail, Tenant};
use serde::{Deserialize, Serialize};

use super::provider::Provider;

/// Characters of a subject that are sent.
const SUBJECT_CHARS: usize = 255;

/// What a mail says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Composed {
    /// `name@example.com` or `Name <name@example.com>`; the provider's default when empty.
    pub from: String,
    #[expect(missing_docs, reason = "says its name")]
    pub to: String,
    /// One line.
    pub subject: String,
    /// HTML.
    pub body: String,
}

impl std::fmt::Debug for Composed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Composed(..)")
    }
}

/// A text as a header has it: one line, whatever was in it.
pub(super) fn line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SUBJECT_CHARS).collect()
}

fn mailbox(what: &str, text: &str) -> Result<Mailbox, String> {
    // The library encodes what is not plain and refuses what is no address; a line break cannot get past either.
    let text = line(text);
    text.parse().map_err(|error| format!("the {what} address is not legal: {error}"))
}

/// The message of a mail that waits.
pub(super) fn message(
    tenant: &Tenant,
    provider: &Provider,
    mail: &Mail,
    composed: Composed,
) -> Result<Message, String> {
    let from = match composed.from.trim() {
        "" => provider.default_from_address.as_deref().unwrap_or_default(),
        from => from,
    };
    if from.is_empty() {
        return Err("neither the template nor the provider says from whom".to_owned());
    }
    let since = Duration::from_millis(u64::try_from(mail.created_at.as_millisecond()).unwrap_or_default());
    let created = UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH);
    let host = tenant.domain.split(':').next().unwrap_or_default();
    let mut builder = Message::builder()
        .from(mailbox("sender's", from)?)
        .to(mailbox("recipient's", &composed.to)?)
        .subject(line(&composed.subject))
        .message_id(Some(format!("<{}@{host}>", mail.id)))
        .date(created);
    for (name, value) in provider.headers() {
        let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|error| error.to_string())?;
        builder = builder.raw_header(HeaderValue::new(name, value.to_owned()));
    }
    let html = SinglePart::builder().header(ContentType::TEXT_HTML).body(composed.body);
    builder.singlepart(html).map_err(|error| format!("the message cannot be made: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_one_line() {
        assert_eq!(line("Hi\r\nBcc: a@example.com"), "Hi Bcc: a@example.com");
        assert_eq!(line(" a\u{0}\tb\u{85} "), "a b");
        assert_eq!(line(&"x".repeat(10_000)).len(), SUBJECT_CHARS);
        assert!(mailbox("x", "a@example.com\r\nBcc: b@example.com").is_err());
        assert_eq!(mailbox("x", "Ann <a@example.com>").unwrap().email.to_string(), "a@example.com");
    }
}
