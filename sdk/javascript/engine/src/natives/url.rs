//! `host.url`: addresses as the web's standard parses them.
//!
//! An address goes to JavaScript as a list: its text, then the places in it where its parts begin and end. The text is
//! ASCII, so a place is the same in bytes and in JavaScript's units.

use rquickjs::{Array, Ctx, Object, Result, function::Func, prelude::Opt};
use url::{Position, Url, quirks};

const PLACES: [Position; 12] = [
    Position::AfterScheme,
    Position::BeforeUsername,
    Position::AfterUsername,
    Position::BeforePassword,
    Position::AfterPassword,
    Position::BeforeHost,
    Position::AfterHost,
    Position::BeforePort,
    Position::AfterPort,
    Position::BeforePath,
    Position::AfterPath,
    Position::AfterQuery,
];

/// Adds the topic to `host`.
pub(super) fn install<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    let topic = Object::new(ctx.clone())?;
    topic.set("parse", Func::from(parse))?;
    topic.set("set", Func::from(set))?;
    topic.set("domainToASCII", Func::from(|domain: String| quirks::domain_to_ascii(&domain)))?;
    topic.set("domainToUnicode", Func::from(|domain: String| quirks::domain_to_unicode(&domain)))?;
    host.set("url", topic)
}

fn parse<'js>(ctx: Ctx<'js>, input: String, base: Opt<Option<String>>) -> Result<Option<Array<'js>>> {
    let parsed = match base.0.flatten() {
        None => Url::parse(&input),
        Some(base) => Url::parse(&base).and_then(|base| base.join(&input)),
    };
    parsed.ok().map(|url| parts(&ctx, &url)).transpose()
}

/// Sets a part as the property of that name does; what is not legal changes nothing.
fn set<'js>(ctx: Ctx<'js>, href: String, part: String, value: String) -> Result<Option<Array<'js>>> {
    let Ok(mut url) = Url::parse(&href) else { return Ok(None) };
    let url_ref = &mut url;
    let _unchanged = match part.as_str() {
        "protocol" => quirks::set_protocol(url_ref, &value),
        "username" => quirks::set_username(url_ref, &value),
        "password" => quirks::set_password(url_ref, &value),
        "host" => quirks::set_host(url_ref, &value),
        "hostname" => quirks::set_hostname(url_ref, &value),
        "port" => quirks::set_port(url_ref, &value),
        "pathname" => {
            quirks::set_pathname(url_ref, &value);
            Ok(())
        }
        "search" => {
            quirks::set_search(url_ref, &value);
            Ok(())
        }
        "hash" => {
            quirks::set_hash(url_ref, &value);
            Ok(())
        }
        _ => Err(()),
    };
    parts(&ctx, &url).map(Some)
}

fn parts<'js>(ctx: &Ctx<'js>, url: &Url) -> Result<Array<'js>> {
    let list = Array::new(ctx.clone())?;
    list.set(0, url.as_str())?;
    for (at, place) in PLACES.into_iter().enumerate() {
        // Without a password, what is after it would be the `@`.
        let place = match place {
            Position::AfterPassword if url.password().is_none() => Position::BeforePassword,
            place => place,
        };
        list.set(at + 1, url[..place].len() as i32)?;
    }
    Ok(list)
}
