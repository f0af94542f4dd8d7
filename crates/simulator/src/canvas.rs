use crate::palette::{Colour, mix};

/// Rows of RGB pixels. Its loops work row by row: they have to be quick in an unoptimised build too.
pub(crate) struct Canvas {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<u8>,
}

impl Canvas {
    /// A canvas with a vertical gradient through evenly spaced colours.
    pub(crate) fn gradient(width: usize, height: usize, stops: &[Colour]) -> Self {
        let mut canvas = Self { width, height, pixels: vec![0; width * height * 3] };
        canvas.fill_rows(0, height, stops);
        canvas
    }

    /// Fills whole rows with a vertical gradient.
    pub(crate) fn fill_rows(&mut self, top: usize, bottom: usize, stops: &[Colour]) {
        for y in top..bottom.min(self.height) {
            let colour = at(stops, (y - top) as f32 / (bottom - top).max(2) as f32);
            self.fill_row(y, colour);
        }
    }

    /// Fills everything below a line, given by its height at each column, down to row `bottom`.
    /// The line itself is smoothed.
    pub(crate) fn fill_below(&mut self, line: &[f32], bottom: usize, stops: &[Colour]) {
        let highest = line.iter().copied().fold(f32::INFINITY, f32::min).max(0.0);
        let lowest = line.iter().copied().fold(0.0, f32::max);
        let first = highest as usize;
        let span = (bottom.saturating_sub(first)).max(2) as f32;
        for y in first..bottom.min(self.height) {
            let colour = at(stops, (y - first) as f32 / span);
            if y as f32 >= lowest {
                self.fill_row(y, colour);
                continue;
            }
            let edge = y as f32 + 1.0;
            for (pixel, height) in self.row(y).chunks_exact_mut(3).zip(line) {
                if edge - *height >= 1.0 {
                    pixel.copy_from_slice(&colour);
                } else if edge > *height {
                    blend(pixel, colour, edge - *height);
                }
            }
        }
    }

    /// A disc with a sharp, smoothed edge.
    pub(crate) fn disc(&mut self, x: f32, y: f32, radius: f32, colour: Colour, alpha: f32) {
        let solid = (radius - 1.0).max(0.0).powi(2);
        let cover = |squared: f32| if squared < solid { alpha } else { (radius - squared.sqrt()) * alpha };
        self.round(x, y, radius, cover, colour);
    }

    /// A light that fades from its middle to nothing.
    pub(crate) fn glow(&mut self, x: f32, y: f32, radius: f32, colour: Colour, alpha: f32) {
        let scale = 1.0 / (radius * radius);
        let fade = |squared: f32| {
            let near = 1.0 - squared * scale;
            near * near * near * alpha
        };
        self.round(x, y, radius, fade, colour);
    }

    /// A flat lens: a streak of light on water, or a strip of cloud.
    pub(crate) fn lens(
        &mut self,
        x: f32,
        y: f32,
        half_width: f32,
        half_height: f32,
        colour: Colour,
        alpha: f32,
    ) {
        let rows = clip_range(y - half_height, y + half_height, self.height);
        let columns = clip_range(x - half_width, x + half_width, self.width);
        for row in rows {
            let dy = (row as f32 + 0.5 - y) / half_height;
            for column in columns.clone() {
                let dx = (column as f32 + 0.5 - x) / half_width;
                let inside = 1.0 - dx * dx - dy * dy;
                if inside > 0.0 {
                    self.blend_at(column, row, colour, inside.min(1.0) * alpha);
                }
            }
        }
    }

    pub(crate) fn blend_at(&mut self, x: usize, y: usize, colour: Colour, alpha: f32) {
        let start = (y * self.width + x) * 3;
        if let Some(pixel) = self.pixels.get_mut(start..start + 3) {
            blend(pixel, colour, alpha);
        }
    }

    /// Blends a circle; `alpha` gets the squared distance from the middle.
    fn round(&mut self, x: f32, y: f32, radius: f32, alpha: impl Fn(f32) -> f32, colour: Colour) {
        for row in clip_range(y - radius, y + radius, self.height) {
            let dy = row as f32 + 0.5 - y;
            let half = (radius * radius - dy * dy).max(0.0).sqrt();
            let columns = clip_range((x - half).ceil(), (x + half).floor(), self.width);
            let mut dx = columns.start as f32 + 0.5 - x;
            for pixel in self.row(row)[columns.start * 3..columns.end * 3].chunks_exact_mut(3) {
                blend(pixel, colour, alpha(dx * dx + dy * dy));
                dx += 1.0;
            }
        }
    }

    fn fill_row(&mut self, y: usize, colour: Colour) {
        let row = self.row(y);
        if let Some(first) = row.get_mut(..3) {
            first.copy_from_slice(&colour);
        }
        let mut done = 3;
        // Doubling what is there already is a handful of block copies.
        while done < row.len() {
            let length = done.min(row.len() - done);
            row.copy_within(..length, done);
            done += length;
        }
    }

    fn row(&mut self, y: usize) -> &mut [u8] {
        let start = y * self.width * 3;
        &mut self.pixels[start..start + self.width * 3]
    }
}

fn blend(pixel: &mut [u8], [red, green, blue]: Colour, alpha: f32) {
    let weight = (alpha * 256.0) as i32;
    let toward = |now: u8, then: u8| (now as i32 + (((then as i32 - now as i32) * weight) >> 8)) as u8;
    if let [r, g, b] = pixel {
        *r = toward(*r, red);
        *g = toward(*g, green);
        *b = toward(*b, blue);
    }
}

fn at(stops: &[Colour], place: f32) -> Colour {
    let last = stops.len().saturating_sub(1);
    let scaled = place.clamp(0.0, 1.0) * last as f32;
    let index = (scaled as usize).min(last.saturating_sub(1));
    match (stops.get(index), stops.get(index + 1)) {
        (Some(a), Some(b)) => mix(*a, *b, scaled - index as f32),
        (Some(a), None) => *a,
        _ => [0; 3],
    }
}

fn clip_range(from: f32, to: f32, limit: usize) -> std::ops::Range<usize> {
    let from = (from.max(0.0) as usize).min(limit);
    from..(to.max(0.0).ceil() as usize).clamp(from, limit)
}
