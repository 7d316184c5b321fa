//! One node of Elasticsearch 9.

use std::process::ExitCode;

use tests_elasticsearch::{SINGLE, Shape, TIGHT, Version, run};

fn main() -> ExitCode {
    let single = Shape::single(Version::V9);
    // Of a machine's many processors each would write, and no queue be full.
    let tight = single
        .clone()
        .with("node.processors", 2)
        .with("thread_pool.write.queue_size", 1)
        .with("http.max_content_length", "64kb");
    run(&[(single, SINGLE), (tight, TIGHT)])
}
