//! Rules about files: their size, what they begin with, what they are called, and what is not written in them.

use tidy::files;

/// Lines of a file, its tests not counted.
const LINES: usize = 500;
/// Names that say nothing of what a module holds.
const EMPTY_NAMES: [&str; 6] = ["utils", "util", "common", "helpers", "manager", "service"];
/// Words that promise without saying, or have a better one in the glossary.
const REFUSED: [&str; 8] =
    ["blazing", "lightning-fast", "seamless", "utilize", "whitelist", "blacklist", "sanity check", "best-in-class"];
/// Marks of unfinished work; written apart so that this file has none.
const UNFINISHED: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

#[track_caller]
fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} lines or files break the rule:\n{}", wrong.len(), wrong.join("\n"));
}

/// Lines of all texts that `is_wrong` names.
#[expect(clippy::unwrap_used, reason = "a test without its subject fails")]
fn lines(endings: &[&str], is_wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files(endings).unwrap() {
        // The list of words itself has them all.
        if file.path == "tests/tidy/tests/files.rs" {
            continue;
        }
        for (number, line) in file.text.lines().enumerate() {
            if is_wrong(line) {
                wrong.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    wrong
}

#[test]
fn files_are_short() {
    let files = files(&[".rs"]).unwrap();
    assert!(files.len() > 100, "the files are found");
    let long = files.iter().filter(|file| file.is_product() && file.code_lines() > LINES);
    none(&long.map(|file| format!("{}: {} lines", file.path, file.code_lines())).collect::<Vec<_>>());
}

#[test]
fn every_file_says_what_lives_in_it() {
    let mut wrong = Vec::new();
    for file in files(&[".rs"]).unwrap() {
        // Cases of compile-fail tests are read by the compiler alone.
        let says = file.text.starts_with("//! ") || file.text.starts_with("#![doc = include_str!");
        if !file.path.contains("/tests/ui/") && !says {
            wrong.push(file.path);
        }
    }
    none(&wrong);
}

#[test]
fn modules_are_named_after_what_they_hold() {
    let mut wrong = Vec::new();
    for file in files(&[".rs"]).unwrap().iter().filter(|file| file.is_product()) {
        let name = file.path.trim_end_matches("/mod.rs").trim_end_matches(".rs");
        if EMPTY_NAMES.contains(&name.rsplit('/').next().unwrap_or_default()) {
            wrong.push(file.path.clone());
        }
    }
    none(&wrong);
}

#[test]
fn unfinished_work_names_its_issue() {
    let is_wrong = |line: &str| {
        let mark = UNFINISHED.iter().find_map(|mark| line.split_once(mark));
        mark.is_some_and(|(before, after)| {
            let word = before.chars().next_back().is_none_or(|c| !c.is_alphanumeric())
                && after.chars().next().is_none_or(|c| !c.is_alphanumeric());
            word && !after.starts_with("(#")
        })
    };
    none(&lines(&[".rs", ".toml", ".wat"], is_wrong));
}

#[test]
fn words_say_something() {
    let is_wrong = |line: &str| {
        let line = line.to_lowercase();
        REFUSED.iter().any(|word| line.contains(word))
    };
    none(&lines(&[".rs", ".toml", ".md", ".txt", ".wat"], is_wrong));
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    let is_wrong = |line: &str| ["/home/", "/root/", "/Users/"].iter().any(|path| line.contains(path));
    none(&lines(&[".rs", ".toml", ".md", ".wat", ".json"], is_wrong));
}
