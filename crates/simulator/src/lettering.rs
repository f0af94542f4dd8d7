use ab_glyph::{Font, FontRef, Glyph, Point, PxScale, ScaleFont};

use crate::canvas::Canvas;
use crate::palette::{Colour, INK};

/// Where text may stand, in pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

/// Writes text wrapped and centred into an area, as large as fits up to `largest` pixels, on a soft shadow.
pub(crate) fn write(canvas: &mut Canvas, text: &str, area: Area, largest: f32, colour: Colour) {
    // The font is part of the program; a build where it cannot be read draws no text.
    let Ok(font) = FontRef::try_from_slice(dejavu::sans::bold()) else { return };
    let text = shorten(text, 120);
    let mut size = largest;
    let mut lines = wrap(&font, &text, size, area.width);
    while size > 9.0 && !fits(&font, &lines, size, area) {
        size *= 0.92;
        lines = wrap(&font, &text, size, area.width);
    }
    let lines = balance(&font, &text, size, area.width, lines);
    let pitch = size * LINE;
    let mut baseline = area.y + (area.height - pitch * lines.len() as f32) / 2.0 + pitch * 0.76;
    let depth = (size / 22.0).max(1.0);
    for line in &lines {
        let x = area.x + (area.width - width(&font, line, size)) / 2.0;
        for (offset, alpha) in [(depth * 2.0, 0.16), (depth, 0.34)] {
            draw_line(canvas, &font, line, size, (x + offset * 0.4, baseline + offset), INK, alpha);
        }
        draw_line(canvas, &font, line, size, (x, baseline), colour, 1.0);
        baseline += pitch;
    }
}

const LINE: f32 = 1.22;

fn draw_line(
    canvas: &mut Canvas,
    font: &FontRef<'_>,
    line: &str,
    size: f32,
    (x, y): (f32, f32),
    colour: Colour,
    alpha: f32,
) {
    let mut pen = x;
    for letter in line.chars() {
        let id = font.glyph_id(letter);
        let scaled = font.as_scaled(PxScale::from(size));
        let glyph = Glyph { id, scale: PxScale::from(size), position: Point { x: pen, y } };
        if let Some(outline) = font.outline_glyph(glyph) {
            let bounds = outline.px_bounds();
            let (left, top) = (bounds.min.x as i32, bounds.min.y as i32);
            outline.draw(|across, down, coverage| {
                let (column, row) = (left + across as i32, top + down as i32);
                if coverage > 0.0 && column >= 0 && row >= 0 && (column as usize) < canvas.width {
                    canvas.blend_at(column as usize, row as usize, colour, coverage.min(1.0) * alpha);
                }
            });
        }
        pen += scaled.h_advance(id);
    }
}

fn wrap(font: &FontRef<'_>, text: &str, size: f32, room: f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(font, line, size) + width(font, &format!(" {word}"), size) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The same number of lines in the narrowest room, so that no single word is left over at the end.
fn balance(font: &FontRef<'_>, text: &str, size: f32, room: f32, mut lines: Vec<String>) -> Vec<String> {
    let mut narrower = room * 0.95;
    while narrower > room * 0.4 {
        let tighter = wrap(font, text, size, narrower);
        if tighter.len() > lines.len() || tighter.iter().any(|line| width(font, line, size) > room) {
            break;
        }
        lines = tighter;
        narrower *= 0.95;
    }
    lines
}

fn fits(font: &FontRef<'_>, lines: &[String], size: f32, area: Area) -> bool {
    lines.len() as f32 * size * LINE <= area.height
        && lines.iter().all(|line| width(font, line, size) <= area.width)
}

fn width(font: &FontRef<'_>, text: &str, size: f32) -> f32 {
    let scaled = font.as_scaled(PxScale::from(size));
    text.chars().map(|letter| scaled.h_advance(font.glyph_id(letter))).sum()
}

fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most).collect();
    if let Some(space) = short.rfind(' ') {
        short.truncate(space);
    }
    short.push('…');
    short
}
