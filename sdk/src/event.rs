//! The event: what the host knows of the login, read field by field when asked for.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::value::{self, Mismatch};
use crate::{Error, host, json};

/// The login an action looks at. It stays on the host; each accessor reads one field.
///
/// The sections have typed accessors, and [`get`](Event::get) reads anything by JSON Pointer:
///
/// ```
/// # use postern_sdk::{Api, Error, Event, Harness, serde_json::json};
/// # fn on_execute(event: &Event, _api: &mut Api) -> Result<(), Error> {
/// let email = event.user().email();
/// let country = event.request().country_code();
/// let plan = event.get::<String>("/user/app_metadata/plan")?;
/// # assert_eq!((email.is_some(), country.as_deref(), plan.as_deref()), (true, Some("IS"), Some("gold")));
/// # Ok(())
/// # }
/// # let event = json!({"user": {"app_metadata": {"plan": "gold"}}, "request": {"geoip": {"countryCode": "IS"}}});
/// # assert_eq!(Harness::new(event).run(on_execute).error, None);
/// ```
///
/// A field that is `null` reads as absent.
#[derive(Debug, Default)]
pub struct Event {
    pub(crate) changes: Rc<Changes>,
}

impl Event {
    /// The value at a JSON Pointer, such as `/user/app_metadata/plan`.
    ///
    /// # Errors
    /// When the value is there but is not a `T`.
    pub fn get<T: DeserializeOwned>(&self, pointer: &str) -> Result<Option<T>, Error> {
        self.read(pointer, |text| {
            if text == b"null" {
                return Ok(None);
            }
            value::read(text).map(Some).map_err(|error| mismatch(pointer, &error))
        })
        .unwrap_or(Ok(None))
    }

    /// Whether there is a value, other than `null`, at a JSON Pointer.
    #[must_use]
    pub fn has(&self, pointer: &str) -> bool {
        self.read(pointer, |text| text != b"null").unwrap_or(false)
    }

    /// The string at a JSON Pointer. Something else than a string reads as absent.
    #[must_use]
    pub fn text(&self, pointer: &str) -> Option<String> {
        self.read(pointer, json::string).flatten()
    }

    /// The number at a JSON Pointer. Something else than a number reads as absent.
    #[must_use]
    pub fn number(&self, pointer: &str) -> Option<f64> {
        self.read(pointer, |text| std::str::from_utf8(text).ok()?.parse().ok()).flatten()
    }

    /// The boolean at a JSON Pointer. Something else than a boolean reads as absent.
    #[must_use]
    pub fn flag(&self, pointer: &str) -> Option<bool> {
        let known = |text: &[u8]| match text {
            b"true" => Some(true),
            b"false" => Some(false),
            _ => None,
        };
        self.read(pointer, known).flatten()
    }

    /// The strings of the array at a JSON Pointer; none when it is absent or something else.
    #[must_use]
    pub fn texts(&self, pointer: &str) -> Vec<String> {
        self.read(pointer, |text| serde_json::from_slice(text).unwrap_or_default()).unwrap_or_default()
    }

    /// A secret of the action.
    ///
    /// # Errors
    /// When the action has no secret of that name, so that a login never goes on without it.
    pub fn secret(&self, name: &str) -> Result<String, Error> {
        self.text(&pointer("/secrets", name))
            .ok_or_else(|| Error::new(["the action has no secret `", name, "`"].concat()))
    }

    #[inline]
    pub(crate) fn read<R>(&self, pointer: &str, use_text: impl FnOnce(&[u8]) -> R) -> Option<R> {
        // The function is there only in programs that change what an event shows.
        if let Some(overlay) = self.changes.overlay.get() {
            return match overlay(&self.changes, pointer) {
                Overlaid::Unchanged => host::event_read(pointer, use_text),
                Overlaid::Changed(value) => value.map(|text| use_text(&text)),
            };
        }
        host::event_read(pointer, use_text)
    }
}

#[cold]
fn mismatch(pointer: &str, reason: &Mismatch) -> Error {
    Error::new(["`", pointer, "` of the event: ", &reason.0].concat())
}

/// The pointer of a member, its name escaped.
pub(crate) fn pointer(object: &str, member: &str) -> String {
    let mut pointer = String::with_capacity(object.len() + member.len() + 8);
    pointer.push_str(object);
    pointer.push('/');
    for c in member.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
    pointer
}

/// What the running action changed of what its own event shows: transaction, session and refresh token
/// metadata and the cookie mode, but never the user.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    list: RefCell<Vec<(String, Option<Value>)>>,
    overlay: Cell<Option<Overlay>>,
}

/// Lays the changes over a read.
type Overlay = fn(&Changes, &str) -> Overlaid;

/// What changes make of one read.
pub(crate) enum Overlaid {
    /// Nothing: the host knows.
    Unchanged,
    /// The text, or nothing any more.
    Changed(Option<Vec<u8>>),
}

impl Changes {
    /// Shows `value` at `pointer` from now on; `None` removes it.
    pub(crate) fn show(&self, pointer: String, value: Option<Value>) {
        self.list.borrow_mut().push((pointer, value));
        self.overlay.set(Some(Self::overlaid));
    }

    fn overlaid(&self, pointer: &str) -> Overlaid {
        let mut value = None;
        let mut changed = false;
        for (at, new) in self.list.borrow().iter() {
            if let Some(inside) = below(at, pointer) {
                value = new.as_ref().and_then(|new| new.pointer(inside)).cloned();
                changed = true;
            } else if let Some(inside) = below(pointer, at) {
                if !changed {
                    value = host::event_read(pointer, |text| serde_json::from_slice(text).ok()).flatten();
                    changed = true;
                }
                let whole = value.get_or_insert_with(|| Value::Object(serde_json::Map::new()));
                place(whole, inside, new.clone());
            }
        }
        if changed { Overlaid::Changed(value.map(|value| value.to_string().into_bytes())) } else { Overlaid::Unchanged }
    }
}

/// The rest of `pointer` if it is `root` or below.
fn below<'p>(root: &str, pointer: &'p str) -> Option<&'p str> {
    pointer.strip_prefix(root).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Sets or removes the member at `path`, making objects on the way.
fn place(value: &mut Value, path: &str, new: Option<Value>) {
    let Some((_, path)) = path.split_once('/') else { return };
    let (name, rest) = path.find('/').map_or((path, ""), |at| path.split_at(at));
    let name = name.replace("~1", "/").replace("~0", "~");
    if !value.is_object() {
        *value = Value::Object(serde_json::Map::new());
    }
    let Some(members) = value.as_object_mut() else { return };
    match new {
        new if !rest.is_empty() => place(members.entry(name).or_insert(Value::Null), rest, new),
        Some(new) => {
            members.insert(name, new);
        }
        None => {
            members.remove(&name);
        }
    }
}
