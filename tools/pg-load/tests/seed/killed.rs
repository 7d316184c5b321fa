//! The seeder and the server are killed at random moments.

use std::time::{Duration, Instant};

use crate::program::{Running, manifest, seed, seeding, start, undisturbed, verify};
use crate::support::Postgres;

/// Kills of either, while the seeder is at work.
const KILLS: u32 = 50;
/// Kills in one seeding at most; it is whole afterwards.
const KILLS_PER_SEEDING: u32 = 5;

#[test]
fn fifty_kills_leave_the_same_rows() {
    let (Some(one), Some(two)) = (undisturbed("1", &[]), undisturbed("2", &[])) else { return };
    let Some(mut postgres) = Postgres::start(&[]) else { return };
    let url = postgres.url();
    let began = Instant::now();
    seed(&url, "2", &[]).well();
    let whole = began.elapsed();
    let mut struck = Struck::default();
    // Another seed each time: the one before is replaced, and kills meet that too.
    for (number, expected) in [("1", &one), ("2", &two)].into_iter().cycle() {
        disturbed(&mut postgres, number, whole, &mut struck);
        assert_eq!(&manifest(&url), expected, "after {struck:?}");
        verify(&url).well();
        if struck.seeder + struck.server >= KILLS {
            break;
        }
    }
    assert!(struck.seeder > 5 && struck.server > 5, "either was killed: {struck:?}");
    println!("{struck:?}, a seeding takes {whole:?}");
}

/// What was killed.
#[derive(Debug, Default)]
struct Struck {
    seeder: u32,
    server: u32,
}

/// One seeding, whole in the end, with kills on the way. A seeder that loses its server waits for it, and goes on.
fn disturbed(postgres: &mut Postgres, number: &str, whole: Duration, struck: &mut Struck) {
    let url = postgres.url();
    let begin = || start(seeding(&url, number, &["--replace", "--parallel", "2"]));
    let mut seeder: Running = begin();
    for _ in 0..KILLS_PER_SEEDING {
        // A random moment: this is the test, not a wait for something.
        std::thread::sleep(whole.mul_f64(rand::random_range(0.0..0.5)));
        if seeder.has_ended() {
            break; // it was quicker: a kill now would meet nobody
        }
        if rand::random() {
            struck.seeder += 1;
            seeder.kill();
            seeder = begin();
        } else {
            struck.server += 1;
            postgres.kill();
            postgres.start_again();
        }
    }
    seeder.end().well();
}
