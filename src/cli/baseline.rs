//! Findings that are known: the list of an earlier `--check --format json`, made under the same key.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::failure::Failure;
use super::listing::{Listed, UNJUDGED};

/// How often each finding is known: by file, rule and fingerprint, so that lines may move.
#[derive(Default)]
pub struct Baseline(HashMap<[String; 3], u64>);

impl Baseline {
    /// Reads a list. `key` is the id of the key that fingerprints of this run are made with.
    ///
    /// # Errors
    /// What cannot be read, is no such list, or was made under another key.
    pub fn read(path: &Path, key: Option<&str>) -> Result<Baseline, Failure> {
        let wrong = |why: String| Failure::usage(format!("--baseline {}: {why}", path.display()));
        let Some(key) = key else {
            return Err(wrong(
                "fingerprints are the same in every run only under a key of your own: give --hash-key-file or \
                              LOGVEIL_HASH_KEY"
                    .into(),
            ));
        };
        let text = fs::read(path).map_err(|e| wrong(e.to_string()))?;
        // An error of the parser could show what it read.
        let list: Value = serde_json::from_slice(&text)
            .map_err(|e| wrong(format!("line {}: it is no list of --check --format json", e.line())))?;
        if list["version"] != 1 {
            return Err(wrong("it is no list of --check --format json of this version".into()));
        }
        if list["key"] != key {
            return Err(wrong("it was made under another key, or under none; make it again with this one".into()));
        }
        let mut known = Baseline::default();
        for finding in list["findings"].as_array().into_iter().flatten() {
            let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
            *known.0.entry([text("file"), text("rule"), text("fingerprint")]).or_default() += 1;
        }
        Ok(known)
    }

    /// Whether it is known, and not yet as often as it is known. What was not judged never is.
    pub fn takes(&mut self, finding: &Listed<'_>) -> bool {
        let id = finding.rule.map_or(UNJUDGED, |rule| &rule.id);
        let at = [finding.file.to_owned(), id.to_owned(), finding.fingerprint.to_owned()];
        match self.0.get_mut(&at) {
            Some(left) if *left > 0 && finding.rule.is_some() => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }
}
