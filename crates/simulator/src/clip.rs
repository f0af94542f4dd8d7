use std::f32::consts::TAU;

use crate::frame::{self, Band};
use crate::h264::{self, BLOCK, Format};
use crate::mp4;

const FRAMES_PER_SECOND: u32 = 24;

/// The longer side of a clip in pixels, if its ratio allows it.
const LONG_SIDE: u32 = 640;

/// A silent MP4 of exactly the length and the ratio: a landscape in the prompt's colours under its words,
/// whose hills, clouds and water drift at their own speeds.
pub(crate) fn encode(prompt: &str, ratio: (u32, u32), seconds: u32) -> Vec<u8> {
    let format = format(ratio);
    let canvas = frame::paint(prompt, &format);
    let (sps, pps) = h264::parameter_sets(&format);
    let mut frames = vec![h264::still(&format, &frame::planes(&canvas))];
    let bands: Vec<Band> = (0..format.rows).map(|row| frame::band(&format, row)).collect();
    for index in 1..seconds * FRAMES_PER_SECOND {
        let time = index as f32 / FRAMES_PER_SECOND as f32;
        let shifts: Vec<i32> =
            bands.iter().enumerate().map(|(row, band)| shift(*band, row, time, format.shown.0)).collect();
        frames.push(h264::moved(&format, index, |column, row| {
            if bands[row] == Band::Title { 0 } else { vector(column, shifts[row], format.shown.0) }
        }));
    }
    mp4::write(&mp4::Track {
        width: format.shown.0 as u16,
        height: format.shown.1 as u16,
        frames_per_second: FRAMES_PER_SECOND,
        profile: h264::PROFILE_BYTES,
        sequence_parameters: &sps,
        picture_parameters: &pps,
        frames: &frames,
    })
}

/// `AxB` as two numbers.
pub(crate) fn parse_pair(text: &str, separator: char) -> Option<(u32, u32)> {
    let (a, b) = text.split_once(separator)?;
    Some((a.parse().ok()?, b.parse().ok()?))
}

/// The same ratio in its smallest numbers.
pub(crate) fn reduce(a: u32, b: u32) -> (u32, u32) {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    (a / x.max(1), b / x.max(1))
}

fn format(ratio: (u32, u32)) -> Format {
    let (across, down) = reduce(ratio.0, ratio.1);
    // Both sides must be even; an awkward ratio keeps its exact numbers even if they are large.
    let scale = (LONG_SIDE / across.max(down).max(1)).max(2) & !1;
    let shown = ((across * scale) as usize, (down * scale) as usize);
    // Vectors look up to one period, one block and three pixels of interpolation to the right.
    Format {
        columns: (shown.0 + 4 + BLOCK + 4).div_ceil(BLOCK),
        rows: shown.1.div_ceil(BLOCK),
        shown,
        frames_per_second: FRAMES_PER_SECOND,
    }
}

/// How far a band has slid to the left, in quarters of a pixel.
fn shift(band: Band, row: usize, time: f32, width: usize) -> i32 {
    let speed = match band {
        Band::Title => 0.0,
        Band::Sky => 0.012,
        Band::FarHills => 0.03,
        Band::NearHills => 0.075,
        Band::Water => 0.03,
    };
    let sway = if band == Band::Water { (time * TAU / 3.2 + row as f32 * 1.9).sin() * 0.012 } else { 0.0 };
    ((speed * time + sway) * width as f32 * 4.0).round() as i32
}

/// The vector that shows column `column` of the endless landscape slid by `shift`, in quarters of a pixel.
fn vector(column: usize, shift: i32, period: usize) -> i32 {
    // Four pixels in from the left edge, so that interpolation stays inside the still.
    const MARGIN: i32 = 16;
    let here = (column * BLOCK * 4) as i32;
    (here + shift - MARGIN).rem_euclid(period as i32 * 4) + MARGIN - here
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_keeps_the_ratio_exactly() {
        for (ratio, shown) in [
            ((16, 9), (640, 360)),
            ((9, 16), (360, 640)),
            ((1, 1), (640, 640)),
            ((1024, 1792), (360, 630)),
            ((1280, 720), (640, 360)),
        ] {
            let format = format(ratio);
            let (width, height) = format.shown;
            assert_eq!(width * ratio.1 as usize, height * ratio.0 as usize);
            assert!(width % 2 == 0 && height % 2 == 0);
            if shown.1 % 2 == 0 {
                assert_eq!(format.shown, shown);
            }
        }
    }

    #[test]
    fn every_vector_stays_inside_the_still() {
        let format = format((9, 16));
        for shift in -3000..3000 {
            for column in 0..format.columns {
                let start = (column * BLOCK * 4) as i32 + vector(column, shift, format.shown.0);
                assert!(start >= 8 && start + (BLOCK as i32 + 3) * 4 <= (format.columns * BLOCK * 4) as i32);
            }
        }
    }

    #[test]
    fn the_same_prompt_gives_the_same_clip() {
        assert_eq!(encode("a boat", (16, 9), 1), encode("a boat", (16, 9), 1));
    }
}
