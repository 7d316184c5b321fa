//! The embedded store and the contract.

use std::process::ExitCode;

use tests_stores::{Differences, KeyFate, Store};

/// It keeps objects as files: a key must be a file's path, and not too long for the files that s3s-fs keeps beside it.
const DIFFERENCES: Differences = Differences {
    keys: &[
        ("folder/", KeyFate::Refused),
        ("/leading-slash", KeyFate::Refused),
        ("double//slash", KeyFate::Refused),
        ("a/./b", KeyFate::Refused),
        ("a/../b", KeyFate::Refused),
        ("..", KeyFate::Refused),
        ("kkkkkkkkkk… of 1024 bytes", KeyFate::Refused),
        ("longfolder… of 991 bytes", KeyFate::Refused),
    ],
    lists_tags: false,
    below_an_object: KeyFate::Refused,
    ..Differences::AWS
};

fn main() -> ExitCode {
    tests_stores::run(async || Store::embedded(DIFFERENCES).await)
}
