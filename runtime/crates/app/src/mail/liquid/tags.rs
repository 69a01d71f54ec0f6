//! `for` and `tablerow`, whose rounds are counted before they are made, and Auth0's `debug`.

use std::collections::HashMap;
use std::io::Write;

use liquid_core::error::ResultLiquidReplaceExt as _;
use liquid_core::model::{KString, KStringRef, Scalar, ValueCow};
use liquid_core::parser::{BlockElement, TryMatchToken};
use liquid_core::runtime::{Interrupt, InterruptRegister, StackFrame};
use liquid_core::{
    BlockReflection, Error, Expression, Language, ParseBlock, ParseTag, Renderable, Result, Runtime, TagBlock,
    TagReflection, TagTokenIter, Template, Value, ValueView,
};
use liquid_lib::stdlib::{ForloopObject, Range, RangeExpression};

use super::bounds::{Allowance, Lenient};

/// `{% for x in y %}`, or `{% tablerow x in y %}`.
#[derive(Debug, Clone, Copy)]
pub(super) struct For {
    pub(super) table: bool,
}

impl BlockReflection for For {
    fn start_tag(&self) -> &str {
        if self.table { "tablerow" } else { "for" }
    }

    fn end_tag(&self) -> &str {
        if self.table { "endtablerow" } else { "endfor" }
    }

    fn description(&self) -> &str {
        "Goes through an array or a range"
    }
}

fn range(arguments: &mut TagTokenIter<'_>) -> Result<RangeExpression> {
    match arguments.expect_next("Array or range expected.")?.expect_value() {
        TryMatchToken::Matches(array) => Ok(RangeExpression::Array(array)),
        TryMatchToken::Fails(token) => match token.expect_range() {
            TryMatchToken::Matches((start, stop)) => Ok(RangeExpression::Counted(start, stop)),
            TryMatchToken::Fails(token) => token.raise_error().into_err(),
        },
    }
}

fn attribute(arguments: &mut TagTokenIter<'_>) -> Result<Expression> {
    arguments.expect_next("\":\" expected.")?.expect_str(":").into_result_custom_msg("\":\" expected.")?;
    arguments.expect_next("Value expected.")?.expect_value().into_result()
}

impl ParseBlock for For {
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        mut tokens: TagBlock<'_, '_>,
        options: &Language,
    ) -> Result<Box<dyn Renderable>> {
        let name = arguments.expect_next("Identifier expected.")?.expect_identifier().into_result()?;
        let name = KString::from_ref(name);
        arguments.expect_next("\"in\" expected.")?.expect_str("in").into_result_custom_msg("\"in\" expected.")?;
        let range = range(&mut arguments)?;
        let (mut limit, mut offset, mut columns, mut reversed) = (None, None, None, false);
        while let Some(token) = arguments.next() {
            match token.as_str() {
                "limit" => limit = Some(attribute(&mut arguments)?),
                "offset" => offset = Some(attribute(&mut arguments)?),
                "cols" if self.table => columns = Some(attribute(&mut arguments)?),
                "reversed" if !self.table => reversed = true,
                _ => return token.raise_custom_error("\"limit\", \"offset\" or \"reversed\" expected.").into_err(),
            }
        }
        let mut body = Vec::new();
        let mut otherwise = None;
        while let Some(element) = tokens.next()? {
            match element {
                BlockElement::Tag(mut tag) if tag.name() == "else" && !self.table => {
                    tag.tokens().expect_nothing()?;
                    otherwise = Some(Template::new(tokens.parse_all(options)?));
                    break;
                }
                element @ (BlockElement::Raw(_)
                | BlockElement::Tag(_)
                | BlockElement::Expression(_)
                | BlockElement::Invalid(_)) => body.push(element.parse(&mut tokens, options)?),
            }
        }
        tokens.assert_empty();
        let body = Template::new(body);
        Ok(Box::new(Loop { table: self.table, name, range, limit, offset, columns, reversed, body, otherwise }))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        self
    }
}

#[derive(Debug)]
struct Loop {
    table: bool,
    name: KString,
    range: RangeExpression,
    limit: Option<Expression>,
    offset: Option<Expression>,
    columns: Option<Expression>,
    reversed: bool,
    body: Template,
    otherwise: Option<Template>,
}

/// A number that is given; `None` for what is no number, as `LiquidJS` has it.
fn number(of: Option<&Expression>, runtime: &dyn Runtime) -> Result<Option<usize>> {
    let Some(expression) = of else { return Ok(None) };
    let value = expression.evaluate(runtime)?;
    let whole = value.as_scalar().and_then(|scalar| scalar.to_integer());
    Ok(whole.and_then(|whole| usize::try_from(whole).ok()))
}

