//! What a source seems to need, found without a parser: which packages it requires, and whether it is more than plain
//! JavaScript. A guess too many costs time only: what is not needed is not used.

use std::collections::BTreeSet;

/// What a source asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    /// What it requires or imports, in a fixed order.
    pub(crate) names: BTreeSet<String>,
    /// It has `import` or `export` statements, or `import()`.
    pub(crate) module: bool,
    /// It seems to have types.
    pub(crate) typed: bool,
    /// It requires something that only a run will tell.
    pub(crate) dynamic: bool,
}

impl Scan {
    /// Reads `source`.
    pub(crate) fn of(source: &str) -> Self {
        let tokens = tokens(source);
        let mut scan = Self::default();
        for (at, token) in tokens.iter().enumerate() {
            let Token::Word(word) = token else { continue };
            scan.word(word, around(&tokens, at));
        }
        scan
    }

    fn word(&mut self, word: &str, around: Around<'_>) {
        let property = around.before_is(".");
        match word {
            "require" if !property && around.after_is("(") => match around.tokens.get(around.at + 2) {
                Some(Token::Text(name)) => drop(self.names.insert((*name).to_owned())),
                Some(_) | None => self.dynamic = true,
            },
            "import" if !property => self.import(around),
            "export" if !property && around.starts_statement() => {
                self.module |= !around.after_is("=") && !around.after_is(":") && !around.after_is("(");
            }
            _ if !property => self.typed |= around.is_typed(word),
            _ => {}
        }
    }

    fn import(&mut self, around: Around<'_>) {
        match around.tokens.get(around.at + 1) {
            Some(Token::Sign("(")) => {
                self.module = true;
                match around.tokens.get(around.at + 2) {
                    Some(Token::Text(name)) => drop(self.names.insert((*name).to_owned())),
                    Some(_) | None => self.dynamic = true,
                }
            }
            Some(Token::Text(name)) if around.starts_statement() => {
                self.module = true;
                self.names.insert((*name).to_owned());
            }
            Some(Token::Word(_) | Token::Sign("{" | "*")) if around.starts_statement() => {
                self.module = true;
                self.typed |= around.after_is("type");
                let from = around.tokens.iter().skip(around.at).take(200);
                let name = from.skip_while(|token| !matches!(token, Token::Word("from"))).nth(1);
                if let Some(Token::Text(name)) = name {
                    self.names.insert((*name).to_owned());
                }
            }
            Some(_) | None => {}
        }
    }
}

/// A token with its neighbours.
#[derive(Clone, Copy)]
struct Around<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
}

