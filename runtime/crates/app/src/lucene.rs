//! The Lucene query language, as much of it as Auth0's searches take: `field:value`, phrases, wildcards, ranges,
//! `_exists_:field`, `AND`, `OR`, `NOT`, `+`, `-` and groups (Auth0 docs: "User Search Query Syntax"). Text becomes an
//! [`Expr`], which prints itself as a query that parses to the same. What a field means is its reader's business.
//!
//! `NOT` binds closer than `AND`, `AND` closer than `OR`; terms side by side are alternatives, as in Lucene, unless
//! one of them has a `+`. Fuzzy terms, boosts and regular expressions are refused.

mod parser;

use std::fmt::{self, Display};

pub use self::parser::{BadQuery, parse};

/// Clauses of one query: each is tried on every row.
pub const CLAUSES: usize = 256;
/// How deep groups may be nested.
pub const DEPTH: usize = 32;
/// Characters of a query.
pub const QUERY_CHARS: usize = 8192;

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// Holds always: the empty query and `*`.
    Everything,
    /// One test of one field.
    Clause(Clause),
    /// Holds when the other does not.
    Not(Box<Self>),
    /// Holds when all hold; two at least.
    All(Vec<Self>),
    /// Holds when one holds; two at least.
    Any(Vec<Self>),
}

impl Expr {
    /// Operators around the innermost term: at least as many as its printed form has groups.
    fn depth(&self) -> usize {
        match self {
            Self::Everything | Self::Clause(_) => 0,
            Self::Not(inner) => inner.depth().saturating_add(1),
            Self::All(members) | Self::Any(members) => {
                members.iter().map(Self::depth).max().unwrap_or_default().saturating_add(1)
            }
        }
    }
}

/// One test of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// As written, without escapes; `None` is any of the reader's default fields.
    pub field: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub test: Test,
}

/// What a field is tested for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// That it is this value.
    Text(String),
    /// That it looks like this: at least one wildcard, and more than `*`.
    Pattern(Vec<Piece>),
    /// That it is between two values.
    Range {
        #[expect(missing_docs, reason = "says its name")]
        low: Bound,
        #[expect(missing_docs, reason = "says its name")]
        high: Bound,
    },
    /// That it is there.
    Exists,
}

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Itself.
    Text(String),
    /// `*`: any characters, or none.
    Many,
    /// `?`: one character.
    One,
}

/// An end of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// `*`
    Open,
    /// The value itself is inside.
    Including(String),
    /// It is not.
    Excluding(String),
}

impl Bound {
    /// The value, if there is one.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Open => None,
            Self::Including(value) | Self::Excluding(value) => Some(value),
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("*"),
            Self::Clause(clause) => clause.fmt(f),
            Self::Not(inner) => write!(f, "NOT {inner}"),
            Self::All(members) => joined(f, members, " AND "),
            Self::Any(members) => joined(f, members, " OR "),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, members: &[Expr], with: &str) -> fmt::Result {
    f.write_str("(")?;
    for (at, member) in members.iter().enumerate() {
        if at > 0 {
            f.write_str(with)?;
        }
        member.fmt(f)?;
    }
    f.write_str(")")
}

impl Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.test == Test::Exists {
            return write!(f, "_exists_:{}", Quoted(self.field.as_deref().unwrap_or("*")));
        }
        if let Some(field) = &self.field {
            write!(f, "{}:", Escaped(field))?;
        }
        match &self.test {
            Test::Text(text) => Quoted(text).fmt(f),
            Test::Pattern(pieces) => pieces.iter().try_for_each(|piece| match piece {
                Piece::Text(text) => Escaped(text).fmt(f),
                Piece::Many => f.write_str("*"),
                Piece::One => f.write_str("?"),
            }),
            Test::Range { low, high } => {
                f.write_str(if matches!(low, Bound::Excluding(_)) { "{" } else { "[" })?;
                end(f, low)?;
                f.write_str(" TO ")?;
                end(f, high)?;
                f.write_str(if matches!(high, Bound::Excluding(_)) { "}" } else { "]" })
            }
            Test::Exists => Ok(()),
        }
    }
}

fn end(f: &mut fmt::Formatter<'_>, bound: &Bound) -> fmt::Result {
    match bound.value() {
        None => f.write_str("*"),
        Some(value) => Quoted(value).fmt(f),
    }
}

/// A text between quotation marks.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            if matches!(c, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        f.write_str("\"")
    }
}

/// A text outside of quotation marks: everything that might mean something is escaped.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if !c.is_alphanumeric() && !matches!(c, '_' | '.' | '@') {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        Ok(())
    }
}

/// Whether a text looks like the pattern.
#[must_use]
pub fn looks_like(pieces: &[Piece], text: &str) -> bool {
    // Where to go on when what follows the last `*` does not fit: the usual way, without recursion.
    let (mut rest, mut text) = (pieces, text);
    let mut again: Option<(&[Piece], &str)> = None;
    loop {
        let next = match rest.split_first() {
            Some((Piece::Many, after)) => {
                again = Some((after, text));
                rest = after;
                continue;
            }
            Some((Piece::One, after)) => text.chars().next().and_then(|c| Some((after, text.get(c.len_utf8()..)?))),
            Some((Piece::Text(want), after)) => text.strip_prefix(want.as_str()).map(|left| (after, left)),
            None if text.is_empty() => return true,
            None => None,
        };
        if let Some((after, left)) = next {
            (rest, text) = (after, left);
            continue;
        }
        // One character more for the last `*`.
        let Some((after, from)) = again else { return false };
        let Some(shorter) = from.chars().next().and_then(|c| from.get(c.len_utf8()..)) else { return false };
        again = Some((after, shorter));
        (rest, text) = (after, shorter);
    }
}

#[cfg(test)]
mod tests;
