//! Many jobs at once, each on one of as many sessions.
//!
//! 1. Each worker opens a session and takes jobs from a queue until it is empty.
//! 2. The first error ends all: what is in flight is rolled back, and who called decides whether to go on.
//! 3. Who asks the seeder to end has what runs cancelled: the server would otherwise finish an index for nobody.
//! 4. Every session holds a lock in common with the others of this run: see [`lock`].

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use tokio::task::JoinSet;

use super::{SeedError, Task, lock};
use crate::connect::Connection;

/// Does `jobs`, as many at once as `task` says; gives the results in no order.
pub async fn each<J, R, W>(task: &Task, jobs: Vec<J>, work: W) -> Result<Vec<R>, SeedError>
where
    J: Send + 'static,
    R: Send + 'static,
    W: for<'s> Fn(&'s mut Connection, J) -> BoxFuture<'s, Result<R, SeedError>> + Send + Sync + 'static,
{
    let workers = task.parallel.min(jobs.len());
    let queue = Arc::new(Mutex::new(VecDeque::from(jobs)));
    let work = Arc::new(work);
    let mut running = JoinSet::new();
    for _ in 0..workers {
        let (task, queue, work) = (task.clone(), queue.clone(), work.clone());
        running.spawn(async move {
            let mut session = task.endpoint.connect().await?;
            lock::join(&session).await?;
            lock::hastily(&session).await?;
            let canceller = session.canceller();
            let mut results = Vec::new();
            loop {
                let job = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some(job) = job else { break };
                tokio::select! {
                    result = work(&mut session, job) => results.push(result?),
                    () = task.stop.cancelled() => {
                        canceller.cancel().await;
                        return Err(SeedError::Stopped);
                    }
                }
            }
            session.close().await;
            Ok(results)
        });
    }
    let mut results = Vec::new();
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok(worker) => results.extend(worker?),
            Err(error) => std::panic::resume_unwind(error.into_panic()), // none is aborted before this ends
        }
    }
    Ok(results)
}
