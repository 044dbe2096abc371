//! Real logs: `LOGVEIL_CORPORA` names a folder with `logs/*.log` and `logs/logs.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::PathBuf;

use logveil::Redactor;
use serde_json::Value;

use crate::kit::streamed;

/// Credentials that the index does not list, by file and rule, and how many lines hold one: session
/// ids, a viewer's `auth` hash, cookies and an API key.
const CREDENTIALS: [(&str, &str, usize); 4] = [
    ("crowdsec-hub.log", "credential", 11),
    ("crowdsec-hub.log", "session-id", 8),
    ("datadog-integrations-extras.log", "api-key", 1),
    ("datadog-integrations-extras.log", "cookie", 4),
];

/// Shows file and line, never content: these lines are not ours.
#[test]
fn lines_without_a_true_secret_come_out_byte_for_byte() {
    let Some(folder) = env::var_os("LOGVEIL_CORPORA").map(PathBuf::from) else {
        eprintln!("skipped: LOGVEIL_CORPORA names no folder");
        return;
    };
    let logs = folder.join("logs");
    let index: Value = serde_json::from_slice(&fs::read(logs.join("logs.json")).unwrap()).unwrap();
    let r = Redactor::builtin();
    let mut touched: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut failures = Vec::new();
    let mut files = 0;
    for entry in index.as_array().unwrap() {
        let name = entry["file"].as_str().unwrap();
        let known = entry["sensitive"].as_array().unwrap();
        let lines_known: BTreeSet<u64> =
            known.iter().flat_map(|s| s["lines"].as_array().unwrap()).filter_map(Value::as_u64).collect();
        let bytes = fs::read(logs.join(name)).unwrap();
        let whole = r.redact(&bytes);
        assert_eq!(streamed(&r, bytes.chunks(64 << 10)), *whole, "{name}: streamed or whole");
        let (before, after) = (bytes.split(|b| *b == b'\n'), whole.split(|b| *b == b'\n'));
        assert_eq!(before.clone().count(), after.clone().count(), "{name}: lines");
        files += 1;
        for (n, (was, is)) in before.zip(after).enumerate() {
            if was != is && !lines_known.contains(&(n as u64 + 1)) {
                let rules: BTreeSet<_> = r.findings(was).iter().map(|f| r.rule(f.rule).id.clone()).collect();
                let rules = rules.into_iter().collect::<Vec<_>>().join(" ");
                failures.push(format!("{name}:{} by {rules}", n + 1));
                *touched.entry((name.to_owned(), rules)).or_default() += 1;
            }
        }
    }
    assert!(files > 0, "no logs in that folder");
    let known = CREDENTIALS.iter().map(|(file, rule, lines)| (((*file).to_owned(), (*rule).to_owned()), *lines));
    if touched != known.collect() {
        failures.push(format!("{touched:?}"));
        crate::kit::report("lines touched", &failures);
    }
}
