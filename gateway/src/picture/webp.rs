use super::Size;

/// Chunks that change what is seen.
const KEPT: [&[u8; 4]; 7] = [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
/// The flags of the extended header that announce EXIF and XMP.
const PRIVATE_FLAGS: u8 = 0x08 | 0x04;

/// Copies the file chunk by chunk, and says the new length at its begin.
pub(super) fn strip(bytes: &[u8], size: &mut Size) -> Option<Vec<u8>> {
    let length = usize::try_from(u32_le(bytes, 4)?).ok()?;
    // What was appended behind the announced length is left out.
    let bytes = bytes.get(..length.checked_add(8)?)?;
    let mut out = bytes.get(..12)?.to_vec();
    let mut at = 12;
    while at < bytes.len() {
        let length = usize::try_from(u32_le(bytes, at + 4)?).ok()?;
        let content = bytes.get(at + 8..(at + 8).checked_add(length)?)?;
        let name = bytes.get(at..at + 4)?;
        measure(name, content, size)?;
        if KEPT.iter().any(|kept| kept.as_slice() == name) {
            let from = out.len();
            out.extend_from_slice(bytes.get(at..at + 8 + length)?);
            if name == b"VP8X"
                && let Some(flags) = out.get_mut(from + 8)
            {
                *flags &= !PRIVATE_FLAGS;
            }
            if length % 2 == 1 {
                out.push(0);
            }
        }
        at += 8 + length + length % 2;
    }
    let length = u32::try_from(out.len() - 8).ok()?;
    out.get_mut(4..8)?.copy_from_slice(&length.to_le_bytes());
    Some(out)
}

/// Reads the sizes that a chunk tells. `None` where it is too short for one.
fn measure(name: &[u8], content: &[u8], size: &mut Size) -> Option<()> {
    match name {
        b"VP8X" => size.grow(u24_le(content, 4)? + 1, u24_le(content, 7)? + 1),
        b"ANMF" => {
            size.grow(u24_le(content, 6)? + 1, u24_le(content, 9)? + 1);
            let mut at = 16;
            // A frame is a row of chunks of its own.
            while let Some(length) = u32_le(content, at + 4) {
                let length = usize::try_from(length).ok()?;
                let inner = content.get(at + 8..(at + 8).checked_add(length)?)?;
                let name = content.get(at..at + 4)?;
                if name != b"ANMF" {
                    measure(name, inner, size)?;
                }
                at += 8 + length + length % 2;
            }
        }
        b"VP8L" => {
            let bits = u32_le(content, 1)?;
            size.grow((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1);
        }
        b"VP8 " => {
            let side = |at: usize| {
                let pair: [u8; 2] = content.get(at..at + 2)?.try_into().ok()?;
                Some(u32::from(u16::from_le_bytes(pair) & 0x3fff))
            };
            size.grow(side(6)?, side(8)?);
        }
        _ => {}
    }
    Some(())
}

fn u24_le(bytes: &[u8], at: usize) -> Option<u32> {
    let [a, b, c]: [u8; 3] = bytes.get(at..at + 3)?.try_into().ok()?;
    Some(u32::from_le_bytes([a, b, c, 0]))
}

fn u32_le(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::{Broken, Format, read};

    fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_le_bytes();
        let padding = vec![0; content.len() % 2];
        [&name[..], &length[..], content, &padding].concat()
    }

    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        let chunks = chunks.concat();
        let length = u32::try_from(chunks.len() + 4).unwrap().to_le_bytes();
        [&b"RIFF"[..], &length[..], b"WEBP", &chunks].concat()
    }

    fn extended(flags: u8) -> Vec<u8> {
        chunk(b"VP8X", &[flags, 0, 0, 0, 0xff, 0x03, 0, 0xff, 0x02, 0])
    }

    /// Lossless, 3 × 2 pixels.
    fn lossless() -> Vec<u8> {
        chunk(b"VP8L", &[0x2f, 0x02, 0x40, 0x00, 0x00])
    }

    #[test]
    fn exif_and_xmp_go_with_their_flags() {
        let private = [
            extended(0x2c),
            chunk(b"ICCP", b"icc"),
            lossless(),
            chunk(b"EXIF", b"GPS"),
            chunk(b"XMP ", b"<home/>"),
        ];
        let mut bytes = file(&private);
        bytes.extend(b"appended");
        let picture = read(&bytes).unwrap();
        assert_eq!((picture.format, picture.width, picture.height), (Format::Webp, 1024, 768));
        assert_eq!(picture.stripped, file(&[extended(0x20), chunk(b"ICCP", b"icc"), lossless()]));
    }

    #[test]
    fn each_kind_of_frame_is_measured() {
        let lossy = chunk(b"VP8 ", &[0, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01]);
        assert_eq!(read(&file(&[lossless()])).map(|picture| (picture.width, picture.height)), Ok((3, 2)));
        assert_eq!(read(&file(&[lossy])).map(|picture| (picture.width, picture.height)), Ok((640, 360)));
        let hidden =
            [&[0; 6][..], &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &chunk(b"VP8L", &[0x2f, 0xff, 0xff, 0xff, 0x0f])];
        let animated = file(&[extended(2), chunk(b"ANMF", &hidden.concat())]);
        assert_eq!(read(&animated).map(|picture| (picture.width, picture.height)), Ok((0x4000, 0x4000)));
    }

    #[test]
    fn a_file_that_ends_early_is_broken() {
        let bytes = file(&[extended(0), lossless()]);
        for length in 0..bytes.len() {
            assert_eq!(read(&bytes[..length]), Err(Broken), "{length}");
        }
    }
}
