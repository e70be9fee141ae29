use proptest::prelude::*;

use super::*;

/// A ZIP archive with empty entries of these names, as far as its directory tells.
fn archive(names: &[&str], flags: u16, mode: u32) -> Vec<u8> {
    let mut bytes = b"PK\x03\x04".to_vec();
    let start = u32::try_from(bytes.len()).unwrap();
    for name in names {
        let mut entry = vec![0_u8; 46];
        entry[..4].copy_from_slice(b"PK\x01\x02");
        entry[8..10].copy_from_slice(&flags.to_le_bytes());
        entry[28..30].copy_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        entry[38..42].copy_from_slice(&(mode << 16).to_le_bytes());
        bytes.extend(entry);
        bytes.extend(name.as_bytes());
    }
    let mut end = vec![0_u8; 22];
    end[..4].copy_from_slice(b"PK\x05\x06");
    end[10..12].copy_from_slice(&u16::try_from(names.len()).unwrap().to_le_bytes());
    end[16..20].copy_from_slice(&start.to_le_bytes());
    bytes.extend(end);
    bytes
}

const TYPES: &str = "[Content_Types].xml";

#[test]
fn a_file_is_what_its_bytes_say() {
    let docx = archive(&[TYPES, "word/document.xml"], 0, 0o100_644);
    let xlsx = archive(&[TYPES, "xl/workbook.xml"], 0, 0);
    let pptx = archive(&[TYPES, "ppt/presentation.xml"], 0, 0);
    let cases: [(&[u8], &str, FileType); 9] = [
        (b"%PDF-1.7\n", "x.png", FileType::Pdf),
        (b"\x89PNG\r\n\x1a\n....", "x.pdf", FileType::Png),
        (b"\xff\xd8\xff\xe0", "x", FileType::Jpeg),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "x", FileType::Webp),
        (&docx, "x.xlsx", FileType::Docx),
        (&xlsx, "", FileType::Xlsx),
        (&pptx, "", FileType::Pptx),
        ("气孔率,2%\n".as_bytes(), "表.CSV", FileType::Csv),
        (b"\xc6\xf8\xbf\xd7\xc2\xca", "gb18030.txt", FileType::Txt),
    ];
    for (bytes, name, file_type) in cases {
        assert_eq!(FileType::of(bytes, name), Some(file_type), "{name}");
        assert_eq!(FileType::named(file_type.ending()), Some(file_type));
    }
}

#[test]
fn what_runs_or_hides_something_is_not_taken() {
    let both = archive(&[TYPES, "word/document.xml", "xl/workbook.xml"], 0, 0);
    let cases: [(&str, Vec<u8>); 20] = [
        ("nothing", Vec::new()),
        ("a page", b"<!DOCTYPE html><script>alert(1)</script>".to_vec()),
        ("a page after spaces", b"\xef\xbb\xbf \n <html>".to_vec()),
        ("an image that is a page", b"<svg onload=alert(1)>".to_vec()),
        ("XML", b"<?xml version='1.0'?><!DOCTYPE x>".to_vec()),
        ("a script", b"#!/bin/sh\nrm -rf /\n".to_vec()),
        ("PostScript", b"%!PS-Adobe".to_vec()),
        ("a program of Windows", b"MZ\x90\0\x03\0\0\0".to_vec()),
        ("a program of Linux", b"\x7fELF\x02\x01\x01\0".to_vec()),
        ("an old office document", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0".to_vec()),
        ("a GIF", b"GIF89a\x01\0\x01\0".to_vec()),
        ("an archive", archive(&["a.txt"], 0, 0)),
        ("an archive without an end", b"PK\x03\x04".repeat(30)),
        ("gzip", b"\x1f\x8b\x08\0".to_vec()),
        ("macros", archive(&[TYPES, "word/document.xml", "word/vbaProject.bin"], 0, 0)),
        ("encrypted", archive(&[TYPES, "word/document.xml"], 1, 0)),
        ("a link", archive(&[TYPES, "word/document.xml"], 0, 0o120_777)),
        ("a way out", archive(&[TYPES, "word/document.xml", "../../etc/cron.d/x"], 0, 0)),
        ("a way from the root", archive(&[TYPES, "word/document.xml", "/etc/x"], 0, 0)),
        ("two things at once", both),
    ];
    for (what, bytes) in cases {
        assert_eq!(FileType::of(&bytes, "x.txt"), None, "{what}");
    }
}

#[test]
fn a_name_has_no_path_and_the_ending_of_its_type() {
    for (raw, cleaned) in [
        ("检测报告.pdf", "检测报告.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\li\\报告.docx", "报告.pdf"),
        ("报告.pdf.html", "报告.pdf.pdf"),
        ("a\r\nSet-Cookie: x=1.pdf", "a Set-Cookie x=1.pdf"),
        ("x\"; filename=\"evil.exe", "x filename=evil.pdf"),
        ("\u{202e}fdp.exe", "fdp.pdf"),
        ("...", "附件.pdf"),
        ("", "附件.pdf"),
        (".htaccess", "附件.pdf"),
        ("报告％２ｅ％２ｅ.pdf", "报告％2e％2e.pdf"),
    ] {
        assert_eq!(FileName::new(raw, FileType::Pdf).as_str(), cleaned, "{raw}");
    }
    let long = FileName::new(&"长".repeat(500), FileType::Txt);
    assert_eq!(long.as_str().chars().count(), 104);
}

#[test]
fn what_came_after_the_review_was_not_reviewed() {
    let at = |it: &str| it.parse().unwrap();
    let attachment = Attachment {
        id: AttachmentId::generate(),
        subject: Subject::Registration(Proof::Licence),
        organisation: OrganisationId::generate(),
        sender: PersonId::generate(),
        readers: Readers::Everyone,
        name: FileName::new("x", FileType::Pdf),
        file_type: FileType::Pdf,
        size: 1,
        digest: String::new(),
        stored: Uuid::now_v7(),
        sent_at: at("2026-01-02T00:00:00Z"),
    };
    assert!(!attachment.was_reviewed(None));
    assert!(!attachment.was_reviewed(Some(at("2026-01-01T00:00:00Z"))));
    assert!(attachment.was_reviewed(Some(at("2026-01-03T00:00:00Z"))));
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_stop(bytes in prop::collection::vec(any::<u8>(), 0..400), zip: bool) {
        let mut bytes = bytes;
        if zip {
            bytes.splice(0..0, *b"PK\x03\x04");
            let mut end = b"PK\x05\x06".to_vec();
            end.extend(bytes.iter().copied().chain([0; 16]).skip(4).take(16));
            end.extend([0, 0]);
            bytes.extend(end);
        }
        let _ = FileType::of(&bytes, "");
    }

    #[test]
    fn no_name_leads_anywhere(raw in ".*") {
        let name = FileName::new(&raw, FileType::Pdf);
        prop_assert!(!name.as_str().contains(['/', '\\', '"', '\r', '\n', '\0']));
        prop_assert_eq!(name.as_str().rsplit('.').next(), Some("pdf"));
        prop_assert!(!name.as_str().starts_with('.'));
    }
}
