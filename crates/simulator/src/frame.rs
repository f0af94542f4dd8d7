use crate::canvas::Canvas;
use crate::h264::{BLOCK, Format, Planes};
use crate::lettering::{self, Area};
use crate::painting::{Chance, ridge};
use crate::palette::{Palette, WHITE, mix};

/// What a row of macroblocks shows, from the top. Each kind moves in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Band {
    Title,
    Sky,
    FarHills,
    NearHills,
    Water,
}

/// Where each band ends, as a share of the height.
const ENDS: [(Band, f32); 5] = [
    (Band::Title, 0.3),
    (Band::Sky, 0.52),
    (Band::FarHills, 0.66),
    (Band::NearHills, 0.8),
    (Band::Water, 1.0),
];

/// The band of a row of macroblocks.
pub(crate) fn band(format: &Format, row: usize) -> Band {
    let shown_rows = format.shown.1.div_ceil(BLOCK);
    let found = ENDS.iter().find(|(_, end)| row < (end * shown_rows as f32).round() as usize);
    found.map_or(Band::Water, |(band, _)| *band)
}

/// Paints the still that the clip moves. Except for its title it repeats from left to right after the
/// shown width, and between two bands nothing changes from left to right: so each band can slide by itself.
pub(crate) fn paint(prompt: &str, format: &Format) -> Canvas {
    let palette = Palette::of(prompt, 0);
    let mut chance = Chance::new(prompt, 0);
    let (width, height) = (format.columns * BLOCK, format.rows * BLOCK);
    let period = format.shown.0 as f32;
    let unit = period.min(format.shown.1 as f32);
    let rows = |wanted: Band| {
        let first = (0..format.rows).position(|row| band(format, row) == wanted).unwrap_or(0);
        let count = (0..format.rows).filter(|row| band(format, *row) == wanted).count();
        (first * BLOCK, (first + count) * BLOCK)
    };
    let (sky_top, sky_end) = rows(Band::Sky);
    let (_, far_end) = rows(Band::FarHills);
    let (near_top, near_end) = rows(Band::NearHills);
    let mut canvas = Canvas::gradient(width, height, &palette.sky);
    canvas.fill_rows(0, far_end, &palette.sky);

    let sky_height = (sky_end - sky_top) as f32;
    let middle = sky_top as f32 + sky_height / 2.0;
    let sun = period * chance.between(0.55, 0.8);
    for turn in [-1.0, 0.0, 1.0] {
        let x = sun + turn * period;
        canvas.glow(x, middle, sky_height * 0.5, palette.sun, 0.85);
        canvas.disc(x, middle, (sky_height * 0.3).min(unit * 0.1), mix(palette.sun, WHITE, 0.4), 0.95);
    }
    for _ in 0..7 {
        let (x, half) = (period * chance.between(0.0, 1.0), period * chance.between(0.06, 0.16));
        let thick = sky_height * chance.between(0.03, 0.07);
        let y = sky_top as f32 + sky_height * chance.between(0.12, 0.88);
        for turn in [-1.0, 0.0, 1.0] {
            canvas.lens(x + turn * period, y, half, thick, WHITE, 0.3);
        }
    }

    let far = mix(palette.hills[0], palette.sky[2], 0.2);
    let haze = mix(far, palette.sky[2], 0.3);
    let far_height = (far_end - sky_end) as f32;
    let line = ridge(width, period, sky_end as f32 + far_height * 0.5, far_height * 0.42, &mut chance);
    canvas.fill_below(&line, near_end, &[far, haze]);
    let near_height = (near_end - near_top) as f32;
    let line = ridge(width, period, near_top as f32 + near_height * 0.5, near_height * 0.42, &mut chance);
    canvas.fill_below(&line, near_end, &[palette.hills[1], mix(palette.hills[1], palette.hills[0], 0.35)]);

    canvas.fill_rows(near_end, height, &palette.water);
    for row in near_end / BLOCK..format.rows {
        let depth = (row * BLOCK - near_end) as f32 / (height - near_end) as f32;
        for _ in 0..4 {
            let (x, half) = (period * chance.between(0.0, 1.0), period * (0.03 + 0.05 * depth));
            let y = (row * BLOCK) as f32 + chance.between(4.0, 12.0);
            for turn in [-1.0, 0.0, 1.0] {
                canvas.lens(x + turn * period, y, half, 1.2 + 1.8 * depth, palette.sun, 0.5 - 0.25 * depth);
            }
        }
    }

    let area =
        Area { x: period * 0.06, y: unit * 0.04, width: period * 0.88, height: sky_top as f32 - unit * 0.05 };
    lettering::write(&mut canvas, prompt, area, unit * 0.11, WHITE);
    canvas
}

/// The canvas as a decoder wants it.
pub(crate) fn planes(canvas: &Canvas) -> Planes {
    let (width, height) = (canvas.width, canvas.height);
    let mut luma = Vec::with_capacity(width * height);
    for pixel in canvas.pixels.chunks_exact(3) {
        let (r, g, b) = (i32::from(pixel[0]), i32::from(pixel[1]), i32::from(pixel[2]));
        luma.push((16 + ((47 * r + 157 * g + 16 * b + 128) >> 8)) as u8);
    }
    let mut chroma = [0, 1].map(|_| Vec::with_capacity(width * height / 4));
    for pair in canvas.pixels.chunks_exact(width * 6) {
        let (upper, lower) = pair.split_at(width * 3);
        for (above, below) in upper.chunks_exact(6).zip(lower.chunks_exact(6)) {
            let sum = |channel: usize| {
                i32::from(above[channel])
                    + i32::from(above[channel + 3])
                    + i32::from(below[channel])
                    + i32::from(below[channel + 3])
            };
            let (r, g, b) = (sum(0), sum(1), sum(2));
            chroma[0].push((128 + ((-26 * r - 87 * g + 112 * b + 512) >> 10)).clamp(16, 240) as u8);
            chroma[1].push((128 + ((112 * r - 102 * g - 10 * b + 512) >> 10)).clamp(16, 240) as u8);
        }
    }
    Planes { luma, chroma }
}
