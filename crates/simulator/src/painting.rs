use std::f32::consts::TAU;

use crate::canvas::Canvas;
use crate::lettering::{self, Area};
use crate::palette::{Palette, WHITE, mix};
use crate::tokens;

/// Paints a prompt as a landscape under its own words. Another index gives another picture.
pub(crate) fn paint(prompt: &str, width: usize, height: usize, index: usize) -> Canvas {
    let palette = Palette::of(prompt, index);
    let mut chance = Chance::new(prompt, index);
    let (w, h) = (width as f32, height as f32);
    let unit = w.min(h);
    let mut canvas = Canvas::gradient(width, height, &palette.sky);
    let sun = (w * chance.between(0.22, 0.78), h * chance.between(0.48, 0.56));
    canvas.glow(sun.0, sun.1, unit * 0.44, palette.sun, 0.75);
    canvas.disc(sun.0, sun.1, unit * 0.085, mix(palette.sun, WHITE, 0.4), 0.95);
    for _ in 0..9 {
        let (x, y) = (w * chance.between(0.0, 1.0), h * chance.between(0.02, 0.55));
        let radius = unit * chance.between(0.008, 0.05);
        canvas.disc(x, y, radius, WHITE, 0.09);
    }
    for _ in 0..6 {
        let (x, y) = (w * chance.between(0.0, 1.0), h * chance.between(0.08, 0.46));
        canvas.lens(x, y, w * chance.between(0.1, 0.26), h * chance.between(0.006, 0.014), WHITE, 0.22);
    }
    hills(&mut canvas, &palette, &mut chance);
    let area = Area { x: w * 0.08, y: h * 0.07, width: w * 0.84, height: h * 0.3 };
    lettering::write(&mut canvas, prompt, area, unit * 0.105, WHITE);
    canvas
}

/// The picture as a PNG file.
pub(crate) fn to_png(canvas: &Canvas) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::with_capacity(canvas.pixels.len() / 8);
    let mut encoder = png::Encoder::new(&mut file, canvas.width as u32, canvas.height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    encoder.set_filter(png::Filter::Up);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&canvas.pixels)?;
    writer.finish()?;
    Ok(file)
}

fn hills(canvas: &mut Canvas, palette: &Palette, chance: &mut Chance) {
    const LAYERS: usize = 5;
    let (w, h) = (canvas.width as f32, canvas.height as f32);
    for layer in 0..LAYERS {
        let depth = layer as f32 / (LAYERS - 1) as f32;
        let base = h * (0.58 + 0.3 * depth);
        let swing = h * (0.1 - 0.035 * depth);
        let line = ridge(canvas.width, w * 1.7, base, swing, chance);
        let top = mix(mix(palette.hills[0], palette.sky[2], 0.35 * (1.0 - depth)), palette.hills[1], depth);
        let foot = mix(top, palette.sky[2], 0.34 * (1.0 - depth));
        canvas.fill_below(&line, canvas.height, &[top, foot]);
    }
}

/// A hill line of three waves that repeats every `period` pixels.
pub(crate) fn ridge(width: usize, period: f32, base: f32, swing: f32, chance: &mut Chance) -> Vec<f32> {
    let waves: [(f32, f32, f32); 3] = std::array::from_fn(|octave| {
        let turns = (2 + 3 * octave) as f32 + chance.between(0.0, 1.99).floor();
        (turns, chance.between(0.0, TAU), swing * 0.62 / (1.0 + 1.5 * octave as f32))
    });
    let height = |x: usize| {
        let place = x as f32 / period * TAU;
        base + waves.iter().map(|(turns, phase, size)| (place * turns + phase).sin() * size).sum::<f32>()
    };
    (0..width).map(height).collect()
}

/// Numbers that look random and are the same for the same prompt on every machine.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(prompt: &str, index: usize) -> Self {
        Self(tokens::hash(prompt) ^ (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(crate) fn between(&mut self, low: f32, high: f32) -> f32 {
        // SplitMix64, the usual small generator.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        low + (high - low) * ((value ^ (value >> 31)) >> 40) as f32 / (1u64 << 24) as f32
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_same_prompt_paints_the_same_picture_and_another_index_another() {
        let paint = |index| to_png(&paint("a lighthouse", 96, 64, index)).expect("a picture");
        assert_eq!(paint(0), paint(0));
        assert_ne!(paint(0), paint(1));
    }

    #[test]
    fn the_file_holds_the_size_asked_for() {
        let file = to_png(&paint("a lighthouse in heavy rain", 200, 120, 0)).expect("a picture");
        let reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        assert_eq!((reader.info().width, reader.info().height), (200, 120));
    }
}
