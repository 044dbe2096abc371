//! Which children ended: the program, and whoever was left to us.

use std::io;

use rustix::process::{Pid, WaitOptions, WaitStatus, getpid, wait};

/// Children of our children come to us when their parents end, as they come to process 1.
///
/// # Errors
/// Where the system has no such thing.
pub fn take_in_orphans() -> io::Result<()> {
    if getpid() == Pid::INIT {
        return Ok(());
    }
    #[cfg(target_os = "linux")]
    return Ok(rustix::process::set_child_subreaper(Some(getpid()))?);
    #[cfg(not(target_os = "linux"))]
    return Err(io::ErrorKind::Unsupported.into());
}

/// Takes all that ended, and says who; nobody waits for them elsewhere.
pub fn each(mut ended: impl FnMut(Pid, WaitStatus)) {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) => ended(pid, status),
            Err(rustix::io::Errno::INTR) => {}
            Ok(None) | Err(_) => return,
        }
    }
}
