//! `host.timeZone`: the time zones of `Intl` and of `toLocaleString`, from the database that is bundled with jiff.

use std::cell::RefCell;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use rquickjs::{Ctx, Object, Result, function::Func};

thread_local! {
    /// The zone asked for last: one text is made of many questions about one zone.
    static LAST: RefCell<Option<(String, TimeZone)>> = const { RefCell::new(None) };
}

/// Adds the topic to `host`.
pub(super) fn install<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    let topic = Object::new(ctx.clone())?;
    topic.set("find", Func::from(find))?;
    topic.set("offset", Func::from(offset))?;
    topic.set("abbreviation", Func::from(abbreviation))?;
    topic.set("names", Func::from(names))?;
    host.set("timeZone", topic)
}

fn with<T>(name: &str, ask: impl FnOnce(&TimeZone) -> T) -> Option<T> {
    LAST.with_borrow_mut(|last| {
        if last.as_ref().is_none_or(|(known, _zone)| known != name) {
            *last = Some((name.to_owned(), TimeZoneDatabase::bundled().get(name).ok()?));
        }
        last.as_ref().map(|(_name, zone)| ask(zone))
    })
}

/// The zone's name as the database spells it; nothing if there is no such zone.
fn find(name: String) -> Option<String> {
    with(&name, |zone| zone.iana_name().map(ToOwned::to_owned)).flatten()
}

fn at(milliseconds: f64) -> Timestamp {
    // Beyond what the calendar holds the first or last rule stays in force.
    let limit = Timestamp::MAX.as_millisecond().min(-Timestamp::MIN.as_millisecond()) as f64;
    Timestamp::from_millisecond(milliseconds.clamp(-limit, limit) as i64).unwrap_or_default()
}

/// Seconds east of Greenwich at a time.
fn offset(name: String, milliseconds: f64) -> Option<i32> {
    with(&name, |zone| zone.to_offset(at(milliseconds)).seconds())
}

/// What the database calls the time in force: `CET`, `-03`.
fn abbreviation(name: String, milliseconds: f64) -> Option<String> {
    with(&name, |zone| zone.to_offset_info(at(milliseconds)).abbreviation().to_owned())
}

fn names() -> Vec<String> {
    TimeZoneDatabase::bundled().available().map(|name| name.as_str().to_owned()).collect()
}
