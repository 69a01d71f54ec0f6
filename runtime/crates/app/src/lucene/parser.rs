//! From text to [`Expr`].

use super::{Bound, CLAUSES, Clause, DEPTH, Expr, Piece, QUERY_CHARS, Test};

/// Why a text is no query, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at character {at}: {problem}")]
pub struct BadQuery {
    /// Characters before the place, from 0.
    pub at: usize,
    /// What is wrong there.
    pub problem: String,
}

/// Parses a query.
///
/// # Errors
/// The first place where it is none.
pub fn parse(text: &str) -> Result<Expr, BadQuery> {
    let mut parser = Parser { text, rest: text, clauses: 0, depth: 0 };
    if text.chars().count() > QUERY_CHARS {
        return Err(parser.bad(format!("a query has at most {QUERY_CHARS} characters")));
    }
    parser.space();
    if parser.rest.is_empty() {
        return Ok(Expr::Everything);
    }
    let expr = parser.any(None)?;
    parser.space();
    match parser.peek() {
        None if expr.depth() > DEPTH => Err(BadQuery { at: 0, problem: too_deep() }),
        None => Ok(expr),
        Some(c) => Err(parser.bad(format!("unexpected '{c}'"))),
    }
}

/// How a term counts among those beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    May,
    Must,
    MustNot,
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    clauses: usize,
    depth: usize,
}

