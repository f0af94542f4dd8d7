//! What can be told of a picture without decoding it: its form, its size, and which parts of its file are about the
//! person who took it. Decoding strangers' files is left to those who must.

mod jpeg;
mod png;
mod webp;

use bytes::Bytes;

/// The forms that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Jpeg,
    Png,
    Webp,
}

/// A picture as its file describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) format: Format,
    /// In pixels; the largest of its frames.
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// The file without place, time, camera, texts, previews and whatever was appended to it. Colours and orientation
    /// stay.
    pub(crate) stripped: Bytes,
}

/// The file is not what its first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file is broken")]
pub(crate) struct Broken;

impl Format {
    /// The form that the first bytes tell.
    pub(crate) fn sniff(bytes: &[u8]) -> Option<Format> {
        if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            Some(Format::Jpeg)
        } else if bytes.starts_with(png::SIGNATURE) {
            Some(Format::Png)
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Some(Format::Webp)
        } else {
            None
        }
    }
}

/// Reads a picture's size and leaves out what is private in its file.
pub(crate) fn read(bytes: &[u8]) -> Result<Picture, Broken> {
    let format = Format::sniff(bytes).ok_or(Broken)?;
    let mut size = Size::default();
    let stripped = match format {
        Format::Jpeg => jpeg::strip(bytes, &mut size),
        Format::Png => png::strip(bytes, &mut size),
        Format::Webp => webp::strip(bytes, &mut size),
    };
    let stripped = stripped.ok_or(Broken)?;
    if size.width == 0 || size.height == 0 {
        return Err(Broken);
    }
    Ok(Picture { format, width: size.width, height: size.height, stripped: stripped.into() })
}

/// Grows to the largest size that the file claims anywhere: a small cover may hide a large frame.
#[derive(Default)]
struct Size {
    width: u32,
    height: u32,
}

impl Size {
    fn grow(&mut self, width: u32, height: u32) {
        self.width = self.width.max(width);
        self.height = self.height.max(height);
    }
}

/// Big-endian, as most formats have it.
fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_be_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_file_whatever_brings_it_down(
            head in prop_oneof![
                Just(&b"\xff\xd8\xff"[..]), Just(png::SIGNATURE), Just(&b"RIFF\0\0\0\0WEBPVP8X"[..]),
                Just(&b"\xff\xd8\xff\xe1\0\x20Exif\0\0MM\0\x2a"[..]),
            ],
            rest in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            read(&[head, &rest].concat()).ok();
        }
    }

    #[test]
    fn what_is_no_picture_is_broken() {
        for bytes in
            [&b""[..], b"GIF89a", b"<svg xmlns=", b"\xff\xd8\xff", png::SIGNATURE, b"RIFF\x04\0\0\0WEBP"]
        {
            assert_eq!(read(bytes), Err(Broken));
        }
    }
}
