//! Liquid, as e-mail templates use it, with bounds: a template is an administrator's, its values are users'.
//!
//! Unknown variables are empty, as `LiquidJS` has it. Nothing is escaped by itself: as in Auth0's templates,
//! `{{ user.name | escape }}` is the author's to write. `include`, `render` and `layout` are not there.
//!
//! Parsing and rendering are done on a thread of their own: the parser recurses as deep as a template nests and
//! panics on numbers that are too large, and neither may end the process.

mod bounds;
mod filters;
mod tags;

use std::io::Write;
use std::sync::LazyLock;
use std::time::Duration;

use liquid_core::model::{KString, Object, Value as LiquidValue};
use liquid_core::runtime::RuntimeBuilder;
use liquid_core::{Language, Renderable, Template, parser};
use liquid_lib::stdlib;
use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use self::bounds::{Allowance, Bounded, Lenient};

/// Bytes of a text with Liquid in it.
pub(crate) const TEMPLATE_BYTES: usize = 256 * 1024;
/// Bytes of what is rendered.
const OUTPUT_BYTES: usize = 1024 * 1024;
/// Blocks (`if`, `for`, …) of a template, and brackets: each may nest, and nesting costs stack.
const NESTING: usize = 1_000;
/// Stack of the thread, bytes: room for [`NESTING`].
const STACK_BYTES: usize = 64 * 1024 * 1024;
/// Templates worked on at the same time.
const AT_ONCE: usize = 4;
/// How long one may take; its work is bounded, so this is for a machine that is overloaded.
const TAKES_AT_MOST: Duration = Duration::from_secs(10);

static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

/// Why a template is refused or not rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text())]
pub(crate) struct LiquidError {
    /// Line and column, from 1, when known.
    pub(crate) at: Option<(usize, usize)>,
    /// One line.
    pub(crate) message: String,
}

impl LiquidError {
    fn new(message: impl Into<String>) -> Self {
        Self { at: None, message: message.into() }
    }

    fn text(&self) -> String {
        match self.at {
            Some((line, column)) => format!("line {line}, column {column}: {}", self.message),
            None => self.message.clone(),
        }
    }
}

static LANGUAGE: LazyLock<Language> = LazyLock::new(language);

fn language() -> Language {
    let mut language = Language::empty();
    let tags: [Box<dyn liquid_core::ParseTag>; 7] = [
        Box::new(stdlib::AssignTag),
        Box::new(stdlib::BreakTag),
        Box::new(stdlib::ContinueTag),
        Box::new(stdlib::CycleTag),
        Box::new(stdlib::IncrementTag),
        Box::new(stdlib::DecrementTag),
        Box::new(tags::Debug),
    ];
    for tag in tags {
        language.tags.register(tag.reflection().tag().to_owned(), tag);
    }
    let blocks: [Box<dyn liquid_core::ParseBlock>; 9] = [
        Box::new(stdlib::RawBlock),
        Box::new(stdlib::IfBlock),
        Box::new(stdlib::UnlessBlock),
        Box::new(stdlib::IfChangedBlock),
        Box::new(stdlib::CommentBlock),
        Box::new(stdlib::CaptureBlock),
        Box::new(stdlib::CaseBlock),
        Box::new(tags::For { table: false }),
        Box::new(tags::For { table: true }),
    ];
    for block in blocks {
        language.blocks.register(block.reflection().start_tag().to_owned(), block);
    }
    for filter in filters::all() {
        language.filters.register(filter.reflection().name().to_owned(), Box::new(Bounded(filter)));
    }
    language
}

/// Checks that a text is legal Liquid.
pub(crate) async fn check(text: String) -> Result<(), LiquidError> {
    aside(move || parse(&text).map(drop)).await
}

/// Renders a text.
pub(crate) async fn render(text: String, variables: Map<String, Value>) -> Result<String, LiquidError> {
    aside(move || {
        let template = parse(&text)?;
        let globals = object(variables);
        let runtime = RuntimeBuilder::new().set_globals(&globals).build();
        let runtime = Lenient(runtime);
        Allowance::set(&runtime, text.len());
        let mut output = Output(Vec::new());
        template.render_to(&mut output, &runtime).map_err(|error| of(&error))?;
        String::from_utf8(output.0).map_err(|_bad| LiquidError::new("the result is not text"))
    })
    .await
}