impl Parser<'_> {
    fn bad(&self, problem: impl Into<String>) -> BadQuery {
        let before = self.text.len().saturating_sub(self.rest.len());
        let at = self.text.get(..before).map_or(0, |before| before.chars().count());
        BadQuery { at, problem: problem.into() }
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, token: &str) -> bool {
        let after = self.rest.strip_prefix(token);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    /// Whether the word stands here as an operator.
    fn sees_word(&self, word: &str) -> bool {
        self.rest.strip_prefix(word).is_some_and(|after| {
            after.chars().next().is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ')' | '"' | '+' | '-' | '!'))
        })
    }

    fn eat_word(&mut self, word: &str) -> bool {
        self.sees_word(word) && self.eat(word)
    }

    fn sees_and(&self) -> bool {
        self.sees_word("AND") || self.rest.starts_with("&&")
    }

    fn sees_or(&self) -> bool {
        self.sees_word("OR") || self.rest.starts_with("||")
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, BadQuery>) -> Result<T, BadQuery> {
        if self.depth == DEPTH {
            return Err(self.bad(too_deep()));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// Alternatives.
    fn any(&mut self, field: Option<&str>) -> Result<Expr, BadQuery> {
        let mut members = Vec::new();
        loop {
            members.push(self.beside(field)?);
            if !(self.eat_word("OR") || self.eat("||")) {
                return Ok(one_or(members, Expr::Any));
            }
        }
    }

    /// Terms side by side.
    fn beside(&mut self, field: Option<&str>) -> Result<Expr, BadQuery> {
        let (mut may, mut must, mut not) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            self.space();
            let given = may.len() + must.len() + not.len();
            if given > 0 && (self.rest.is_empty() || self.rest.starts_with(')') || self.sees_or()) {
                break;
            }
            match self.chain(field)? {
                (Sign::May, expr) => may.push(expr),
                (Sign::Must, expr) => must.push(expr),
                (Sign::MustNot, expr) => not.push(Expr::Not(Box::new(expr))),
            }
        }
        // Beside what must be, the others only order the result.
        if must.is_empty() && !may.is_empty() {
            must.push(one_or(may, Expr::Any));
        }
        must.append(&mut not);
        Ok(one_or(must, Expr::All))
    }

    /// Terms joined by AND.
    fn chain(&mut self, field: Option<&str>) -> Result<(Sign, Expr), BadQuery> {
        let (sign, first) = self.unary(field)?;
        self.space();
        if !self.sees_and() {
            return Ok((sign, first));
        }
        let mut members = vec![signed(sign, first)];
        while self.eat_word("AND") || self.eat("&&") {
            let (sign, member) = self.unary(field)?;
            members.push(signed(sign, member));
            self.space();
        }
        Ok((Sign::May, Expr::All(members)))
    }

    fn unary(&mut self, field: Option<&str>) -> Result<(Sign, Expr), BadQuery> {
        self.space();
        let sign = if self.eat_word("NOT") || self.eat("-") || self.eat("!") {
            Sign::MustNot
        } else if self.eat("+") {
            Sign::Must
        } else {
            return Ok((Sign::May, self.primary(field)?));
        };
        let (inner, expr) = self.deeper(|parser| parser.unary(field))?;
        Ok((sign, signed(inner, expr)))
    }

    fn primary(&mut self, field: Option<&str>) -> Result<Expr, BadQuery> {
        self.space();
        if !self.rest.starts_with('(') {
            return self.clause(field);
        }
        let open = self.bad("'(' is not closed");
        self.next();
        let inner = self.deeper(|parser| parser.any(field))?;
        self.space();
        if !self.eat(")") {
            return Err(open);
        }
        self.no_suffix()?;
        Ok(inner)
    }

    fn clause(&mut self, field: Option<&str>) -> Result<Expr, BadQuery> {
        self.clauses += 1;
        if self.clauses > CLAUSES {
            return Err(self.bad(format!("a query has at most {CLAUSES} terms")));
        }
        if self.sees_and() || self.sees_or() || self.sees_word("NOT") {
            return Err(self.bad("expected a term before the operator"));
        }
        if matches!(self.peek(), Some('"' | '[' | '{' | '/')) {
            return self.value(field);
        }
        let start = self.rest;
        let word = self.word()?;
        if !self.eat(":") {
            self.rest = start;
            return self.value(field);
        }
        let named = match word.as_slice() {
            [Piece::Text(name)] => name.clone(),
            [Piece::Many] => "*".to_owned(),
            [] => {
                self.rest = start;
                return Err(self.missing());
            }
            _ => {
                self.rest = start;
                return Err(self.bad("a field name has no wildcard"));
            }
        };
        self.space();
        match named.as_str() {
            "_exists_" => self.exists(),
            "*" => self.field_value(None),
            name => self.field_value(Some(name)),
        }
    }

    fn exists(&mut self) -> Result<Expr, BadQuery> {
        let start = self.rest;
        let test = self.test()?;
        self.no_suffix()?;
        match test {
            Some(Test::Text(field)) if field == "*" => Ok(Expr::Everything),
            Some(Test::Text(field)) if !field.is_empty() => {
                Ok(Expr::Clause(Clause { field: Some(field), test: Test::Exists }))
            }
            Some(Test::Exists) => Ok(Expr::Everything),
            _ => {
                self.rest = start;
                Err(self.bad("'_exists_' needs the name of a field"))
            }
        }
    }

    /// What stands behind `field:`.
    fn field_value(&mut self, field: Option<&str>) -> Result<Expr, BadQuery> {
        if self.rest.starts_with('(') { self.primary(field) } else { self.value(field) }
    }

    fn value(&mut self, field: Option<&str>) -> Result<Expr, BadQuery> {
        let place = self.bad("a range needs a field");
        let test = self.test()?.ok_or_else(|| self.missing())?;
        self.no_suffix()?;
        match (field, test) {
            (None, Test::Exists) => Ok(Expr::Everything),
            (None, Test::Range { .. }) => Err(place),
            (field, test) => Ok(Expr::Clause(Clause { field: field.map(str::to_owned), test })),
        }
    }

    fn missing(&self) -> BadQuery {
        match self.peek() {
            None => self.bad("expected a term, the query ends"),
            Some(':') => self.bad("the field's name is missing before ':'"),
            Some(c) => self.bad(format!("expected a term, found '{c}'")),
        }
    }

    fn test(&mut self) -> Result<Option<Test>, BadQuery> {
        match self.peek() {
            Some('"') => Ok(Some(Test::Text(self.quoted()?))),
            Some('[' | '{') => self.range().map(Some),
            Some('/') => Err(self.bad("regular expressions are not supported; escape the '/' or use quotation marks")),
            Some('<' | '>') => self.comparison().map(Some),
            _ => {
                let word = self.word()?;
                Ok(match word.as_slice() {
                    [] => None,
                    [Piece::Text(text)] => Some(Test::Text(text.clone())),
                    [Piece::Many] => Some(Test::Exists),
                    _ => Some(Test::Pattern(word)),
                })
            }
        }
    }

    fn quoted(&mut self) -> Result<String, BadQuery> {
        let open = self.bad("the quotation mark is not closed");
        self.next();
        let mut text = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.next().ok_or_else(|| open.clone())?),
                Some(c) => text.push(c),
                None => return Err(open),
            }
        }
    }

    /// A run of characters without space and syntax; empty when there is none.
    fn word(&mut self) -> Result<Vec<Piece>, BadQuery> {
        let mut pieces: Vec<Piece> = Vec::new();
        while let Some(c) = self.peek() {
            let ends = c.is_whitespace()
                || matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | ':' | '^' | '~' | '"')
                || self.rest.starts_with("&&")
                || self.rest.starts_with("||");
            if ends {
                break;
            }
            self.next();
            match c {
                '*' if pieces.last() == Some(&Piece::Many) => {}
                '*' => pieces.push(Piece::Many),
                '?' => pieces.push(Piece::One),
                _ => {
                    let c = if c == '\\' { self.escaped()? } else { c };
                    if let Some(Piece::Text(text)) = pieces.last_mut() {
                        text.push(c);
                    } else {
                        pieces.push(Piece::Text(c.into()));
                    }
                }
            }
        }
        Ok(pieces)
    }

    fn escaped(&mut self) -> Result<char, BadQuery> {
        self.next().ok_or_else(|| self.bad("a character must follow '\\'"))
    }

    fn comparison(&mut self) -> Result<Test, BadQuery> {
        let greater = self.next() == Some('>');
        let including = self.eat("=");
        self.space();
        let Some(Test::Text(value)) = self.test()? else { return Err(self.bad("expected a value to compare with")) };
        let bound = if including { Bound::Including(value) } else { Bound::Excluding(value) };
        Ok(if greater {
            Test::Range { low: bound, high: Bound::Open }
        } else {
            Test::Range { low: Bound::Open, high: bound }
        })
    }

    fn range(&mut self) -> Result<Test, BadQuery> {
        let open = self.bad("the range is not closed: it is written [from TO to]");
        let low_including = self.next() == Some('[');
        let low = self.end()?;
        self.space();
        if !self.eat_word("TO") {
            return Err(self.bad("expected TO inside the range"));
        }
        let high = self.end()?;
        self.space();
        let high_including = match self.next() {
            Some(']') => true,
            Some('}') => false,
            _ => return Err(open),
        };
        let bound = |value: Option<String>, including| match value {
            None => Bound::Open,
            Some(value) if including => Bound::Including(value),
            Some(value) => Bound::Excluding(value),
        };
        Ok(Test::Range { low: bound(low, low_including), high: bound(high, high_including) })
    }

    /// An end of a range; `None` is `*`.
    fn end(&mut self) -> Result<Option<String>, BadQuery> {
        self.space();
        if self.rest.starts_with('"') {
            return self.quoted().map(Some);
        }
        let (mut text, mut escaped) = (String::new(), false);
        while let Some(c) = self.peek().filter(|c| !c.is_whitespace() && !matches!(c, ']' | '}' | '[' | '{' | '"')) {
            self.next();
            escaped |= c == '\\';
            text.push(if c == '\\' { self.escaped()? } else { c });
        }
        match text.as_str() {
            "" => Err(self.bad("expected a value or '*' inside the range")),
            "*" if !escaped => Ok(None),
            _ => Ok(Some(text)),
        }
    }

    fn no_suffix(&self) -> Result<(), BadQuery> {
        match self.peek() {
            Some('~') => Err(self.bad("fuzzy and proximity searches ('~') are not supported")),
            Some('^') => Err(self.bad("boosts ('^') are not supported")),
            _ => Ok(()),
        }
    }
}

fn too_deep() -> String {
    format!("nested more than {DEPTH} deep")
}

fn signed(sign: Sign, expr: Expr) -> Expr {
    match sign {
        Sign::May | Sign::Must => expr,
        Sign::MustNot => Expr::Not(Box::new(expr)),
    }
}

/// The one member itself, or the several under their operator.
fn one_or(mut members: Vec<Expr>, many: fn(Vec<Expr>) -> Expr) -> Expr {
    match members.pop() {
        None => Expr::Everything,
        Some(only) if members.is_empty() => only,
        Some(last) => {
            members.push(last);
            many(members)
        }
    }
}
