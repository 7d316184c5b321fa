//! Children that never outlive devstack, not even where it is killed by SIGKILL and can clean up nothing.
//!
//! 1. devstack starts itself again as `devstack leash PARENT PROGRAM [ARGUMENT...]`.
//! 2. That process asks the kernel for SIGKILL at its parent's death (Linux: prctl(2), `PR_SET_PDEATHSIG`, which
//!    survives execve). Doing so between fork and exec would need `unsafe`.
//! 3. Where the parent has died before that, it ends.
//! 4. It becomes PROGRAM by execve: same process, same environment, same pipes.
//!
//! On other systems there is no step 2: a SIGKILL to devstack leaves the services running.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Context;
use nix::unistd::{Pid, getppid};

/// Becomes `program`; returns only where that fails.
pub fn become_program(parent: i32, program: &Path, arguments: &[String]) -> anyhow::Result<ExitCode> {
    // By the kernel's rule the "parent" is the thread that forked: children are spawned from devstack's main thread.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)
        .context("PR_SET_PDEATHSIG was refused")?;
    if getppid() != Pid::from_raw(parent) {
        anyhow::bail!("devstack (process {parent}) has ended before {} was started", program.display());
    }
    Err(Command::new(program).args(arguments).exec())
        .with_context(|| format!("cannot run {}", program.display()))
}
