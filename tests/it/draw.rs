//! What the tests draw, written down for programs that compare two builds (`tests/differential.py`).

use std::fs;
use std::path::Path;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::{texts, vectors};

/// How many lines of each kind, where `PROPTEST_CASES` says nothing else.
const LINES: u32 = 20_000;

#[test]
#[ignore = "writes files; tests/differential.py calls it"]
fn inputs() {
    let folder = std::env::var("LOGVEIL_DRAW").expect("LOGVEIL_DRAW names the folder to write into");
    let folder = Path::new(&folder);
    let config = texts::cases(LINES);
    let count = config.cases;
    let mut runner = TestRunner::new(config);
    let mut lines = |strategy: &dyn Fn(&mut TestRunner) -> Vec<u8>| -> Vec<u8> {
        (0..count).flat_map(|_| [strategy(&mut runner), b"\n".to_vec()].concat()).collect()
    };
    let write = |name: &str, bytes: Vec<u8>| fs::write(folder.join(name), bytes).unwrap();
    write("vectors.log", vectors::inputs().join(&b'\n'));
    write("splices.log", lines(&|runner| drawn(vectors::splices(), runner)));
    write("texts.log", lines(&|runner| drawn(texts::text(), runner)));
}

fn drawn(strategy: impl Strategy<Value = Vec<u8>>, runner: &mut TestRunner) -> Vec<u8> {
    strategy.new_tree(runner).expect("nothing is filtered").current()
}
