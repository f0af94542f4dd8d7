use super::{Size, u32_at};

pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Chunks that change what is seen. Texts, times and EXIF are none of them.
const KEPT: [&[u8; 4]; 18] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV",
    b"cLLI", b"sBIT", b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT",
];

/// Copies the file chunk by chunk, up to its end.
pub(super) fn strip(bytes: &[u8], size: &mut Size) -> Option<Vec<u8>> {
    let mut out = SIGNATURE.to_vec();
    let mut at = SIGNATURE.len();
    loop {
        let length = usize::try_from(u32_at(bytes, at)?).ok()?;
        // Length, name and checksum surround the content.
        let chunk = bytes.get(at..at.checked_add(length)?.checked_add(12)?)?;
        let (name, content) = (chunk.get(4..8)?, chunk.get(8..8 + length)?);
        let first = at == SIGNATURE.len();
        if first != (name == b"IHDR") {
            return None;
        }
        if first {
            size.grow(u32_at(content, 0)?, u32_at(content, 4)?);
        }
        if KEPT.iter().any(|kept| kept.as_slice() == name) {
            out.extend_from_slice(chunk);
        }
        if name == b"IEND" {
            return Some(out);
        }
        at += chunk.len();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::{Broken, Format, read};
    use super::*;

    fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&length[..], name, content, b"crc!"].concat()
    }

    fn file(extra: &[Vec<u8>]) -> Vec<u8> {
        let header = chunk(b"IHDR", &[0, 0, 4, 0, 0, 0, 3, 0, 8, 6, 0, 0, 0]);
        [SIGNATURE.to_vec(), header, extra.concat(), chunk(b"IDAT", b"pixels"), chunk(b"IEND", b"")].concat()
    }

    #[test]
    fn texts_and_times_go_and_colours_stay() {
        let gamma = chunk(b"gAMA", &[0, 0, 0xb1, 0x8f]);
        let private = [
            chunk(b"tEXt", b"Author\0Ann"),
            chunk(b"iTXt", b"XML:com.adobe.xmp\0home"),
            chunk(b"eXIf", b"MM\0\x2aGPS"),
            chunk(b"tIME", b"1234567"),
            gamma.clone(),
        ];
        let mut bytes = file(&private);
        bytes.extend(b"appended");
        let picture = read(&bytes).unwrap();
        assert_eq!((picture.format, picture.width, picture.height), (Format::Png, 1024, 768));
        assert_eq!(picture.stripped, file(&[gamma]));
    }

    #[test]
    fn a_file_that_ends_early_or_begins_otherwise_is_broken() {
        let bytes = file(&[]);
        for length in 0..bytes.len() {
            assert_eq!(read(&bytes[..length]), Err(Broken), "{length}");
        }
        assert_eq!(read(&[SIGNATURE, &chunk(b"IEND", b"")[..]].concat()), Err(Broken));
        let twice = file(&[chunk(b"IHDR", &[0xff; 13])]);
        assert_eq!(read(&twice), Err(Broken));
    }
}
