//! A store's program: started in a folder of its own on free ports, killed when it is dropped.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A program under way. Dropping it, also by a panic, kills it and waits for its end.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts `command` with nothing of our environment; what it prints goes to a file in `folder`.
    pub(crate) fn start(command: &mut Command, folder: &Path) -> Self {
        let log = folder.join("log");
        let file = File::create(&log).expect("a log file in a folder of our own");
        let errors = file.try_clone().expect("a second handle of the log file");
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        Self { child, log }
    }

    /// Panics with what the program printed, if it has ended.
    pub(crate) fn check(&mut self) {
        if let Ok(Some(status)) = self.child.try_wait() {
            panic!("the store ended with {status}; it printed:\n{}", self.printed());
        }
    }

    /// What it printed so far.
    pub(crate) fn printed(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail only when it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ports that were free a moment ago, all different.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    // All are held until all are known; only then may the program have them.
    let held = [(); N].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port"));
    held.map(|listener| listener.local_addr().expect("a bound socket's address").port())
}

/// The program that the variable `name` names, or else `default` on PATH.
pub(crate) fn program(name: &str, default: Option<&str>) -> PathBuf {
    if let Some(path) = std::env::var_os(name).filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        assert!(path.is_file(), "{name}={} is no file", path.display());
        return path;
    }
    let on_path = default.and_then(|program| {
        let folders = std::env::var_os("PATH")?;
        std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file())
    });
    on_path.unwrap_or_else(|| {
        panic!("this test needs a store that is not here: set {name} to its program, or leave the test out")
    })
}
