//! What this process has cost so far.

use std::fs;

/// Clock ticks a second in /proc on every Linux there is (`USER_HZ`, proc(5)).
const TICKS: f64 = 100.0;

/// User and system time of this process in seconds; none where there is no /proc.
pub fn seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The program's name stands in parentheses and may hold anything; fields 14 and 15 of proc(5) follow.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    #[test]
    fn work_costs() {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        let before = super::seconds().expect("Linux has /proc");
        while super::seconds().expect("Linux has /proc") < before + 0.02 {
            assert!(std::time::Instant::now() < deadline, "30 s of work cost nothing");
        }
    }
}