async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LiquidError> + Send + 'static,
) -> Result<T, LiquidError> {
    let busy = || LiquidError::new("the server is too busy to render a template");
    let place = tokio::time::timeout(TAKES_AT_MOST, PLACES.acquire()).await.map_err(|_late| busy())?;
    let place = place.map_err(|_closed| busy())?;
    let (done, result) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("liquid".to_owned()).stack_size(STACK_BYTES).spawn(move || {
        // The place is held until the work ends, whoever has stopped waiting.
        let _place = place;
        let result = work();
        // Nobody may be waiting any more.
        let _ = done.send(result);
    });
    thread.map_err(|_none| busy())?;
    match tokio::time::timeout(TAKES_AT_MOST, result).await {
        Ok(Ok(result)) => result,
        Ok(Err(_panicked)) => Err(LiquidError::new("the template cannot be read: a number in it is out of bounds")),
        Err(_late) => Err(LiquidError::new("the template takes too long")),
    }
}

fn parse(text: &str) -> Result<Template, LiquidError> {
    if text.len() > TEMPLATE_BYTES {
        return Err(LiquidError::new(format!("longer than {TEMPLATE_BYTES} bytes")));
    }
    check_nesting(text)?;
    parser::parse(text, &LANGUAGE).map(Template::new).map_err(|error| of(&error))
}

/// Counts what may nest, whether or not it does.
fn check_nesting(text: &str) -> Result<(), LiquidError> {
    const BLOCKS: [&str; 9] = ["if", "unless", "for", "tablerow", "case", "capture", "comment", "raw", "ifchanged"];
    let mut blocks = 0_usize;
    let mut brackets = 0_usize;
    for (line, text) in text.lines().enumerate() {
        brackets += text.matches('[').count();
        for part in text.split("{%").skip(1) {
            let word = part.trim_start_matches('-').trim_start();
            let end = word.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(word.len());
            // A tag may go on in the next line; then it counts as one that nests.
            let name = word.get(..end).unwrap_or_default();
            blocks += usize::from(name.is_empty() || BLOCKS.contains(&name));
        }
        if blocks > NESTING || brackets > NESTING {
            let message = format!("more than {NESTING} blocks or brackets");
            return Err(LiquidError { at: Some((line + 1, 1)), message });
        }
    }
    Ok(())
}

fn object(map: Map<String, Value>) -> Object {
    map.into_iter().map(|(name, value)| (KString::from_string(name), value_of(value))).collect()
}

fn value_of(value: Value) -> LiquidValue {
    match value {
        Value::Null => LiquidValue::Nil,
        Value::Bool(flag) => LiquidValue::scalar(flag),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => LiquidValue::scalar(whole),
            (None, Some(fraction)) => LiquidValue::scalar(fraction),
            (None, None) => LiquidValue::scalar(number.to_string()),
        },
        Value::String(text) => LiquidValue::scalar(text),
        Value::Array(items) => LiquidValue::Array(items.into_iter().map(value_of).collect()),
        Value::Object(map) => LiquidValue::Object(object(map)),
    }
}

/// The library's text, in one line: `--> 3:17` says where, the line that begins with `=` says what.
fn of(error: &liquid_core::Error) -> LiquidError {
    let text = error.to_string();
    let position = text.lines().find_map(|line| {
        let (line, column) = line.split_once("-->")?.1.trim().split_once(':')?;
        Some((line.parse().ok()?, column.parse().ok()?))
    });
    let said = text.lines().find_map(|line| line.trim().strip_prefix("= "));
    let first = text.lines().map(|line| line.trim().trim_start_matches("liquid:").trim());
    let message = said.or_else(|| first.into_iter().find(|line| !line.is_empty() && !line.starts_with("-->")));
    LiquidError { at: position, message: message.unwrap_or("not legal Liquid").chars().take(300).collect() }
}

