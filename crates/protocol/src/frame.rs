use std::fmt;
use std::str::FromStr;

/// A frame in pixels, which ties OpenAI's `size` to the `resolution` and `aspect_ratio` of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

impl Frame {
    /// The frame of a resolution (`480p`: the shorter side) and an aspect ratio (`16:9`). Sides are even, as video
    /// needs: 480p at 16:9 is 854×480. `None` where either cannot be read or is out of all proportion.
    pub fn new(resolution: &str, aspect_ratio: &str) -> Option<Frame> {
        let short: u32 = resolution.strip_suffix('p')?.parse().ok()?;
        let (across, down) = aspect_ratio.split_once(':')?;
        let (across, down): (u32, u32) = (across.parse().ok()?, down.parse().ok()?);
        if !(16..=4320).contains(&short) || !(1..=64).contains(&across) || !(1..=64).contains(&down) {
            return None;
        }
        let (large, small) = (across.max(down), across.min(down));
        let long = (short * large).div_ceil(small).next_multiple_of(2);
        Some(if across >= down {
            Frame { width: long, height: short }
        } else {
            Frame { width: short, height: long }
        })
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl FromStr for Frame {
    type Err = ();

    /// Reads `1280x720`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (width, height) = text.split_once('x').ok_or(())?;
        let side = |part: &str| part.parse().ok().filter(|side| (1..=8192).contains(side)).ok_or(());
        Ok(Frame { width: side(width)?, height: side(height)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_even_sides_and_the_shape_that_was_asked_for() {
        for (resolution, aspect, size) in [
            ("480p", "16:9", "854x480"),
            ("720p", "16:9", "1280x720"),
            ("720p", "9:16", "720x1280"),
            ("1080p", "16:9", "1920x1080"),
            ("1080p", "1:1", "1080x1080"),
            ("1024p", "7:4", "1792x1024"),
        ] {
            assert_eq!(Frame::new(resolution, aspect).map(|frame| frame.to_string()).as_deref(), Some(size));
        }
    }

    #[test]
    fn nonsense_is_no_frame() {
        for (resolution, aspect) in
            [("720", "16:9"), ("p", "16:9"), ("720p", "0:9"), ("720p", "16"), ("999999p", "1:1")]
        {
            assert_eq!(Frame::new(resolution, aspect), None);
        }
        assert_eq!("1280×720".parse::<Frame>(), Err(()));
        assert_eq!("0x720".parse::<Frame>(), Err(()));
    }
}
