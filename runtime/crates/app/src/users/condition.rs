//! A query made ready to be tried on users: paths split, values read once.

use jiff::Timestamp;
use postern_model::User;

use super::fields::{DEFAULT_FIELDS, Leaf, Span, Within, any_leaf, span};
use crate::error::AppError;
use crate::lucene::{Bound, Clause, Expr, Piece, Test, looks_like};

/// Literal characters that must follow a leading `*` (Auth0: `name:*usa` but not `name:*sa`).
const SUFFIX_CHARS: usize = 3;

/// A condition on a user.
#[derive(Debug)]
pub(super) enum Condition {
    Everything,
    Clause { paths: Vec<Vec<String>>, test: Box<Prepared> },
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

/// A test with its values read.
#[derive(Debug)]
pub(super) enum Prepared {
    Text(Scalar),
    Pattern { plain: Vec<Piece>, lower: Vec<Piece> },
    Range { low: Option<(Scalar, bool)>, high: Option<(Scalar, bool)> },
    Exists,
}

/// A value of a query, as each kind of field understands it.
#[derive(Debug)]
pub(super) struct Scalar {
    text: String,
    lower: String,
    number: Option<f64>,
    span: Option<Span>,
}

impl Scalar {
    fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            lower: text.to_lowercase(),
            number: text.parse().ok().filter(|number: &f64| number.is_finite()),
            span: span(text),
        }
    }

    fn is(&self, leaf: Leaf<'_>) -> bool {
        match leaf {
            Leaf::Folded(held) if held.is_ascii() => held.eq_ignore_ascii_case(&self.lower),
            Leaf::Folded(held) => held.to_lowercase() == self.lower,
            Leaf::Text(held) => held == self.text,
            Leaf::Number(held) => self.number == Some(held),
            Leaf::Bool(held) => self.text == if held { "true" } else { "false" },
            Leaf::Time(held) => self.span.is_some_and(|span| span.from <= held && held < span.to),
        }
    }

    /// How a value stands to this one; `None` when they are of different kinds.
    fn order(&self, leaf: Leaf<'_>) -> Option<std::cmp::Ordering> {
        Some(match leaf {
            Leaf::Folded(held) => held.to_lowercase().cmp(&self.lower),
            Leaf::Text(held) => held.cmp(&self.text),
            Leaf::Number(held) => held.partial_cmp(&self.number?)?,
            Leaf::Bool(_) => return None,
            Leaf::Time(held) => within(held, self.span?),
        })
    }
}

fn within(at: Timestamp, span: Span) -> std::cmp::Ordering {
    if at < span.from {
        std::cmp::Ordering::Less
    } else if at < span.to {
        std::cmp::Ordering::Equal
    } else {
        std::cmp::Ordering::Greater
    }
}

impl Prepared {
    fn new(test: &Test) -> Result<Self, AppError> {
        let end = |bound: &Bound| match bound {
            Bound::Open => None,
            Bound::Including(value) => Some((Scalar::new(value), true)),
            Bound::Excluding(value) => Some((Scalar::new(value), false)),
        };
        Ok(match test {
            Test::Text(text) => Self::Text(Scalar::new(text)),
            Test::Pattern(pieces) => {
                check_pattern(pieces)?;
                let lower = |piece: &Piece| match piece {
                    Piece::Text(text) => Piece::Text(text.to_lowercase()),
                    Piece::Many => Piece::Many,
                    Piece::One => Piece::One,
                };
                Self::Pattern { plain: pieces.clone(), lower: pieces.iter().map(lower).collect() }
            }
            Test::Range { low, high } => Self::Range { low: end(low), high: end(high) },
            Test::Exists => Self::Exists,
        })
    }

    fn holds(&self, leaf: Leaf<'_>) -> bool {
        match self {
            Self::Text(value) => value.is(leaf),
            Self::Pattern { plain, lower } => match leaf {
                Leaf::Folded(held) => looks_like(lower, &held.to_lowercase()),
                Leaf::Text(held) => looks_like(plain, held),
                Leaf::Number(_) | Leaf::Bool(_) | Leaf::Time(_) => false,
            },
            Self::Range { low, high } => {
                low.as_ref().is_none_or(|(value, including)| {
                    value.order(leaf).is_some_and(|order| order.is_gt() || (*including && order.is_eq()))
                }) && high.as_ref().is_none_or(|(value, including)| {
                    value.order(leaf).is_some_and(|order| order.is_lt() || (*including && order.is_eq()))
                })
            }
            Self::Exists => true,
        }
    }
}

fn check_pattern(pieces: &[Piece]) -> Result<(), AppError> {
    let literal: usize = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.chars().count(),
            Piece::Many | Piece::One => 0,
        })
        .sum();
    if matches!(pieces.first(), Some(Piece::Many | Piece::One)) && literal < SUFFIX_CHARS {
        return Err(AppError::invalid_query(format!(
            "'q': behind a leading wildcard there must be {SUFFIX_CHARS} other characters at least"
        )));
    }
    Ok(())
}

impl Condition {
    /// Makes a query ready.
    pub(super) fn new(expr: &Expr) -> Result<Self, AppError> {
        let all = |members: &[Expr]| members.iter().map(Self::new).collect::<Result<_, _>>();
        Ok(match expr {
            Expr::Everything => Self::Everything,
            Expr::Clause(Clause { field, test }) => {
                let names = field.as_deref().map_or_else(|| DEFAULT_FIELDS.to_vec(), |field| vec![field]);
                let paths = names.into_iter().map(path).collect();
                Self::Clause { paths, test: Box::new(Prepared::new(test)?) }
            }
            Expr::Not(inner) => Self::Not(Box::new(Self::new(inner)?)),
            Expr::All(members) => Self::All(all(members)?),
            Expr::Any(members) => Self::Any(all(members)?),
        })
    }

    /// Whether it holds of the user.
    pub(super) fn holds(&self, user: &User) -> bool {
        match self {
            Self::Everything => true,
            Self::Clause { paths, test } => {
                let within = if matches!(**test, Prepared::Exists) { Within::Yes } else { Within::No };
                paths.iter().any(|path| any_leaf(user, path, within, &mut |leaf| test.holds(leaf)))
            }
            Self::Not(inner) => !inner.holds(user),
            Self::All(members) => members.iter().all(|member| member.holds(user)),
            Self::Any(members) => members.iter().any(|member| member.holds(user)),
        }
    }
}

/// The parts of a field's name.
pub(super) fn path(field: &str) -> Vec<String> {
    field.split('.').map(str::to_owned).collect()
}

/// A way to users by an index, instead of through all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// In lower case.
    Email(String),
    /// In lower case.
    Username(String),
    UserId(String),
}

/// Keys under which every user is that the query can hold of; `None` when only a look at all users tells.
pub(super) fn keys(expr: &Expr) -> Option<Vec<Key>> {
    let mut keys = match expr {
        Expr::Clause(Clause { field: Some(field), test: Test::Text(text) }) => vec![match field.as_str() {
            "email" => Key::Email(text.to_lowercase()),
            "username" => Key::Username(text.to_lowercase()),
            "user_id" => Key::UserId(text.clone()),
            _ => return None,
        }],
        Expr::All(members) => members.iter().filter_map(keys).min_by_key(Vec::len)?,
        Expr::Any(members) => members.iter().map(keys).collect::<Option<Vec<_>>>()?.concat(),
        Expr::Everything | Expr::Clause(_) | Expr::Not(_) => return None,
    };
    keys.sort_unstable();
    keys.dedup();
    Some(keys)
}
