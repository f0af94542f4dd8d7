//! Pies: their language and how they are drawn.

use crate::{
    Drawing, Error,
    canvas::{Canvas, Path, Point},
    text::{self, LINE},
};

const RADIUS: f32 = 90.0;

/// How many slices there are at most.
const MAX_SLICES: usize = 24;

/// Colours that are told apart by all eyes and on both grounds.
const COLORS: [&str; 8] =
    ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a800", "#7f7f7f"];

pub(crate) fn draw<'a>(header: &'a str, lines: impl Iterator<Item = &'a str>) -> Result<Drawing, Error> {
    let (mut title, mut values, mut slices) = (String::new(), false, Vec::new());
    for line in std::iter::once(header).chain(lines) {
        let line = match line.trim().strip_prefix("showData") {
            Some(rest) => {
                values = true;
                rest.trim()
            }
            None => line.trim(),
        };
        if let Some(words) = line.strip_prefix("title") {
            title = text::label(words);
        } else if !line.is_empty() && !line.starts_with("acc") {
            let unknown = || Error::Line(text::short(line, 80));
            let (label, value) = line.rsplit_once(':').ok_or_else(unknown)?;
            let value = value.trim();
            let amount = amount(value).filter(|amount| *amount > 0.0).ok_or_else(unknown)?;
            slices.push((text::label(label), text::short(value, 20), amount));
        }
    }
    if slices.is_empty() {
        return Err(Error::Line(String::from("pie")));
    }
    if slices.len() > MAX_SLICES {
        return Err(Error::TooLarge);
    }
    Ok(pie(&title, values, &slices))
}

fn pie(title: &str, values: bool, slices: &[(String, String, f32)]) -> Drawing {
    let mut canvas = Canvas::default();
    let total: f32 = slices.iter().map(|slice| slice.2).sum();
    let (lines, title_width, title_height) = text::wrap(title);
    let head = if title.is_empty() { 0.0 } else { title_height + 10.0 };
    let legend = slices.len() as f32 * (LINE + 6.0);
    let height = (2.0 * RADIUS).max(legend);
    let middle = (RADIUS, head + height / 2.0);
    if !title.is_empty() {
        canvas.text("start", (0.0, title_height / 2.0), &lines);
        canvas.say(String::from(title));
    }
    let mut from = 0.0;
    let mut widest = title_width - 2.0 * RADIUS - 24.0;
    for (index, (label, value, amount)) in slices.iter().enumerate() {
        let part = amount / total;
        let color = COLORS[index % COLORS.len()];
        let (start, end) = (point(middle, from), point(middle, from + part));
        let slice = if part > 0.999 {
            let half = point(middle, from + 0.5);
            Path::default().draw('M', &[start]).arc(RADIUS, false, half).arc(RADIUS, false, start)
        } else {
            Path::default().draw('M', &[middle]).draw('L', &[start]).arc(RADIUS, part > 0.5, end)
        };
        canvas.filled("slice", color, slice.close());
        from += part;
        let mut said = label.clone() + ": " + &((part * 100.0).round() as u32).to_string() + " %";
        if values {
            said = said + " (" + value + ")";
        }
        let y = head + (height - legend) / 2.0 + (index as f32 + 0.5) * (LINE + 6.0);
        let x = 2.0 * RADIUS + 24.0;
        let mark = [(x, y - 6.0), (x + 12.0, y - 6.0), (x + 12.0, y + 6.0), (x, y + 6.0)];
        let square = Path::default().draw('M', &mark[..1]).draw('L', &mark[1..]);
        canvas.filled("slice", color, square.close());
        canvas.text("start", (x + 20.0, y), std::slice::from_ref(&said));
        widest = f32::max(widest, 20.0 + text::width(&said));
        canvas.say(said);
    }
    canvas.finish((2.0 * RADIUS + 24.0 + widest, head + height))
}

/// A point on the circle, this part of it from the top.
fn point((x, y): Point, part: f32) -> Point {
    (x + RADIUS * sine(part), y - RADIUS * sine(part + 0.25))
}

/// The sine of this part of a turn, near enough for a drawing. The exact one has tables, and so does the standard
/// library's way to read a number; each would be a tenth of the module.
fn sine(part: f32) -> f32 {
    let mut turn = part - part.floor();
    let sign = if turn > 0.5 { -1.0 } else { 1.0 };
    turn = if turn > 0.5 { turn - 0.5 } else { turn };
    let angle = if turn > 0.25 { 0.5 - turn } else { turn } * std::f32::consts::TAU;
    let square = angle * angle;
    sign * angle
        * (1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0 * (1.0 - square / 72.0))))
}

/// A number with digits after its point or without.
fn amount(text: &str) -> Option<f32> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.len() + part.len();
    if digits == 0 || digits > 18 || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let (mut value, mut scale) = (0.0, 1.0);
    for byte in whole.bytes().chain(part.bytes()) {
        value = value * 10.0 + f32::from(byte.checked_sub(b'0')?);
    }
    part.bytes().for_each(|_| scale *= 10.0);
    Some(value / scale)
}
