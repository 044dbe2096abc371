//! What the system knows of this process, by the names that Prometheus' own clients use.

use std::fmt;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;
use rustix::fs::Dir;
use rustix::process::{Resource, getrlimit};

/// Fields of `/proc/self/stat` behind the program's name, which may hold anything (proc(5) counts from 1 and
/// with the first two).
const USER: usize = 11;
const SYSTEM: usize = 12;
const THREADS: usize = 17;
const VIRTUAL: usize = 20;
const RESIDENT: usize = 21;

/// Asks for it; opened before files are shut away.
pub struct Process {
    stat: Option<File>,
    descriptors: Mutex<Option<Dir>>,
    since: f64,
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Process")
    }
}

impl Process {
    /// At its beginning.
    pub fn start() -> Process {
        let descriptors = File::open("/proc/self/fd").ok().and_then(|folder| Dir::new(folder).ok());
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        Process { stat: File::open("/proc/self/stat").ok(), descriptors: Mutex::new(descriptors), since }
    }

    fn stat(&self) -> Option<Vec<u64>> {
        let mut bytes = [0; 1024];
        let n = self.stat.as_ref()?.read_at(&mut bytes, 0).ok()?;
        let text = std::str::from_utf8(&bytes[..n]).ok()?;
        let (_, fields) = text.rsplit_once(") ")?;
        Some(fields.split(' ').map(|field| field.trim().parse().unwrap_or(0)).collect())
    }

    /// Descriptors that are open, besides the one that looks.
    fn descriptors(&self) -> Option<u64> {
        let mut folder = self.descriptors.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = folder.as_mut()?;
        folder.rewind();
        let named = folder.filter_map(Result::ok).filter(|entry| entry.file_name().to_bytes()[0] != b'.');
        Some((named.count() as u64).saturating_sub(1))
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut gauge = |name: &str, help: &str, unit: Option<&Unit>, value: f64| {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, unit, gauge.metric_type())?)
        };
        gauge("process_start_time", "When it was started, since 1970", Some(&Unit::Seconds), self.since)?;
        if let Some(open) = self.descriptors() {
            gauge("process_open_fds", "Open file descriptors", None, open as f64)?;
        }
        if let Some(most) = getrlimit(Resource::Nofile).current {
            gauge("process_max_fds", "The most file descriptors that may be open", None, most as f64)?;
        }
        let Some(stat) = self.stat() else { return Ok(()) };
        let of = |field: usize| stat.get(field).copied().unwrap_or(0) as f64;
        let (page, ticks) = (rustix::param::page_size() as f64, rustix::param::clock_ticks_per_second() as f64);
        gauge("process_threads", "Threads of the system", None, of(THREADS))?;
        gauge("process_virtual_memory", "Addresses that are mapped", Some(&Unit::Bytes), of(VIRTUAL))?;
        gauge("process_resident_memory", "Memory that is in use", Some(&Unit::Bytes), of(RESIDENT) * page)?;
        let cpu = ConstCounter::new((of(USER) + of(SYSTEM)) / ticks);
        let help = "Time that processors spent on it";
        cpu.encode(encoder.encode_descriptor("process_cpu", help, Some(&Unit::Seconds), cpu.metric_type())?)
    }
}
