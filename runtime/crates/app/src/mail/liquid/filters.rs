//! The filters: the library's, but for three that could make something large out of little before anyone can count it.

use liquid_core::model::DateTime;
use liquid_core::parser::ParseFilter;
use liquid_core::{
    Display_filter, Error, Expression, Filter, FilterParameters, FilterReflection, FromFilterParameters,
    ParseFilter as DeriveParseFilter, Result, Runtime, Value, ValueView,
};
use liquid_lib::stdlib;

use super::bounds::{VALUE_BYTES, too_large};

macro_rules! boxed {
    ($($filter:expr),* $(,)?) => { vec![$(Box::new($filter) as Box<dyn ParseFilter>),*] };
}

/// Every filter there is.
pub(super) fn all() -> Vec<Box<dyn ParseFilter>> {
    boxed![
        stdlib::Abs,
        stdlib::Append,
        stdlib::AtLeast,
        stdlib::AtMost,
        stdlib::Capitalize,
        stdlib::Ceil,
        stdlib::Compact,
        stdlib::Concat,
        Date,
        stdlib::Default,
        stdlib::DividedBy,
        stdlib::Downcase,
        stdlib::Escape,
        stdlib::EscapeOnce,
        stdlib::First,
        stdlib::Floor,
        Join,
        stdlib::Last,
        stdlib::Lstrip,
        stdlib::Map,
        stdlib::Minus,
        stdlib::Modulo,
        stdlib::NewlineToBr,
        stdlib::Plus,
        stdlib::Prepend,
        stdlib::Remove,
        stdlib::RemoveFirst,
        Replace,
        stdlib::ReplaceFirst,
        stdlib::Reverse,
        stdlib::Round,
        stdlib::Rstrip,
        stdlib::Size,
        stdlib::Slice,
        stdlib::Sort,
        stdlib::SortNatural,
        stdlib::Split,
        stdlib::Strip,
        stdlib::StripHtml,
        stdlib::StripNewlines,
        stdlib::Times,
        stdlib::Truncate,
        stdlib::TruncateWords,
        stdlib::Uniq,
        stdlib::Upcase,
        stdlib::UrlDecode,
        stdlib::UrlEncode,
        stdlib::Where,
    ]
}

#[derive(Debug, FilterParameters)]
struct ReplaceArgs {
    #[parameter(description = "What is replaced", arg_type = "str")]
    search: Expression,
    #[parameter(description = "By what; nothing when absent", arg_type = "str")]
    replace: Option<Expression>,
}

#[derive(Clone, DeriveParseFilter, FilterReflection)]
#[filter(name = "replace", description = "Replaces a text", parameters(ReplaceArgs), parsed(ReplaceFilter))]
struct Replace;

#[derive(Debug, FromFilterParameters, Display_filter)]
#[name = "replace"]
struct ReplaceFilter {
    #[parameters]
    args: ReplaceArgs,
}

impl Filter for ReplaceFilter {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        let args = self.args.evaluate(runtime)?;
        let input = input.to_kstr();
        let replace = args.replace.unwrap_or_else(|| "".into());
        let found = input.matches(args.search.as_str()).count();
        if found.saturating_mul(replace.len()) > VALUE_BYTES {
            return Err(too_large());
        }
        Ok(Value::scalar(input.replace(args.search.as_str(), replace.as_str())))
    }
}

#[derive(Debug, FilterParameters)]
struct JoinArgs {
    #[parameter(description = "What stands between two items; a space when absent", arg_type = "str")]
    separator: Option<Expression>,
}

#[derive(Clone, DeriveParseFilter, FilterReflection)]
#[filter(name = "join", description = "Joins the items of an array", parameters(JoinArgs), parsed(JoinFilter))]
struct Join;

#[derive(Debug, FromFilterParameters, Display_filter)]
#[name = "join"]
struct JoinFilter {
    #[parameters]
    args: JoinArgs,
}

impl Filter for JoinFilter {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        let args = self.args.evaluate(runtime)?;
        let separator = args.separator.unwrap_or_else(|| " ".into());
        // As LiquidJS: what is no array is left as it is.
        let Some(array) = input.as_array() else { return Ok(input.to_value()) };
        let mut joined = String::new();
        for (place, item) in array.values().enumerate() {
            if place > 0 {
                joined.push_str(separator.as_str());
            }
            joined.push_str(item.to_kstr().as_str());
            if joined.len() > VALUE_BYTES {
                return Err(too_large());
            }
        }
        Ok(Value::scalar(joined))
    }
}

#[derive(Debug, FilterParameters)]
struct DateArgs {
    #[parameter(description = "The format, as of strftime", arg_type = "str")]
    format: Expression,
}

#[derive(Clone, DeriveParseFilter, FilterReflection)]
#[filter(name = "date", description = "Writes a date", parameters(DateArgs), parsed(DateFilter))]
struct Date;

#[derive(Debug, FromFilterParameters, Display_filter)]
#[name = "date"]
struct DateFilter {
    #[parameters]
    args: DateArgs,
}

impl Filter for DateFilter {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        let args = self.args.evaluate(runtime)?;
        let format = args.format.as_str();
        // A width is at most two digits: the library pads to whatever width it is told.
        let wide = format.split('%').skip(1).any(|part| {
            let width = part.trim_start_matches(['-', '_', '^', '#', ':', '+', '0']);
            width.bytes().take_while(u8::is_ascii_digit).count() > 2
        });
        let date = input.as_scalar().and_then(|scalar| scalar.to_date_time()).or_else(|| iso(&input.to_kstr()));
        match date {
            Some(_) if wide || format.len() > 1024 => Err(Error::with_msg("The date format is too wide")),
            Some(date) if !format.is_empty() => {
                date.format(format).map(Value::scalar).map_err(|_bad| Error::with_msg("The date format is not legal"))
            }
            Some(_) | None => Ok(input.to_value()),
        }
    }
}

/// A date as our own texts have it, which the library does not read.
fn iso(text: &str) -> Option<DateTime> {
    let instant = text.parse::<jiff::Timestamp>().ok().or_else(|| {
        let date = text.parse::<jiff::civil::Date>().ok()?;
        jiff::tz::Offset::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).ok()
    })?;
    DateTime::from_str(&instant.strftime("%Y-%m-%d %H:%M:%S +0000").to_string())
}
