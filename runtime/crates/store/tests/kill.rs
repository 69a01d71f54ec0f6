//! kill -9 at any moment loses nothing that was acknowledged and tears nothing.
//!
//! `POSTERN_KILL_ROUNDS` sets the number of rounds.

#![cfg(test)]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use support::{Random, counters, open, runtime, tenant};

const CHILD: &str = "POSTERN_TEST_KILLED";
const WRITERS: usize = 16;
const ROUNDS: u64 = 40;

/// The child: opens, then counts with all writers and says what was acknowledged, until it is killed.
#[test]
#[ignore = "run by kills_lose_nothing, which kills it"]
fn counts_until_killed() {
    let Ok(path) = std::env::var(CHILD) else { return };
    say("opening");
    let store = open(Path::new(&path));
    say("open");
    runtime().block_on(async {
        let t = tenant("a");
        let writers = (0..WRITERS).map(|writer| {
            let (store, t) = (&store, &t);
            async move {
                let mut count = counters::read(&**store, t, writer).await;
                loop {
                    count += 1;
                    store.commit(counters::write(t, writer, count)).await.unwrap();
                    say(&format!("ack {writer} {count}"));
                }
            }
        });
        futures_util::future::join_all(writers).await;
    });
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

fn spawn(path: &Path) -> (Child, impl Iterator<Item = String> + use<>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "counts_until_killed"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    (child, lines)
}

/// Runs the child until it has said `after` lines beginning with `word`, kills it, and gives the counts it
/// acknowledged.
fn run_and_kill(path: &Path, word: &str, after: u64, acked: &mut [u64; WRITERS]) {
    let (mut child, lines) = spawn(path);
    let mut left = after;
    for line in lines {
        // The first line follows the test's name, which the harness does not end.
        let line = line.rsplit("... ").next().unwrap_or_default();
        if let Some(ack) = line.strip_prefix("ack ") {
            let (writer, count) = ack.split_once(' ').unwrap();
            acked[writer.parse::<usize>().unwrap()] = count.parse().unwrap();
        }
        if line.starts_with(word) && left > 0 {
            left -= 1;
            if left == 0 {
                child.kill().unwrap();
            }
        }
    }
    let status = child.wait().unwrap();
    assert!(left == 0 && !status.success(), "the child ended by itself: {status}");
}

#[test]
fn kills_lose_nothing() {
    let rounds = std::env::var("POSTERN_KILL_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let mut random = Random::seeded("kills_lose_nothing");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let (mut acked, mut commits, t) = ([0; WRITERS], 0, tenant("a"));
    for round in 0..rounds {
        match random.below(5) {
            0 => run_and_kill(&path, "opening", 1, &mut acked),
            1 => run_and_kill(&path, "open", 2, &mut acked),
            _ => run_and_kill(&path, "ack", 1 + random.below(600), &mut acked),
        }
        if random.below(6) == 0 {
            // Recovery itself is cut short.
            run_and_kill(&path, "opening", 1, &mut acked);
        }
        let store = open(&path);
        commits = 0;
        for (writer, acked) in acked.iter_mut().enumerate() {
            let found = runtime().block_on(counters::read(&*store, &t, writer));
            assert!(found >= *acked, "round {round}, writer {writer}: {acked} acknowledged, {found} found");
            // One may have been on its way in this round.
            assert!(found <= *acked + 1, "round {round}, writer {writer}: {found} found, {acked} acknowledged");
            *acked = found;
            commits += found;
        }
    }
    eprintln!("{rounds} rounds, {commits} commits");
    assert!(commits > 0);
}
