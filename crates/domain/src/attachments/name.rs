use std::fmt;

use super::FileType;
use crate::text;

/// What a file is called: a name without a path, that any system can store, and that ends as files of
/// its type do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileName(String);

/// The most characters before the ending.
const LONGEST: usize = 100;

impl FileName {
    /// Cleans what a client calls the file. A name that says nothing is 附件.
    pub fn new(raw: &str, file_type: FileType) -> Self {
        let last = raw.rsplit(['/', '\\']).next().unwrap_or_default();
        let cleaned = text::clean(last).replace('\n', " ");
        let kept: String = cleaned.chars().filter(|it| !is_awkward(*it)).collect();
        let kept = kept.split_whitespace().collect::<Vec<_>>().join(" ");
        let stem = kept.rsplit_once('.').map_or(kept.as_str(), |(stem, _)| stem);
        let stem: String = stem.chars().take(LONGEST).collect();
        let stem = stem.trim_matches(|it: char| it == '.' || it == ' ' || it == '-');
        let stem = if stem.is_empty() { "附件" } else { stem };
        Self(format!("{stem}.{}", file_type.ending()))
    }

    /// A name read from storage, where only cleaned ones are.
    pub const fn restore(name: String) -> Self {
        Self(name)
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Characters that some system gives a meaning, or that would end a header.
fn is_awkward(it: char) -> bool {
    it.is_control()
        || matches!(it, '<' | '>' | ':' | '"' | '|' | '?' | '*' | '%' | ';' | '\'' | '`')
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
