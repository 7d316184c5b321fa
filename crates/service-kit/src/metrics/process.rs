//! What the kernel knows of this process, asked at each scrape.
//!
//! 1. What stays as it is, the start and the limit of open files, is read once.
//! 2. Memory is read from `/proc/self/statm` (`proc_pid_statm(5)`), and the number of open files is the size of `/proc/self/fd`
//!    (`proc_pid_fd(5)`). Both stay open: opening them costs more than reading them, and a process that has no descriptor left
//!    can still say so.
//! 3. Processor time is `getrusage(2)`'s, in microseconds where `/proc/self/stat` has hundredths of a second.
//!
//! The names are those that Prometheus's own client libraries use
//! (<https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>).

use std::fmt;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use nix::unistd::{SysconfVar, sysconf};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// A folder with an entry for each file that this process has open.
const DESCRIPTORS: &str = "/proc/self/fd";

/// Asks the kernel at each scrape. On a system without /proc there is none.
#[derive(Debug)]
pub(crate) struct ProcessCollector {
    statm: File,
    descriptors: File,
    page_bytes: u64,
    started_seconds: f64,
    max_files: u64,
}

impl ProcessCollector {
    pub(crate) fn new() -> Option<Self> {
        let ticks_per_second = u32::try_from(system(SysconfVar::CLK_TCK, 100)).ok()?;
        let start_ticks = start_ticks(&fs::read_to_string("/proc/self/stat").ok()?)?;
        Some(Self {
            statm: File::open("/proc/self/statm").ok()?,
            descriptors: File::open(DESCRIPTORS).ok()?,
            page_bytes: system(SysconfVar::PAGE_SIZE, 4096),
            started_seconds: boot_seconds()? + start_ticks / f64::from(ticks_per_second),
            max_files: system(SysconfVar::OPEN_MAX, 1024),
        })
    }
}

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        if let Some(seconds) = cpu_seconds() {
            let (name, help) = ("process_cpu_seconds", "Processor time spent, in seconds.");
            let counter = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            ConstCounter::new(seconds).encode(counter)?;
        }
        if let Some(memory) = Memory::read(&self.statm) {
            let (name, help) = ("process_resident_memory_bytes", "Memory that is resident, in bytes.");
            gauge(&mut encoder, name, help, memory.resident_pages * self.page_bytes)?;
            let (name, help) = ("process_virtual_memory_bytes", "Memory that is mapped, in bytes.");
            gauge(&mut encoder, name, help, memory.mapped_pages * self.page_bytes)?;
        }
        if let Some(files) = open_files(&self.descriptors) {
            gauge(&mut encoder, "process_open_fds", "Open file descriptors.", files)?;
        }
        let (name, help) = ("process_max_fds", "Most file descriptors that may be open.");
        gauge(&mut encoder, name, help, self.max_files)?;
        let (name, help) = ("process_start_time_seconds", "When the process started, in seconds since 1970.");
        gauge(&mut encoder, name, help, self.started_seconds)
    }
}

fn gauge<N: EncodeGaugeValue>(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    value: N,
) -> fmt::Result {
    ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
}

struct Memory {
    mapped_pages: u64,
    resident_pages: u64,
}

impl Memory {
    fn read(statm: &File) -> Option<Self> {
        // Seven numbers of at most 20 digits.
        let mut line = [0; 256];
        let length = statm.read_at(&mut line, 0).ok()?;
        Self::parse(std::str::from_utf8(&line[..length]).ok()?)
    }

    fn parse(line: &str) -> Option<Self> {
        let mut pages = line.split_ascii_whitespace().map(|pages| pages.parse().ok());
        Some(Self { mapped_pages: pages.next()??, resident_pages: pages.next()?? })
    }
}

/// What the system was built or is limited to; `otherwise` where it does not say.
fn system(name: SysconfVar, otherwise: u64) -> u64 {
    sysconf(name).ok().flatten().and_then(|value| value.try_into().ok()).unwrap_or(otherwise)
}

/// When the process started, in ticks after the boot. Fields are counted from the last `)`: the program's name before it may
/// hold spaces and brackets.
fn start_ticks(stat: &str) -> Option<f64> {
    // proc_pid_stat(5) numbers fields from 1; the first one here is its third, and the start is its 22nd.
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(22 - 3)?.parse().ok()
}

/// When the system was booted, in seconds since 1970 (`proc_stat(5)`).
fn boot_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

/// User and system time of all threads, those that have ended included.
#[expect(clippy::cast_precision_loss, reason = "2^52 microseconds are 142 years")]
fn cpu_seconds() -> Option<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    Some((usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6)
}

fn open_files(descriptors: &File) -> Option<u64> {
    match descriptors.metadata().ok()?.len() {
        // Linux before 6.2 tells no size: the entries are counted one by one, at 0.2 µs each.
        0 => fs::read_dir(DESCRIPTORS).ok()?.count().try_into().ok(),
        files => Some(files),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant, UNIX_EPOCH};

    use super::*;
    use crate::Metrics;

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let line = "7 (a) b (c)) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 3 0 9000 1000000 321 18446744073709551615";
        assert_eq!(start_ticks(line), Some(9000.0));
        assert_eq!(start_ticks("7 (short) S 1"), None);
    }

    #[test]
    fn memory_is_told_in_pages() {
        let memory = Memory::parse("314430 2838 1209 805 0 9631 0\n").expect("it parses");
        assert_eq!((memory.mapped_pages, memory.resident_pages), (314_430, 2838));
        for line in ["", "1", "1 x"] {
            assert!(Memory::parse(line).is_none(), "{line:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_runs_now_and_holds_what_it_opened() {
        const OPENED: u8 = 100;
        let metrics = Metrics::default();
        let process = ProcessCollector::new().expect("/proc is there");
        metrics.with(|registry| registry.register_collector(Box::new(process)));
        let value = |name: &str| -> f64 {
            let text = metrics.encode();
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("{name} is missing in {text}")).parse().expect("a number")
        };
        assert!(value("process_resident_memory_bytes") > 1_000_000.0);
        assert!(value("process_virtual_memory_bytes") > value("process_resident_memory_bytes"));
        let (day, now) = (86_400.0, UNIX_EPOCH.elapsed().expect("after 1970").as_secs_f64());
        assert!((now - day..=now + 1.0).contains(&value("process_start_time_seconds")));
        let files: Vec<File> = (0..OPENED).map(|_| File::open("/dev/null").expect("opened")).collect();
        let open = value("process_open_fds");
        assert!(open >= f64::from(OPENED) && open <= value("process_max_fds"), "{open}");
        drop(files);
        let before = value("process_cpu_seconds_total");
        let deadline = Instant::now() + Duration::from_secs(30);
        while value("process_cpu_seconds_total") <= before {
            assert!(Instant::now() < deadline, "reading its own clock takes no time");
        }
    }
}
