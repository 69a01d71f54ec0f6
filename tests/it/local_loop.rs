//! The author's loop, as in a terminal: `postern actions new --js`, `dev` in tmux, `test` under Node and in the sandbox.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use postern_e2e::postern_path;

/// How long a screen may take: the engine is compiled in the first run of a machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A terminal of its own, gone with the test.
struct Terminal {
    socket: PathBuf,
}

impl Terminal {
    fn open(folder: &Path, command: &str) -> Self {
        let terminal = Self { socket: folder.join("tmux.socket") };
        let size = ["-x", "160", "-y", "50"];
        let made =
            terminal.tmux(&[&["new-session", "-d", "-c", folder.to_str().unwrap()], &size[..], &[command]].concat());
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        terminal
    }

    fn tmux(&self, arguments: &[&str]) -> Output {
        Command::new("tmux").arg("-S").arg(&self.socket).args(arguments).output().expect("run tmux")
    }

    fn screen(&self) -> String {
        String::from_utf8(self.tmux(&["capture-pane", "-p", "-S", "-200"]).stdout).unwrap()
    }

    /// The screen once it has all of that on it.
    #[track_caller]
    fn shows(&self, wanted: &[&str]) -> String {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if wanted.iter().all(|wanted| screen.contains(wanted)) {
                return screen;
            }
            assert!(begun.elapsed() < PATIENCE, "the screen does not show {wanted:?}:\n{screen}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

fn postern(folder: &Path, arguments: &[&str]) -> Output {
    let mut postern = Command::new(postern_path());
    postern.args(arguments).current_dir(folder).env("XDG_CACHE_HOME", cache()).output().unwrap()
}

/// Shared by the tests, so that the engine is compiled once.
fn cache() -> PathBuf {
    std::env::temp_dir().join("postern-e2e-cache")
}

fn new_action(folder: &Path) -> PathBuf {
    let made = postern(folder, &["actions", "new", "--js", "greet"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder.join("greet")
}

#[test]
fn dev_runs_again_when_a_file_changes_and_says_what_is_different() {
    let folder = tempfile::tempdir().unwrap();
    let project = new_action(folder.path());
    let command = format!(
        "XDG_CACHE_HOME={} {} actions dev action.js --event event.json",
        cache().display(),
        postern_path().display()
    );
    let terminal = Terminal::open(&project, &command);
    terminal.shows(&["user.setAppMetadata {\"key\":\"logins\",\"value\":42}", "watching"]);

    let source = project.join("action.js");
    let before = std::fs::read_to_string(&source).unwrap();
    std::fs::write(&source, before.replace("const logins", "console.log('counting');\n    const logins")).unwrap();
    terminal.shows(&["[info] counting", "changed since the last run:", "+ [info] counting"]);

    let event = project.join("event.json");
    let text = std::fs::read_to_string(&event).unwrap();
    std::fs::write(&event, text.replace("\"logins\": 41", "\"logins\": 1")).unwrap();
    terminal.shows(&["\"value\":2", "- user.setAppMetadata {\"key\":\"logins\",\"value\":42}"]);

    std::fs::write(&source, "exports.onExecutePostLogin = async (event, api) => {\n    api.user.(\n};\n").unwrap();
    terminal.shows(&["SyntaxError", "action.js:2"]);

    std::fs::write(&source, before.replace("const logins", "null.x; const logins")).unwrap();
    terminal.shows(&["guest_error", "TypeError: Cannot read properties of null (reading 'x')"]);
    terminal.tmux(&["send-keys", "C-c"]);
}

#[test]
fn the_authors_tests_run_under_node_and_in_the_sandbox() {
    let folder = tempfile::tempdir().unwrap();
    let project = new_action(folder.path());
    let tested = postern(&project, &["actions", "test", "."]);
    let said = String::from_utf8_lossy(&tested.stdout);
    assert!(tested.status.success(), "{said}{}", String::from_utf8_lossy(&tested.stderr));
    assert!(said.contains("passed in both"), "{said}");

    let source = project.join("action.js");
    let before = std::fs::read_to_string(&source).unwrap();
    std::fs::write(&source, before.replace("?? 0) + 1", "?? 0) + 2")).unwrap();
    let tested = postern(&project, &["actions", "test", "."]);
    assert!(!tested.status.success());
    assert!(String::from_utf8_lossy(&tested.stderr).contains("the tests fail under Node"));
}

#[test]
fn one_run_is_json_for_programs_and_fails_with_the_action() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("action.js");
    std::fs::write(&source, "exports.onExecutePostLogin = async () => { throw new RangeError('too far'); };").unwrap();
    let ran = postern(folder.path(), &["--json", "actions", "dev", "action.js", "--once"]);
    assert!(!ran.status.success());
    let run: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(run["status"], "guest_error");
    assert_eq!(run["error"]["name"], "RangeError");
    assert_eq!(run["error"]["message"], "too far");
}
