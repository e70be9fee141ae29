use schemars::JsonSchema;
use serde::Serialize;

/// What a file is, by what is in it. Other types are not taken: nothing that a browser would run,
/// nothing that hides what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileType {
    /// Portable Document Format.
    Pdf,
    /// An image.
    Png,
    /// An image.
    Jpeg,
    /// An image.
    Webp,
    /// A text document.
    Docx,
    /// A table.
    Xlsx,
    /// A presentation.
    Pptx,
    /// Plain text.
    Txt,
    /// Plain text with values and commas.
    Csv,
}

/// The most entries of an office document, and the most bytes that they say they unpack to.
const ENTRIES: usize = 2_000;
const UNPACKED: u64 = 200 * 1024 * 1024;

impl FileType {
    /// Every type that is taken.
    pub const ALL: [Self; 9] = [
        Self::Pdf,
        Self::Png,
        Self::Jpeg,
        Self::Webp,
        Self::Docx,
        Self::Xlsx,
        Self::Pptx,
        Self::Txt,
        Self::Csv,
    ];

    /// What these bytes are; nothing if they are of no type that is taken. The name only tells text
    /// from a table in text.
    pub fn of(bytes: &[u8], name: &str) -> Option<Self> {
        if bytes.starts_with(b"%PDF-") {
            return Some(Self::Pdf);
        }
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Some(Self::Png);
        }
        if bytes.starts_with(b"\xff\xd8\xff") {
            return Some(Self::Jpeg);
        }
        if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            return Some(Self::Webp);
        }
        if bytes.starts_with(b"PK\x03\x04") {
            return office(&entries(bytes)?);
        }
        let table = name.to_ascii_lowercase().ends_with(".csv");
        is_text(bytes).then_some(if table { Self::Csv } else { Self::Txt })
    }

    /// How names of such files end, and the name in storage.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Pptx => "pptx",
            Self::Txt => "txt",
            Self::Csv => "csv",
        }
    }

    /// The type of this ending.
    pub fn named(ending: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.ending() == ending)
    }

    /// The media type it is sent as.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pptx => {
                "application/vnd.openxmlformats-officedocument.presentationml.presentation"
            }
            Self::Txt => "text/plain",
            Self::Csv => "text/csv",
        }
    }
}

/// Whether it is text that no browser would take for a page: Chinese office programs write GB 18030
/// as well as UTF-8, so it is enough that there are no control characters.
fn is_text(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let control = |it: &u8| (*it < b' ' && !b"\t\n\r\x0c".contains(it)) || *it == 0x7f;
    if bytes.is_empty() || bytes.iter().any(control) {
        return false;
    }
    let text = bytes.trim_ascii_start();
    !text.starts_with(b"<") && !text.starts_with(b"#!") && !text.starts_with(b"%!")
}

/// Which office document these entries make. One with macros is none.
fn office(entries: &[Entry<'_>]) -> Option<FileType> {
    let has = |name: &[u8]| entries.iter().any(|it| it.name == name);
    let ends = |it: &Entry<'_>, with: &[u8]| it.name.to_ascii_lowercase().ends_with(with);
    let macros = entries.iter().any(|it| ends(it, b"vbaproject.bin") || ends(it, b".exe"));
    if macros || !has(b"[Content_Types].xml") {
        return None;
    }
    let parts: [(&[u8], FileType); 3] = [
        (b"word/document.xml", FileType::Docx),
        (b"xl/workbook.xml", FileType::Xlsx),
        (b"ppt/presentation.xml", FileType::Pptx),
    ];
    let mut found = parts.into_iter().filter(|(part, _)| has(part)).map(|(_, it)| it);
    found.next().filter(|_| found.next().is_none())
}

/// An entry of a ZIP archive.
#[derive(Clone, Copy, Debug)]
struct Entry<'a> {
    name: &'a [u8],
}

/// The entries of a ZIP archive, by the directory at its end. Nothing if that is not whole, if an
/// entry is encrypted, a link or named by a path that leads elsewhere, or if there are too many.
fn entries(bytes: &[u8]) -> Option<Vec<Entry<'_>>> {
    const END: usize = 22;
    let last = bytes.len().checked_sub(END)?;
    let first = last.saturating_sub(usize::from(u16::MAX));
    let end = (first..=last).rev().find(|at| {
        let comment = short(bytes, at + 20).map(usize::from);
        bytes.get(*at..*at + 4) == Some(b"PK\x05\x06") && comment == Some(last - at)
    })?;
    let count = usize::from(short(bytes, end + 10)?);
    let mut at = usize::try_from(long(bytes, end + 16)?).ok()?;
    if count > ENTRIES {
        return None;
    }
    let (mut entries, mut unpacked) = (Vec::with_capacity(count), 0_u64);
    for _ in 0..count {
        let is_entry = bytes.get(at..at + 4) == Some(b"PK\x01\x02");
        let encrypted = short(bytes, at + 8)? & 1 == 1;
        let is_link = long(bytes, at + 38)? >> 28 == 0xa;
        let length = usize::from(short(bytes, at + 28)?);
        let name = bytes.get(at + 46..at + 46 + length)?;
        unpacked += u64::from(long(bytes, at + 24)?);
        if !is_entry || encrypted || is_link || leads_elsewhere(name) || unpacked > UNPACKED {
            return None;
        }
        entries.push(Entry { name });
        let extra = usize::from(short(bytes, at + 30)?) + usize::from(short(bytes, at + 32)?);
        at += 46 + length + extra;
    }
    Some(entries)
}

fn leads_elsewhere(name: &[u8]) -> bool {
    let up = name.split(|it| *it == b'/').any(|it| it == b"..");
    up || name.starts_with(b"/") || name.contains(&b'\\') || name.contains(&b':')
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes)
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}