fn around<'a>(tokens: &'a [Token<'a>], at: usize) -> Around<'a> {
    Around { tokens, at }
}

impl Around<'_> {
    fn before(&self, steps: usize) -> Option<&Token<'_>> {
        self.tokens.get(self.at.checked_sub(steps)?)
    }

    fn after(&self, steps: usize) -> Option<&Token<'_>> {
        self.tokens.get(self.at + steps)
    }

    fn before_is(&self, sign: &str) -> bool {
        matches!(self.before(1), Some(Token::Sign(found)) if *found == sign)
    }

    fn after_is(&self, text: &str) -> bool {
        matches!(self.after(1), Some(Token::Sign(found) | Token::Word(found)) if *found == text)
    }

    fn starts_statement(&self) -> bool {
        matches!(self.before(1), None | Some(Token::Sign(";" | "}" | "{" | "\n" | ")")) | Some(Token::Text(_)))
    }

    /// Whether a word here is one that JavaScript does not have.
    fn is_typed(&self, word: &str) -> bool {
        let named = matches!(self.after(1), Some(Token::Word(_)));
        let then = |sign: &str| matches!(self.after(2), Some(Token::Sign(found)) if *found == sign);
        match word {
            "interface" | "enum" | "namespace" => self.starts_statement() && named,
            "type" => self.starts_statement() && named && (then("=") || then("<")),
            "declare" | "abstract" | "private" | "protected" | "public" | "readonly" => named,
            "as" | "satisfies" => {
                let value = matches!(self.before(1), Some(Token::Word(_) | Token::Text(_)));
                named && (value || self.before_is(")") || self.before_is("]") || self.before_is("}"))
            }
            _ => self.before_is(":") && self.is_annotation(),
        }
    }

    /// Whether the colon before is one of a type: `const a: A`, `(a: A, b?: B)`, `): A {`, but not `{ a: A }`.
    fn is_annotation(&self) -> bool {
        match (self.before(3), self.before(2)) {
            (_, Some(Token::Sign("?"))) | (Some(Token::Word("const" | "let" | "var")), Some(Token::Word(_))) => true,
            (Some(Token::Sign("(" | ",")), Some(Token::Word(_))) => self.is_in_parentheses(),
            (_, Some(Token::Sign(")"))) => {
                let generic = matches!(self.tokens.get(self.at), Some(Token::Word("Promise"))) && self.after_is("<");
                generic || self.after_is("{") || self.after_is("=>")
            }
            _ => false,
        }
    }

    /// Whether the innermost bracket around is `(`.
    fn is_in_parentheses(&self) -> bool {
        let mut depth = 0_usize;
        for token in self.tokens.iter().take(self.at).rev().take(400) {
            match token {
                Token::Sign(")" | "]" | "}") => depth += 1,
                Token::Sign(open @ ("(" | "[" | "{")) => match depth.checked_sub(1) {
                    Some(less) => depth = less,
                    None => return *open == "(",
                },
                Token::Sign(_) | Token::Word(_) | Token::Text(_) => {}
            }
        }
        false
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    /// An identifier, keyword or number.
    Word(&'a str),
    /// What stands between quotes, when nothing in it is escaped.
    Text(&'a str),
    /// Anything else, a character; `=>` is one.
    Sign(&'a str),
}

/// Tokens without comments, regular expressions and the texts of templates.
fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = source;
    // For each `${` that is open: how many brackets are open in it.
    let mut templates: Vec<usize> = Vec::new();
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first == '/' && starts_expression(&tokens) {
            expression_length(rest)
        } else if first == '"' || first == '\'' {
            quoted(rest, first, &mut tokens)
        } else if first == '`' || first == '}' && templates.last() == Some(&0) {
            if first == '}' {
                templates.pop();
            } else {
                tokens.push(Token::Sign("`"));
            }
            template_length(rest, &mut templates)
        } else if is_word(first) {
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            tokens.extend(rest.get(..length).map(Token::Word));
            length
        } else {
            sign(rest, first, &mut tokens, &mut templates)
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn sign<'a>(rest: &'a str, first: char, tokens: &mut Vec<Token<'a>>, templates: &mut [usize]) -> usize {
    if let Some(open) = templates.last_mut() {
        match first {
            '{' => *open += 1,
            '}' => *open = open.saturating_sub(1),
            _ => {}
        }
    }
    let length = if rest.starts_with("=>") { 2 } else { first.len_utf8() };
    if !first.is_whitespace() || first == '\n' && starts_line(tokens) {
        tokens.extend(rest.get(..length).map(Token::Sign));
    }
    length
}

/// Whether a slash here begins a regular expression.
fn starts_expression(tokens: &[Token<'_>]) -> bool {
    match tokens.last() {
        None => true,
        Some(Token::Sign(sign)) => !matches!(*sign, ")" | "]" | "}" | "`"),
        Some(Token::Word(word)) => matches!(*word, "return" | "typeof" | "case" | "in" | "of" | "void" | "await"),
        Some(Token::Text(_)) => false,
    }
}

/// The length of the regular expression that `rest` begins with; one sign when it does not end on its line.
fn expression_length(rest: &str) -> usize {
    let (mut escaped, mut class) = (false, false);
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' => return 1,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            '/' if !class => return at + 1,
            _ => {}
        }
    }
    1
}

/// The length of a template's text, with what is before and after it: until the template ends or `${` opens.
fn template_length(rest: &str, templates: &mut Vec<usize>) -> usize {
    let (mut escaped, mut dollar) = (false, false);
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '`' => return at + 1,
            '{' if dollar => {
                templates.push(0);
                return at + 1;
            }
            _ => {}
        }
        dollar = c == '$';
    }
    rest.len()
}

