//! Core files of ours would hold input.

use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How large one could be when we began.
static BEFORE: OnceLock<Rlimit> = OnceLock::new();

/// From now on there is none. What cannot be set stays as it is.
pub fn deny() {
    let before = BEFORE.get_or_init(|| getrlimit(Resource::Core));
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: before.maximum });
}

/// As before, for a program that is started now.
pub fn allow() {
    if let Some(before) = BEFORE.get() {
        let _ = setrlimit(Resource::Core, *before);
    }
}