/// Refuses to grow beyond [`OUTPUT_BYTES`].
struct Output(Vec<u8>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len().saturating_add(bytes.len()) > OUTPUT_BYTES {
            return Err(std::io::Error::other("the result is too large"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn rendered(text: &str) -> Result<String, LiquidError> {
        let variables = json!({
            "user": { "name": "<b>Ann</b>", "user_metadata": { "lang": "it", "n": 1_000_000_000 }, "roles": ["a", "b"] },
            "code": "123456",
        });
        let Value::Object(variables) = variables else { unreachable!() };
        render(text.to_owned(), variables).await
    }

    #[track_caller]
    fn check_text(got: &Result<String, LiquidError>, want: &str) {
        assert_eq!(got.as_deref(), Ok(want));
    }

    #[tokio::test]
    async fn renders_as_liquidjs_does() {
        check_text(&rendered("{{ user.name | escape }}").await, "&lt;b&gt;Ann&lt;/b&gt;");
        check_text(&rendered("[{{ nobody.nothing }}{{ user.none.at.all }}]").await, "[]");
        check_text(&rendered("{% if user.user_metadata.lang == 'it' %}Ciao{% else %}Hi{% endif %}").await, "Ciao");
        check_text(&rendered("{% if user.none.lang == 'it' %}Ciao{% else %}Hi{% endif %}").await, "Hi");
        check_text(&rendered("{{ user.none | default: 'x' }}").await, "x");
        check_text(
            &rendered("{% for r in user.roles %}{{ forloop.index }}{{ r }}{{ r.none }},{% endfor %}").await,
            "1a,2b,",
        );
        check_text(&rendered("{% for r in user.none %}x{% else %}none{% endfor %}").await, "none");
        check_text(
            &rendered("{% for i in (1..3) reversed %}{{ i }}{% if i == 2 %}{% break %}{% endif %}{% endfor %}").await,
            "32",
        );
        check_text(&rendered("{{ user.roles | join: '+' }}{{ 'aXa' | replace: 'a', 'b' }}").await, "a+bbXb");
        check_text(&rendered("{{ '2026-11-25' | date: '%d.%m.%Y' }}").await, "25.11.2026");
        check_text(
            &rendered("{% tablerow r in user.roles cols:2 %}{{ r }}{% endtablerow %}").await,
            "<tr class=\"row1\"><td class=\"col1\">a</td><td class=\"col2\">b</td></tr>",
        );
        assert!(rendered("{% debug %}").await.unwrap().contains("\"lang\""));
    }

    #[tokio::test]
    async fn says_where_a_template_is_wrong() {
        let wrong = check("Hi\n{{ user.name | }}".to_owned()).await.unwrap_err();
        assert_eq!(wrong.at.map(|(line, _)| line), Some(2), "{wrong:?}");
        for text in ["{% if x %}", "{% nothing %}", "{{ 'a' | nothing }}", "{{ 99999999999999999999 }}", "{% endif %}"]
        {
            assert!(check(text.to_owned()).await.is_err(), "{text}");
        }
        assert!(check("a { b } {{ c }} % }".to_owned()).await.is_ok());
    }

    #[tokio::test]
    async fn is_bounded() {
        let doubling = "{% assign s = 'aaaaaaaaaaaaaaaa' %}".to_owned() + &"{% assign s = s | append: s %}".repeat(40);
        let replaced =
            "{% assign s = 'aaaaaaaaaaaaaaaa' %}".to_owned() + &"{% assign s = s | replace: 'a', s %}".repeat(8);
        let joined =
            "{% assign s = 'aaaaaaaaaaaaaaaa' %}".to_owned() + &"{% assign s = s | split: '' | join: s %}".repeat(8);
        let captured = "{% capture s %}aaaaaaaaaaaaaaaa{% endcapture %}".to_owned()
            + &"{% capture s %}{{ s }}{{ s }}{% endcapture %}".repeat(40);
        let looped = "{% for a in (1..1000) %}{% for b in (1..1000) %}{% for c in (1..1000) %}".to_owned()
            + "{% endfor %}{% endfor %}{% endfor %}";
        let nested = "{% if true %}".repeat(20_000);
        let bracketed = "{{ a".to_owned() + &"[a".repeat(50_000);
        for text in [
            "{% for i in (1..1000000000) %}x{% endfor %}",
            "{% for i in (1..user.user_metadata.n) %}{% endfor %}",
            "{% tablerow i in (1..user.user_metadata.n) %}{% endtablerow %}",
            "{{ '2026-11-25' | date: '%1000000000d' }}",
            &doubling,
            &replaced,
            &joined,
            &captured,
            &looped,
            &nested,
            &bracketed,
        ] {
            assert!(rendered(text).await.is_err(), "{}", text.chars().take(80).collect::<String>());
        }
        // As deep as it may be.
        let deep = "{% if true %}".repeat(NESTING) + &"{% endif %}".repeat(NESTING);
        check_text(&rendered(&deep).await, "");
    }
}
