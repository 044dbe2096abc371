//! A command that logs through `env_logger`, lines of its input among it: `echo 'password=hunter2' | cargo run --bin cli`.

use std::io::BufRead;

use logveil::Redactor;
use logveil::adapters::log::RedactLog;

fn main() -> std::io::Result<()> {
    let logger = env_logger::Builder::new().filter_level(log::LevelFilter::Info).build();
    log::set_boxed_logger(Box::new(RedactLog::new(&Redactor::builtin(), logger))).expect("there is no other logger");
    log::set_max_level(log::LevelFilter::Info);

    for line in std::io::stdin().lock().lines() {
        log::info!("read: {}", line?);
    }
    Ok(())
}
