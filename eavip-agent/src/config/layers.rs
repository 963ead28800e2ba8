//! Layered configuration: a file, the files of its `.d` directory in the order of their names, the environment, and
//! flags; later ones win. Server and agent read theirs with this.
//!
//! `EAVIP__SECTION__KEY=value` stands for `section.key = value`: the value is taken as TOML where it is TOML and as a
//! text otherwise, so that neither numbers nor addresses need quotes.

use std::ffi::OsStr;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use eavip_core::document::{Document, Merge, Problem, Source};

use crate::secret::NOT_A_REFERENCE;

/// What the environment variables of a configuration begin with.
pub const PREFIX: &str = "EAVIP__";
/// A file or a directory of the configuration that can't be read.
pub const UNREADABLE: &str = "EAVIP-C01";
/// Largest file in bytes: far beyond any real one.
const MAX_FILE: u64 = 1024 * 1024;
/// Most files in the `.d` directory.
const MAX_FILES: usize = 500;

/// The sources of a configuration, with the problems met when reading them.
#[derive(Debug, Default)]
pub struct Layers {
    files: Vec<Source>,
    environment: Vec<Source>,
    flags: Vec<Source>,
    problems: Vec<Problem>,
}

impl Layers {
    /// The layers of this process: the file that was named, or `default` where it exists, under its environment.
    #[must_use]
    pub fn of_process(named: Option<&Path>, default: &str) -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::read(named.unwrap_or(Path::new(default)), named.is_some()).environment(variables)
    }

    /// Reads `file` and the `*.toml` of the directory beside it that has `.d` for `.toml`. A file that isn't there is
    /// a problem only when it is `required`, because somebody named it.
    #[must_use]
    pub fn read(file: &Path, required: bool) -> Self {
        let mut layers = Self::default();
        if required || file.exists() {
            layers.add(file);
        }
        let directory = file.with_extension("d");
        let entries = match std::fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return layers,
            Err(error) => {
                layers.unreadable(&directory, &error);
                return layers;
            }
        };
        let mut names: Vec<PathBuf> = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension() == Some(OsStr::new("toml")))
            .collect();
        names.sort_unstable();
        if names.len() > MAX_FILES {
            layers.unreadable(&directory, &format!("more than {MAX_FILES} files"));
        }
        for path in names.iter().take(MAX_FILES) {
            layers.add(path);
        }
        layers
    }

    /// Adds the environment; variables without [`PREFIX`] are none of ours.
    #[must_use]
    pub fn environment(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = variables.into_iter().filter_map(|(name, value)| {
            let path: Vec<String> = name.strip_prefix(PREFIX)?.split("__").map(str::to_lowercase).collect();
            Some(assignment(&name, &path, &value))
        });
        self.environment = ours.collect();
        self.environment.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        self
    }

    /// Adds a flag that was given, such as `("--interval", "interval", "5s")`.
    #[must_use]
    pub fn flag(mut self, name: &str, path: &str, value: &str) -> Self {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        self.flags.push(assignment(name, &path, value));
        self
    }

    /// The files alone, for a reader that merges them by rules of its own.
    ///
    /// # Errors
    /// Every file that can't be read.
    pub fn sources(self) -> Result<Vec<Source>, Vec<Problem>> {
        if self.problems.is_empty() { Ok(self.files) } else { Err(self.problems) }
    }

    /// The merged tree, for readers and for `config show --origin`.
    #[must_use]
    pub fn document(&self) -> Document {
        let layers = [
            (self.files.as_slice(), Merge::Extend),
            (self.environment.as_slice(), Merge::Override),
            (self.flags.as_slice(), Merge::Override),
        ];
        Document::parse(&layers)
    }

    /// Reads the tree into `T`.
    ///
    /// # Errors
    /// Every problem of every source at once.
    pub fn load<T>(&self, read: impl FnOnce(&Document) -> Option<T>) -> Result<T, Vec<Problem>> {
        let document = self.document();
        let found = read(&document);
        let mut problems = self.problems.clone();
        problems.extend(document.into_problems());
        for problem in problems.iter_mut().filter(|problem| sensitive(problem)) {
            problem.line.clear();
        }
        match found {
            Some(found) if problems.is_empty() => Ok(found),
            _ => Err(problems),
        }
    }

    fn add(&mut self, path: &Path) {
        let read = || {
            let mut text = String::new();
            std::fs::File::open(path)?.take(MAX_FILE + 1).read_to_string(&mut text)?;
            Ok::<String, std::io::Error>(text)
        };
        match read() {
            Ok(text) if text.len() as u64 > MAX_FILE => self.unreadable(path, &"larger than 1 MiB"),
            Ok(text) => self.files.push(Source::new(path.display().to_string(), text)),
            Err(error) => self.unreadable(path, &error),
        }
    }

    fn unreadable(&mut self, path: &Path, why: &dyn std::fmt::Display) {
        self.problems.push(Problem {
            code: UNREADABLE,
            source: path.display().to_string(),
            position: None,
            line: String::new(),
            message: format!("can't be read: {why}"),
            remedy: "check the path and its permissions".to_owned(),
        });
    }
}

/// One value as TOML text under a name of its own.
fn assignment(name: &str, path: &[String], value: &str) -> Source {
    let key = path.iter().map(|part| quoted(part)).collect::<Vec<_>>().join(".");
    let plain = [Source::new(name, format!("{key} = {value}"))];
    let is_toml = Document::parse(&[(&plain, Merge::Override)]).into_problems().is_empty();
    let [plain] = plain;
    // One variable gives one value: a line break would begin another.
    if is_toml && !value.contains('\n') {
        plain
    } else {
        Source::new(name, format!("{key} = {}", quoted(value)))
    }
}

/// As a basic string of TOML, whose escapes are those of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Whether the line shown with a problem may hold a secret that somebody wrote in plain text; a misspelt key shows in
/// the remedy.
fn sensitive(problem: &Problem) -> bool {
    let line = format!("{} {}", problem.line, problem.remedy).to_lowercase();
    problem.code == NOT_A_REFERENCE
        || ["pass", "secret", "token", "authorization"].iter().any(|word| line.contains(word))
}

#[cfg(test)]
mod tests;
