//! The files as a cut could have left them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use super::record::{Event, Id};
use crate::support::Random;

pub(crate) const PAGE: usize = 4096;

#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// As programs see it, and as the disk has it.
    seen: Vec<u8>,
    synced: Vec<u8>,
    dirty: BTreeSet<usize>,
    /// What a sync that has begun will have written: pages and length.
    syncing: Option<(BTreeMap<usize, Vec<u8>>, usize)>,
}

impl Contents {
    pub(crate) fn page(bytes: &[u8], page: usize) -> Vec<u8> {
        let end = bytes.len().min((page + 1) * PAGE);
        bytes.get(page * PAGE..end).unwrap_or_default().to_vec()
    }

    pub(crate) fn put_page(bytes: &mut Vec<u8>, page: usize, content: &[u8]) {
        let end = page * PAGE + content.len();
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[page * PAGE..end].copy_from_slice(content);
    }

    pub(crate) fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if self.seen.len() < end {
            self.seen.resize(end, 0);
        }
        self.seen[offset..end].copy_from_slice(bytes);
        self.dirty.extend(offset / PAGE..end.div_ceil(PAGE));
    }

    pub(crate) fn sync_begun(&mut self) {
        let pages = self.dirty.iter().map(|page| (*page, Self::page(&self.seen, *page))).collect();
        self.syncing = Some((pages, self.seen.len()));
    }

    pub(crate) fn sync_done(&mut self) {
        let Some((pages, len)) = self.syncing.take() else { return };
        self.synced.resize(len, 0);
        for (page, content) in pages {
            // Written again meanwhile: still dirty.
            if Self::page(&self.seen, page) == content {
                self.dirty.remove(&page);
            }
            if page * PAGE < len {
                Self::put_page(&mut self.synced, page, &content);
            }
        }
    }

    pub(crate) fn after_cut(&self, disk: Disk, random: &mut Random) -> Vec<u8> {
        match disk {
            Disk::None => self.synced.clone(),
            Disk::All => self.seen.clone(),
            Disk::Random => {
                let mut bytes = self.synced.clone();
                if self.seen.len() < bytes.len() && random.below(2) == 0 {
                    bytes.truncate(self.seen.len());
                }
                for page in self.dirty.iter().filter(|page| **page * PAGE < self.seen.len()) {
                    if random.below(2) == 0 {
                        Self::put_page(&mut bytes, *page, &Self::page(&self.seen, *page));
                    }
                }
                bytes
            }
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Entries {
    synced: BTreeMap<String, Id>,
    /// Changes since the last sync, with the moment of each.
    since: Vec<(usize, String, Option<Id>)>,
}

impl Entries {
    pub(crate) fn as_of(&self, moment: usize) -> BTreeMap<String, Id> {
        let mut entries = self.synced.clone();
        for (_, name, id) in self.since.iter().take_while(|(at, ..)| *at < moment) {
            match id {
                Some(id) => entries.insert(name.clone(), *id),
                None => entries.remove(name),
            };
        }
        entries
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disk {
    None,
    Random,
    All,
}

/// The files as they are after some events.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    files: HashMap<Id, Contents>,
    folders: HashMap<Id, Entries>,
    pub(crate) acknowledged: BTreeMap<usize, u64>,
    pub(crate) moment: usize,
}

impl Replay {
    /// An empty folder, with id 0.
    pub(crate) fn new() -> Self {
        let mut replay = Self::default();
        replay.folders.insert(0, Entries::default());
        replay
    }

    pub(crate) fn change(&mut self, parent: Id, name: &str, id: Option<Id>) {
        let moment = self.moment;
        self.folders.entry(parent).or_default().since.push((moment, name.to_owned(), id));
    }

    pub(crate) fn step(&mut self, event: &Event) {
        match event {
            Event::Folder { parent, name, id } => {
                self.folders.insert(*id, Entries::default());
                self.change(*parent, name, Some(*id));
            }
            Event::File { parent, name, id } => {
                self.files.insert(*id, Contents::default());
                self.change(*parent, name, Some(*id));
            }
            Event::Write { id, offset, bytes } => self.files.get_mut(id).unwrap().write(*offset, bytes),
            Event::Truncate { id, len } => self.files.get_mut(id).unwrap().seen.resize(*len, 0),
            Event::Rename { from, to } => {
                let id = self.folders[&from.0].as_of(usize::MAX)[&from.1];
                self.change(from.0, &from.1, None);
                self.change(to.0, &to.1, Some(id));
            }
            Event::Remove { parent, name } => self.change(*parent, name, None),
            Event::SyncBegun { id } => {
                if let Some(file) = self.files.get_mut(id) {
                    file.sync_begun();
                }
            }
            Event::SyncDone { id } => {
                if let Some(file) = self.files.get_mut(id) {
                    file.sync_done();
                } else if let Some(folder) = self.folders.get_mut(id) {
                    folder.synced = folder.as_of(usize::MAX);
                    folder.since.clear();
                }
            }
            Event::Acknowledged { writer, count } => {
                self.acknowledged.insert(*writer, *count);
            }
        }
        self.moment += 1;
    }

    /// Writes what a cut now leaves into a folder.
    pub(crate) fn build(&self, to: &Path, disk: Disk, random: &mut Random) {
        let moment = match disk {
            Disk::None => 0,
            Disk::Random => usize::try_from(random.below(self.moment as u64 + 1)).unwrap(),
            Disk::All => usize::MAX,
        };
        self.build_folder(0, to, disk, moment, random);
    }

    pub(crate) fn build_folder(&self, id: Id, to: &Path, disk: Disk, moment: usize, random: &mut Random) {
        for (name, id) in self.folders[&id].as_of(moment) {
            let path = to.join(name);
            if let Some(file) = self.files.get(&id) {
                fs::write(path, file.after_cut(disk, random)).unwrap();
            } else {
                fs::create_dir(&path).unwrap();
                self.build_folder(id, &path, disk, moment, random);
            }
        }
    }
}
