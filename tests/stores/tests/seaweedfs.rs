//! `SeaweedFS` and the contract.

use std::process::ExitCode;

use tests_stores::{Differences, KeyFate, Store};

/// It keeps a bucket as a tree of folders, and a folder is an object to some requests.
const DIFFERENCES: Differences = Differences {
    keys: &[
        ("back\\slash", KeyFate::Unlisted),
        ("folder/", KeyFate::Emptied),
        ("/leading-slash", KeyFate::Unlisted),
        ("a/./b", KeyFate::Refused),
        ("a/../b", KeyFate::Refused),
        ("..", KeyFate::Refused),
        ("kkkkkkkkkk… of 1024 bytes", KeyFate::Refused),
    ],
    found_though_missing: &[("get", "folder/"), ("head", "folder/")],
    puts_make_buckets: true,
    lists_in_order: false,
    completes_twice: true,
    put_keeps_empty_metadata: false,
    ..Differences::AWS
};

fn main() -> ExitCode {
    tests_stores::run(async || Store::seaweedfs(DIFFERENCES).await)
}