/// How many rounds a range has.
fn rounds(range: &Range<'_>) -> usize {
    match range {
        Range::Counted(start, stop) => usize::try_from(stop.saturating_sub(*start).saturating_add(1)).unwrap_or(0),
        Range::Array(value) => {
            let array = value.as_array().map(|array| array.size());
            let object = value.as_object().map(|object| object.size());
            usize::try_from(array.or(object).unwrap_or_default()).unwrap_or(0)
        }
    }
}

impl Renderable for Loop {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        // A bound that is no number makes no round.
        let Ok(range) = self.range.evaluate(runtime) else { return self.nothing(writer, runtime) };
        Allowance::rounds(runtime, rounds(&range))?;
        let Ok(items) = range.evaluate() else { return self.nothing(writer, runtime) };
        let offset = number(self.offset.as_ref(), runtime)?.unwrap_or_default();
        let limit = number(self.limit.as_ref(), runtime)?.unwrap_or(usize::MAX);
        let mut items: Vec<ValueCow<'_>> = items.into_iter().skip(offset).take(limit).collect();
        if self.reversed {
            items.reverse();
        }
        if items.is_empty() {
            return self.nothing(writer, runtime);
        }
        if self.table { self.rows(writer, runtime, &items) } else { self.rounds(writer, runtime, &items) }
    }
}

impl Loop {
    fn nothing(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        match &self.otherwise {
            Some(otherwise) => otherwise.render_to(writer, runtime),
            None => Ok(()),
        }
    }

    /// One round; says whether it is the last.
    fn round(
        &self,
        writer: &mut dyn Write,
        runtime: &dyn Runtime,
        round: (usize, usize),
        item: &dyn ValueView,
    ) -> Result<bool> {
        let outer = runtime.try_get(&[Scalar::new("forloop")]).map(ValueCow::into_owned).unwrap_or_default();
        let forloop = ForloopObject::new(round.0, round.1);
        let mut state = forloop.to_value();
        if let Value::Object(state) = &mut state {
            state.insert("parentloop".into(), outer);
        }
        let mut scope: HashMap<KStringRef<'_>, &dyn ValueView> = HashMap::new();
        scope.insert("forloop".into(), &state);
        scope.insert("tablerowloop".into(), &state);
        scope.insert(self.name.as_ref(), item);
        let scope = Lenient(StackFrame::new(runtime, &scope));
        self.body.render_to(writer, &scope)?;
        let interrupt = scope.registers().get_mut::<InterruptRegister>().reset();
        Ok(interrupt.is_some_and(|interrupt| interrupt == Interrupt::Break))
    }

    fn rounds(&self, writer: &mut dyn Write, runtime: &dyn Runtime, items: &[ValueCow<'_>]) -> Result<()> {
        for (place, item) in items.iter().enumerate() {
            if self.round(writer, runtime, (place, items.len()), item.as_view())? {
                break;
            }
        }
        Ok(())
    }

    fn rows(&self, writer: &mut dyn Write, runtime: &dyn Runtime, items: &[ValueCow<'_>]) -> Result<()> {
        let columns = number(self.columns.as_ref(), runtime)?.filter(|columns| *columns > 0).unwrap_or(items.len());
        for (place, item) in items.iter().enumerate() {
            let column = place % columns;
            if column == 0 {
                write!(writer, "<tr class=\"row{}\">", place / columns + 1).replace("Failed to render")?;
            }
            write!(writer, "<td class=\"col{}\">", column + 1).replace("Failed to render")?;
            let _last = self.round(writer, runtime, (place, items.len()), item.as_view())?;
            write!(writer, "</td>").replace("Failed to render")?;
            if column + 1 == columns || place + 1 == items.len() {
                write!(writer, "</tr>").replace("Failed to render")?;
            }
        }
        Ok(())
    }
}

/// `{% debug %}`: every variable there is, as JSON, escaped.
#[derive(Debug, Clone, Copy)]
pub(super) struct Debug;

impl TagReflection for Debug {
    fn tag(&self) -> &str {
        "debug"
    }

    fn description(&self) -> &str {
        "Lists the variables"
    }
}

impl ParseTag for Debug {
    fn parse(&self, mut arguments: TagTokenIter<'_>, _options: &Language) -> Result<Box<dyn Renderable>> {
        arguments.expect_nothing()?;
        Ok(Box::new(Self))
    }

    fn reflection(&self) -> &dyn TagReflection {
        self
    }
}

impl Renderable for Debug {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let mut all = liquid_core::Object::new();
        for name in runtime.roots() {
            let value = runtime.get(&[Scalar::new(name.clone().into_owned())])?;
            all.insert(name.into_owned(), value.into_owned());
        }
        let text =
            serde_json::to_string_pretty(&all).map_err(|_bad| Error::with_msg("Failed to list the variables"))?;
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        write!(writer, "<pre>{text}</pre>").replace("Failed to render")
    }
}
