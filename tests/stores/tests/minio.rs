//! `MinIO` and the contract.

use std::process::ExitCode;

use tests_stores::{Differences, KeyFate, Store};

/// It keeps an object as a folder, and lists no folder below one.
const DIFFERENCES: Differences = Differences {
    keys: &[
        ("/leading-slash", KeyFate::Unlisted),
        ("double//slash", KeyFate::Refused),
        ("a/./b", KeyFate::Refused),
        ("a/../b", KeyFate::Refused),
        ("..", KeyFate::Refused),
        ("kkkkkkkkkk… of 1024 bytes", KeyFate::Refused),
    ],
    below_an_object: KeyFate::Unlisted,
    lists_uploads_by_prefix: false,
    ..Differences::AWS
};

fn main() -> ExitCode {
    tests_stores::run(async || Store::minio(DIFFERENCES).await)
}
