//! One node of Elasticsearch 9.

use std::process::ExitCode;

use tests_elasticsearch::{SINGLE, Shape, TIGHT, Version, run};

fn main() -> ExitCode {
    let single = Shape::single(Version::V9);
    let tight =
        single.clone().with("thread_pool.write.queue_size", 1).with("http.max_content_length", "64kb");
    run(&[(single, SINGLE), (tight, TIGHT)])
}
