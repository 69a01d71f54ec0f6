//! Power cuts, replayed: what the store writes is recorded call by call, and the files are built again as a cut at
//! some moment could have left them.
//!
//! Three kinds of disk: `None` keeps only what was synced, `Random` keeps each page written since with a chance of
//! one in two and the folders as of some earlier moment, `All` keeps everything.

#![cfg(test)]
#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "the recorder defines functions of the C library")]

#[path = "power_cut/record.rs"]
mod record;
#[path = "power_cut/replay.rs"]
mod replay;
mod support;

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use postern_store::{Durability, SledStore, Store};
use record::{Event, RECORDER, Recorder, note};
use replay::{Disk, Replay};
use support::{Random, config, counters, open, runtime, tenant};

const WRITERS: usize = 8;
const COMMITS: u64 = 150;
const PARTS: u64 = 3;
const CUTS: u64 = 20;

/// One recording at a time.
static TURN: Mutex<()> = Mutex::new(());

/// Opens, counts with all writers, closes, and does so again: a second opening writes snapshots.
fn recorded(open: impl Fn(&Path) -> Arc<dyn Store>) -> Vec<Event> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let recorder = Recorder::new(&root);
    *RECORDER.lock().unwrap() = Some(recorder);
    for part in 0..PARTS {
        let store = open(&root.join("data"));
        runtime().block_on(async {
            let t = tenant("a");
            let writers = (0..WRITERS).map(|writer| {
                let (store, t) = (&store, &t);
                async move {
                    for count in part * COMMITS + 1..=(part + 1) * COMMITS {
                        store.commit(counters::write(t, writer, count)).await.unwrap();
                        note(|_| Some(Event::Acknowledged { writer, count }));
                    }
                }
            });
            futures_util::future::join_all(writers).await;
        });
    }
    RECORDER.lock().unwrap().take().unwrap().events
}

#[test]
fn power_cuts_lose_nothing() {
    let events = recorded(open);
    let count = |wanted: fn(&Event) -> bool| events.iter().filter(|event| wanted(event)).count();
    let syncs = count(|event| matches!(event, Event::SyncDone { .. }));
    let acknowledged = count(|event| matches!(event, Event::Acknowledged { .. }));
    let written: usize =
        events.iter().map(|event| if let Event::Write { bytes, .. } = event { bytes.len() } else { 0 }).sum();
    let reach = events
        .iter()
        .map(|event| if let Event::Write { offset, bytes, .. } = event { offset + bytes.len() } else { 0 });
    let (written, reach) = (written / 1024, reach.max().unwrap_or(0) / 1024);
    eprintln!(
        "{} events, {syncs} syncs, {acknowledged} commits acknowledged, {written} KiB written to {reach} KiB",
        events.len()
    );
    assert!(syncs > 20 && acknowledged == WRITERS * usize::try_from(PARTS * COMMITS).unwrap());

    let mut random = Random::seeded("power_cuts_lose_nothing");
    let mut cuts: Vec<(usize, Disk)> = Vec::new();
    for disk in [Disk::None, Disk::Random, Disk::All] {
        cuts.extend((0..CUTS).map(|_| (usize::try_from(random.below(events.len() as u64 + 1)).unwrap(), disk)));
        cuts.push((events.len(), disk));
    }
    cuts.sort_by_key(|(at, _)| *at);
    let mut replay = Replay::new();
    for (at, disk) in cuts {
        while replay.moment < at {
            replay.step(&events[replay.moment]);
        }
        let folder = tempfile::tempdir().unwrap();
        replay.build(folder.path(), disk, &mut random);
        let store = open(&folder.path().join("data"));
        for writer in 0..WRITERS {
            let found = runtime().block_on(counters::read(&*store, &tenant("a"), writer));
            let acknowledged = replay.acknowledged.get(&writer).copied().unwrap_or(0);
            assert!(
                found >= acknowledged,
                "cut at {at} of {}, {disk:?}, writer {writer}: {acknowledged} acknowledged, {found} found",
                events.len()
            );
        }
    }
}

/// Syncs nothing, so that only the engine's own flush is left.
struct Idle;

impl Durability for Idle {
    fn sync(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The engine's own flush is not enough, and the replay shows it: else the test above could not fail.
#[test]
fn without_our_sync_commits_are_lost() {
    let events = recorded(|path| {
        let idle = |_| Box::new(Idle) as Box<dyn Durability>;
        Arc::new(SledStore::open_with(path, config(), idle).unwrap())
    });
    let mut random = Random::seeded("without_our_sync_commits_are_lost");
    let mut replay = Replay::new();
    let (mut lost, mut acknowledgements) = (0, 0);
    for event in &events {
        replay.step(event);
        acknowledgements += u32::from(matches!(event, Event::Acknowledged { .. }));
        if !matches!(event, Event::Acknowledged { .. }) || acknowledgements % 400 != 50 {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        replay.build(folder.path(), Disk::None, &mut random);
        let store = open(&folder.path().join("data"));
        for (writer, acknowledged) in &replay.acknowledged {
            let found = runtime().block_on(counters::read(&*store, &tenant("a"), *writer));
            lost += acknowledged.saturating_sub(found);
        }
    }
    assert!(lost > 0);
}

/// What is not synced is lost in a replay: else the test above could not fail.
#[test]
fn a_replay_loses_what_was_not_synced() {
    let mut replay = Replay::new();
    let name = || "f".to_owned();
    for event in [
        Event::File { parent: 0, name: name(), id: 1 },
        Event::Write { id: 1, offset: 0, bytes: vec![1; 10_000] },
        Event::SyncBegun { id: 1 },
        Event::Write { id: 1, offset: 5000, bytes: vec![2; 10] },
        Event::SyncDone { id: 1 },
        Event::SyncBegun { id: 0 },
        Event::SyncDone { id: 0 },
        Event::Write { id: 1, offset: 9999, bytes: vec![3; 2] },
        Event::Rename { from: (0, name()), to: (0, "g".into()) },
    ] {
        replay.step(&event);
    }
    let built = |disk| {
        let folder = tempfile::tempdir().unwrap();
        replay.build(folder.path(), disk, &mut Random::seeded("a_replay_loses_what_was_not_synced"));
        let read = |name| fs::read(folder.path().join(name)).ok();
        (read("f"), read("g"))
    };
    assert_eq!(built(Disk::None), (Some(vec![1; 10_000]), None));
    let mut all = vec![1; 10_001];
    all[5000..5010].fill(2);
    all[9999..].fill(3);
    assert_eq!(built(Disk::All), (None, Some(all)));
}
