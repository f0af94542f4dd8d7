use super::{Size, u16_at, u32_at};

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;
const APP15: u8 = 0xef;
const COMMENT: u8 = 0xfe;
/// The tag of EXIF that says which way is up.
const ORIENTATION: u16 = 0x0112;

/// Copies the file segment by segment, up to its end marker.
pub(super) fn strip(bytes: &[u8], size: &mut Size) -> Option<Vec<u8>> {
    let mut out = vec![0xff, START];
    let mut at = 2;
    let mut oriented = false;
    loop {
        if *bytes.get(at)? != 0xff {
            return None;
        }
        // Any number of fill bytes may stand before a marker.
        while *bytes.get(at + 1)? == 0xff {
            at += 1;
        }
        let marker = *bytes.get(at + 1)?;
        if marker == END {
            out.extend_from_slice(&[0xff, END]);
            return Some(out);
        }
        let length = usize::from(u16_at(bytes, at + 2)?);
        let segment = bytes.get(at..(at + 2).checked_add(length)?)?;
        let content = segment.get(4..)?;
        at += segment.len();
        match marker {
            // Frames; C4, C8 and CC are tables and reserved.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                size.grow(u16_at(content, 3)?.into(), u16_at(content, 1)?.into());
                out.extend_from_slice(segment);
            }
            APP1 if content.starts_with(b"Exif\0\0") => {
                // Pictures of phones lie on their side without it.
                if let Some(way) = orientation(content.get(6..)?).filter(|way| (2..=8).contains(way))
                    && !oriented
                {
                    oriented = true;
                    out.extend_from_slice(&exif_of(way));
                }
            }
            APP0 | APP14 => out.extend_from_slice(segment),
            APP2 if content.starts_with(b"ICC_PROFILE\0") => out.extend_from_slice(segment),
            APP0..=APP15 | COMMENT => {}
            SCAN => {
                let from = at;
                at += end_of_scan(bytes.get(at..)?)?;
                out.extend_from_slice(segment);
                out.extend_from_slice(bytes.get(from..at)?);
            }
            _ => out.extend_from_slice(segment),
        }
    }
}

/// Where the next marker stands that is none of a scan's own.
fn end_of_scan(bytes: &[u8]) -> Option<usize> {
    let marker = |pair: &[u8]| matches!(pair, [0xff, second] if !matches!(second, 0 | 0xd0..=0xd7 | 0xff));
    bytes.windows(2).position(marker)
}

/// The orientation of a TIFF structure, which is what EXIF is.
fn orientation(tiff: &[u8]) -> Option<u16> {
    let little = match tiff.get(..4)? {
        b"II\x2a\0" => true,
        b"MM\0\x2a" => false,
        _ => return None,
    };
    let short = |at: usize| u16_at(tiff, at).map(|value| if little { value.swap_bytes() } else { value });
    let long = |at: usize| u32_at(tiff, at).map(|value| if little { value.swap_bytes() } else { value });
    let table = usize::try_from(long(4)?).ok()?;
    let entries = usize::from(short(table)?);
    (0..entries).find_map(|entry| {
        let at = table.checked_add(2 + entry * 12)?;
        (short(at)? == ORIENTATION).then(|| short(at + 8))?
    })
}

/// A segment that says which way is up and nothing else.
fn exif_of(way: u16) -> Vec<u8> {
    let mut segment = vec![0xff, APP1, 0, 34];
    segment.extend_from_slice(b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01");
    segment.extend_from_slice(&way.to_be_bytes());
    segment.extend_from_slice(&[0, 0, 0, 0, 0, 0]);
    segment
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::{Format, read};
    use super::*;

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker], &length[..], content].concat()
    }

    fn exif(way: u8, little: bool) -> Vec<u8> {
        let tiff: Vec<u8> = if little {
            [&b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"[..], &[way, 0, 0, 0, 0, 0, 0, 0]].concat()
        } else {
            [&b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01"[..], &[0, way, 0, 0, 0, 0, 0, 0]].concat()
        };
        segment(APP1, &[&b"Exif\0\0"[..], &tiff, b"GPS 52.5 13.4"].concat())
    }

    fn file(extra: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![0xff, START];
        bytes.extend(segment(APP0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"));
        bytes.extend(extra.concat());
        bytes.extend(segment(0xc0, &[8, 0x01, 0x40, 0x02, 0x80, 1, 1, 0x11, 0]));
        bytes.extend(segment(SCAN, &[1, 1, 0, 0, 63, 0]));
        bytes.extend([0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56]);
        bytes.extend([0xff, END]);
        bytes
    }

    #[test]
    fn private_segments_go_and_the_picture_stays() {
        let icc = segment(APP2, b"ICC_PROFILE\0\x01\x01data");
        let private = [
            segment(APP1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>home</x:xmpmeta>"),
            segment(0xed, b"Photoshop 3.0\0by Ann"),
            segment(COMMENT, b"taken at home"),
            segment(APP2, b"MPF\0preview"),
            icc.clone(),
        ];
        let mut bytes = file(&private);
        bytes.extend(b"a hidden video with GPS");
        let picture = read(&bytes).unwrap();
        assert_eq!((picture.format, picture.width, picture.height), (Format::Jpeg, 640, 320));
        assert_eq!(picture.stripped, file(&[icc]));
        // Once is enough.
        assert_eq!(read(&picture.stripped).unwrap().stripped, picture.stripped);
    }

    #[test]
    fn the_orientation_is_kept_and_nothing_else_of_exif() {
        for little in [true, false] {
            let picture = read(&file(&[exif(6, little)])).unwrap();
            assert_eq!(picture.stripped, file(&[exif_of(6)]));
            assert_eq!(orientation(&exif_of(6)[10..]), Some(6));
            let upright = read(&file(&[exif(1, little)])).unwrap();
            assert_eq!(upright.stripped, file(&[]));
        }
        assert_eq!(exif_of(6).len(), 2 + 34);
    }

    #[test]
    fn the_largest_frame_counts() {
        let large = segment(0xc2, &[8, 0xff, 0xff, 0xff, 0xfe, 1, 1, 0x11, 0]);
        let picture = read(&file(&[large])).unwrap();
        assert_eq!((picture.width, picture.height), (0xfffe, 0xffff));
    }

    #[test]
    fn a_file_that_ends_early_is_broken() {
        let bytes = file(&[exif(6, true)]);
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "{length}");
        }
    }
}
