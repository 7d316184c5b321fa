//! One seeder at a time.
//!
//! 1. A seeder holds an advisory lock as long as its first session lives; another waits, and says for whom.
//! 2. All its sessions share a second lock. A seeder that was killed leaves none of the first, but the server may still be
//!    at one of its statements: who comes next waits until the last of its sessions is gone.

use super::SeedError;
use super::error::Doing as _;
use super::progress::Progress;
use crate::connect::Connection;

/// "pg-load\0": nobody else's, as far as chance has it.
const RUN: i64 = 0x7067_2d6c_6f61_6400;
const SESSIONS: i64 = RUN + 1;
/// Who holds [`RUN`]: the halves of its number are in two columns (`pg_locks`, "advisory").
const HOLDER: &str = "SELECT format('%s (process %s, since %s)', a.application_name, a.pid, a.backend_start) \
    FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
    AND (l.classid::bigint << 32) | l.objid::bigint = $1";

/// Waits until no other seeder is at work, and keeps others out as long as `session` lives.
pub async fn take(session: &Connection, progress: &Progress) -> Result<(), SeedError> {
    let doing = "waiting for the seeders' lock";
    let free: bool = session.query_one("SELECT pg_try_advisory_lock($1)", &[&RUN]).await.doing(doing)?.get(0);
    if !free {
        let holder = session.query_opt(HOLDER, &[&RUN]).await.doing(doing)?;
        let holder: String = holder.map_or_else(|| "another seeder".to_owned(), |row| row.get(0));
        progress.say(&format!("waiting for {holder} to end"));
        session.execute("SELECT pg_advisory_lock($1)", &[&RUN]).await.doing(doing)?;
    }
    let doing = "waiting for the sessions of a seeder that was killed";
    session.execute("SELECT pg_advisory_lock($1)", &[&SESSIONS]).await.doing(doing)?;
    session.execute("SELECT pg_advisory_unlock($1)", &[&SESSIONS]).await.doing(doing)?;
    Ok(())
}

/// Makes `session` one of those that a later seeder waits for.
pub async fn join(session: &Connection) -> Result<(), SeedError> {
    let joined = session.execute("SELECT pg_advisory_lock_shared($1)", &[&SESSIONS]).await;
    joined.doing("joining the seeder's sessions").map(|_| ())
}

/// Lets commits of `session` wait neither for a disk nor for a standby. What a crash takes of them it takes whole, from the
/// last one on: a unit goes with its line of the manifest, and is loaded again. The mark that all is done is made by
/// [`patiently`], and reaches the disk and the standbys after all that came before it.
pub async fn hastily(session: &Connection) -> Result<(), SeedError> {
    session.batch_execute("SET synchronous_commit = off").await.doing("preparing a session")
}

/// Lets commits of `session` wait for what the server wants them to wait for.
pub async fn patiently(session: &Connection) -> Result<(), SeedError> {
    session.batch_execute("RESET synchronous_commit").await.doing("preparing a session")
}
