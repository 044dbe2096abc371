//! The command: parse, choose a driver, map errors to exit codes.

use std::process::ExitCode;

use logveil::cli::args::{Args, Command};
use logveil::cli::failure::{self, Failure};
#[cfg(feature = "serve")]
use logveil::cli::serve;
use logveil::cli::{check, check_config, completions, config, exec, explain, filter, judge, man, rules};

fn main() -> ExitCode {
    ExitCode::from(failure::guarded(|| {
        let result = config::parse(std::env::args_os()).and_then(|args| run(&args));
        let failed = result.is_err() && exec::is_asked(std::env::args_os());
        if failed { exec::end(result) } else { failure::end(result) }
    }))
}

fn run(args: &Args) -> Result<u8, Failure> {
    judge::other_table()?;
    match &args.command {
        None if args.filter.check_config => check_config::run(args),
        None if args.filter.check == Some(true) => check::run(args),
        None => filter::run(args),
        Some(Command::Explain { file }) => explain::run(args, file.as_deref()),
        Some(Command::Exec(given)) => exec::run(args, given),
        Some(Command::Judge { what }) => judge::run(what),
        Some(Command::Rules { what }) => rules::run(args, what),
        #[cfg(feature = "serve")]
        Some(Command::Serve(given)) => serve::run(args, given),
        Some(Command::Completions { shell }) => completions::run(*shell),
        Some(Command::Man) => man::run(),
    }
}