/// Whether a line break is worth a token: it may end a statement that has no semicolon.
fn starts_line(tokens: &[Token<'_>]) -> bool {
    matches!(tokens.last(), Some(Token::Word(_) | Token::Text(_) | Token::Sign("]" | "`")))
}

/// The length of the text in quotes that `rest` begins with.
fn quoted<'a>(rest: &'a str, quote: char, tokens: &mut Vec<Token<'a>>) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => return at,
            _ if c == quote => {
                tokens.extend(rest.get(1..at).map(Token::Text));
                return at + 1;
            }
            _ => {}
        }
    }
    rest.len()
}

/// The words of a source that begin with a capital, for rewrites that depend on what is named.
pub(crate) fn capitalised(source: &str) -> BTreeSet<String> {
    let words = tokens(source).into_iter().filter_map(|token| match token {
        Token::Word(word) if word.starts_with(|c: char| c.is_ascii_uppercase()) => Some(word.to_owned()),
        Token::Word(_) | Token::Text(_) | Token::Sign(_) => None,
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, names: &[&str], flags: (bool, bool)) {
        let scan = Scan::of(source);
        assert_eq!(scan.names.iter().map(String::as_str).collect::<Vec<_>>(), names, "{source}");
        assert_eq!((scan.module, scan.typed), flags, "module, typed: {source}");
    }

    #[test]
    fn requires_are_found() {
        check("const axios = require('axios');", &["axios"], (false, false));
        check("const a = require( \"crypto-js/sha256\" ), b=require('b')", &["b", "crypto-js/sha256"], (false, false));
        check("// require('x')\n/* require('y') */ 'a\\'b'; foo.require('z')", &[], (false, false));
        check("x = s.replace(/['\"]/g, '');\nconst u = require('uuid');", &["uuid"], (false, false));
        check("const t = `it's ${require('in')} isn't`; require('after');", &["after", "in"], (false, false));
        assert!(Scan::of("require(name)").dynamic);
    }

    #[test]
    fn modules_are_told_from_scripts() {
        check("import axios from 'axios';", &["axios"], (true, false));
        check("import { a,\n b } from \"b\"\nimport 'c'", &["b", "c"], (true, false));
        check("const { jwtVerify } = await import('jose');", &["jose"], (true, false));
        check("let x = 1\nexport const onExecutePostLogin = async () => {}", &[], (true, false));
        check("exports.onExecutePostLogin = async (event, api) => {};", &[], (false, false));
        check("import type { Event } from 'x'", &["x"], (true, true));
    }

    #[test]
    fn types_are_seen() {
        for source in [
            "exports.onExecutePostLogin = async (event: Event, api: PostLoginAPI) => {};",
            "const name: string = event.user.name;",
            "interface Claims { sub: string }",
            "type Claims = { sub: string };",
            "const x = event.user as any;",
            "function f(a?: number) {}",
            "async function f(): Promise<void> {}",
            "enum Kind { A }",
            "try {} catch (e: unknown) {}",
        ] {
            assert!(Scan::of(source).typed, "{source}");
        }
    }

    #[test]
    fn plain_javascript_has_no_types() {
        for source in [
            "const o = { type: 'x', as: 1, enum: 2, name: string, f: Promise, a: b ? c : d };",
            "const x = a ? (b) : string; const y = ok ? Object : Array;",
            "switch (x) { case 'a': return 1; default: break; }",
            "f({ a, b: any }, { method: Get, body: c });",
            "// an interface Foo {\nconst type = event.type;\nlabel: for (;;) {}",
            "api.access.deny(`${a ? b : Error}`, type);",
            "const as = 1; let type = 2; type = 3;",
            "const { user: User, client: Client } = event;",
            "const f = ({ a: b }, { c: D = 1 }) => D;",
            "f(a, b ? C : D)",
            "const text = `the same as before, ${a ? `private ${b}` : c} public information`;",
            "const r = /don't as ' any/.test(x) || a / b / c;",
        ] {
            assert!(!Scan::of(source).typed, "{source}");
        }
    }
}
