//! Licence expressions (SPDX): whether one lets us ship without further terms than naming the authors.

/// Licences of that kind.
const PERMISSIVE: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether a choice in the expression is permissive in all its parts.
#[must_use]
pub fn is_permissive(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    either(&mut rest).is_some_and(|permissive| permissive && rest.is_empty())
}

fn either(rest: &mut &[&str]) -> Option<bool> {
    let mut permissive = both(rest)?;
    while let Some((&"OR", after)) = rest.split_first() {
        *rest = after;
        permissive |= both(rest)?;
    }
    Some(permissive)
}

fn both(rest: &mut &[&str]) -> Option<bool> {
    let mut permissive = one(rest)?;
    while let Some((&"AND", after)) = rest.split_first() {
        *rest = after;
        permissive &= one(rest)?;
    }
    Some(permissive)
}

fn one(rest: &mut &[&str]) -> Option<bool> {
    let (&word, after) = rest.split_first()?;
    *rest = after;
    if word == "(" {
        let inner = either(rest)?;
        let (&closing, after) = rest.split_first()?;
        *rest = after;
        return (closing == ")").then_some(inner);
    }
    if let [with, exception, after @ ..] = *rest
        && *with == "WITH"
    {
        *rest = after;
        return Some(PERMISSIVE.contains(&format!("{word} WITH {exception}").as_str()));
    }
    Some(PERMISSIVE.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::is_permissive;

    #[test]
    fn an_expression_is_permissive_when_a_choice_of_it_is() {
        for (expression, permissive) in [
            ("MIT", true),
            ("MIT/Apache-2.0", true),
            ("GPL-3.0-only", false),
            ("MIT OR GPL-3.0-only", true),
            ("MIT AND GPL-3.0-only", false),
            ("(MIT OR GPL-3.0-only) AND ISC", true),
            ("ISC AND (GPL-3.0-only OR LGPL-2.1-or-later)", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("GPL-2.0-only WITH Classpath-exception-2.0", false),
            ("MIT OR", false),
            ("(MIT", false),
            ("", false),
        ] {
            assert_eq!(is_permissive(expression), permissive, "{expression}");
        }
    }
}
