//! Folders among the inputs: the files below them, in order, those left out that the folder's own rules ignore.

use std::fmt::Display;
use std::path::PathBuf;

use ignore::WalkBuilder;

use super::files::Input;

/// The inputs that names lead to.
pub struct Walk {
    /// Every one, folders replaced by the files below them.
    pub inputs: Vec<Input>,
    /// What of a folder could not be looked at: its name and why.
    pub failed: Vec<(String, String)>,
    /// Whether there was a folder.
    pub walked: bool,
}

/// The inputs that were named; `-` is standard input, and so is naming none. Below a folder these are all plain files,
/// hidden ones too, but for what `.gitignore`, `.ignore` and git's own lists name, and for git's folder. Links are not
/// followed.
pub fn inputs(names: &[PathBuf]) -> Walk {
    let mut walk = Walk { inputs: Vec::new(), failed: Vec::new(), walked: false };
    for input in Input::all(names) {
        match &input {
            Input::Path(path) if path.is_dir() => {
                walk.walked = true;
                walk.below(path);
            }
            _ => walk.inputs.push(input),
        }
    }
    walk
}

impl Walk {
    fn below(&mut self, folder: &PathBuf) {
        let mut builder = WalkBuilder::new(folder);
        builder.hidden(false).require_git(false).follow_links(false).sort_by_file_name(|a, b| a.cmp(b));
        builder.filter_entry(|entry| entry.file_name() != ".git");
        for entry in builder.build() {
            match entry {
                Ok(entry) => {
                    if let Some(e) = entry.error() {
                        self.fail(entry.path().display(), e);
                    }
                    if entry.file_type().is_some_and(|kind| kind.is_file()) {
                        self.inputs.push(Input::Path(entry.into_path()));
                    }
                }
                Err(e) => self.fail(folder.display(), e),
            }
        }
    }

    fn fail(&mut self, name: impl Display, why: impl Display) {
        self.failed.push((name.to_string(), why.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::inputs;

    #[test]
    fn below_a_folder_in_order_without_what_is_ignored() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("logs");
        let files = ["b.log", "a/z.log", "a/.env", "skip.tmp", "a/deep/skip.tmp", ".git/config", "old/x.log", "c"];
        for name in files {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), "x").unwrap();
        }
        fs::write(root.join(".gitignore"), "*.tmp\n/old/\n").unwrap();
        std::os::unix::fs::symlink("b.log", root.join("link")).unwrap();
        let walk = inputs(&[root.join("c"), root.clone()]);
        let names: Vec<String> =
            walk.inputs.iter().map(|i| i.name().trim_start_matches(root.to_str().unwrap()).to_owned()).collect();
        assert_eq!(names, ["/c", "/.gitignore", "/a/.env", "/a/z.log", "/b.log", "/c"]);
        assert!(walk.walked && walk.failed.is_empty());
        assert!(!inputs(&[root.join("skip.tmp")]).walked, "what is named is read, ignored or not");
    }
}
