//! `--check-config`: whether options, configuration and the files they name are good; nothing is filtered.

use super::args::Args;
use super::completions::print;
use super::config;
use super::failure::Failure;
use super::known;
use super::setup;

/// Reads all that a run would read before its first input, and says what is in force.
///
/// # Errors
/// The first thing that is wrong.
pub fn run(args: &Args) -> Result<u8, Failure> {
    if !args.files.is_empty() {
        return Err(Failure::usage("--check-config reads no input: leave the files out"));
    }
    let redactor = known::knowing(&args.known, &args.choice, setup::masked(args)?)?;
    let file = config::text(&args.choice)?;
    let name = match &file {
        None => "none".to_owned(),
        Some((path, _)) if args.choice.found.is_some() => format!("{}, found and not named", path.display()),
        Some((path, _)) => path.display().to_string(),
    };
    let (on, all) = (setup::in_force(&redactor), redactor.rules().len());
    let mut said = format!("config    {name}\nrules     {on} of {all} in force\n");
    said += &format!("allowed   {} entries\n", redactor.allowed().len());
    if let Some(values) = redactor.values() {
        said += &format!("known     {} values\n", values.get().len());
    }
    #[cfg(feature = "serve")]
    if file.as_ref().is_some_and(|(_, text)| config::has_sidecar(text)) {
        let (listen, upstream) = super::serve::sidecar(args)?;
        said += &format!("sidecar   {listen} listening, {upstream} upstream\n");
    }
    print(said.as_bytes())
}
