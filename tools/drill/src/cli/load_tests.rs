//! What the command line and a file make together.

use std::fs;

use clap::Parser;
use tempfile::TempDir;

use super::*;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    load: LoadOptions,
}

/// The options of a command line, and of a file where there is one.
fn resolve(line: &str, file: Option<&str>) -> Result<Load, String> {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("drill.yaml");
    let mut words: Vec<String> = line.split('|').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    words.insert(0, "drill".to_owned());
    if let Some(file) = file {
        fs::write(&path, file).expect("written");
        words.extend(["--file".to_owned(), path.display().to_string()]);
    }
    let line = Line::try_parse_from(words).map_err(|error| error.to_string())?;
    line.load.resolve().map_err(|error| format!("{error:#}"))
}

#[test]
fn the_command_line_goes_before_the_file_and_targets_are_added() {
    let file = "
        targets: [{ name: files, url: 'http://127.0.0.1:1/', rate: 7 }]
        rate: 20
        timeout: 2s
        max_in_flight: 9
        limits: [files:failures<9]
    ";
    let load =
        resolve("--target|web=http://127.0.0.1:2/|--rate|30|--limit|p99<1s", Some(file)).expect("a load");
    let rates: Vec<(String, f64, usize)> =
        load.streams.iter().map(|stream| (stream.source.label(), stream.rate, stream.in_flight)).collect();
    assert_eq!(rates, [("files".to_owned(), 7.0, 9), ("web".to_owned(), 30.0, 9)]);
    assert_eq!((load.wire.timeout, load.patience.clean_for), (Duration::from_secs(2), PATIENCE.clean_for));
    assert_eq!(
        load.limits.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["files:failures<9", "p99<1s"]
    );
    assert_eq!(
        resolve("--timeout|3s", Some(file)).expect("a load").wire.timeout,
        Duration::from_secs(3),
        "the command line's"
    );
}

#[test]
fn reviews_have_a_rate_of_their_own_and_limits_that_hold_unasked() {
    let load = resolve("--reviews|http://127.0.0.1:1|--reviews-rate|3", None).expect("a load");
    assert_eq!((load.streams[0].source.label().as_str(), load.streams[0].rate), ("reviews", 3.0));
    let limits: Vec<String> = load.limits.iter().map(ToString::to_string).collect();
    assert_eq!(limits, ["failures=0", "lost=0", "doubled=0"]);
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let target = "--target|a=http://127.0.0.1:1/";
    for (line, part) in [
        (String::new(), "no traffic"),
        (format!("{target}|{target}"), "two targets"),
        ("--target|reviews=http://127.0.0.1:1/|--reviews|http://127.0.0.1:1".to_owned(), "two targets"),
        (format!("{target}|--rate|0"), "above 0"),
        (format!("{target}|--max-in-flight|0"), "--max-in-flight"),
        (format!("{target}|--timeout|0s"), "--timeout"),
        (format!("{target}|--timeout|9s|--clean-for|1s"), "--clean-for"),
        (format!("{target}|--limit|b:failures=0"), "no target is called"),
        (format!("{target}|--limit|lost=0"), "no reviews"),
        (format!("{target}|--ca-file|/nowhere/ca.pem"), "/nowhere/ca.pem"),
        (format!("{target}|--resolve|here"), "HOST=ADDRESS"),
        (format!("{target}|--file|/nowhere/drill.yaml"), "/nowhere/drill.yaml"),
        ("--reviews|ftp://127.0.0.1:1".to_owned(), "http"),
    ] {
        let fault = resolve(&line, None).expect_err(&line);
        assert!(fault.contains(part), "{line}: {fault}");
    }
}
