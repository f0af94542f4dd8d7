//! The steps of a drawing. What stands in its attributes is numbers and constants.

use crate::{
    Drawing, Step,
    text::{LINE, short},
};

/// How far the drawing stays away from its edge.
const MARGIN: f32 = 8.0;

/// How long a description is at most, in characters.
const LONGEST: usize = 1_500;

pub(crate) type Point = (f32, f32);

#[derive(Default)]
pub(crate) struct Canvas {
    steps: Vec<Step>,
    /// What the drawing says, one part after the other.
    said: Vec<String>,
}

/// A path as it grows.
#[derive(Default)]
pub(crate) struct Path(String);

impl Path {
    pub(crate) fn draw(mut self, command: char, points: &[Point]) -> Self {
        self.0.push(command);
        for (index, (x, y)) in points.iter().enumerate() {
            if index > 0 {
                self.0.push(' ');
            }
            number(&mut self.0, *x);
            self.0.push(' ');
            number(&mut self.0, *y);
        }
        self
    }

    pub(crate) fn close(mut self) -> Self {
        self.0.push('Z');
        self
    }

    /// A part of a circle to a point.
    pub(crate) fn arc(mut self, radius: f32, large: bool, to: Point) -> Self {
        self.0.push('A');
        number(&mut self.0, radius);
        self.0.push(' ');
        number(&mut self.0, radius);
        self.0.push_str(if large { " 0 1 1 " } else { " 0 0 1 " });
        number(&mut self.0, to.0);
        self.0.push(' ');
        number(&mut self.0, to.1);
        self
    }
}

impl Canvas {
    fn element(&mut self, name: &'static str, class: &'static str, numbers: &[(&'static str, f32)]) {
        self.steps.push(Step::Open(name));
        if !class.is_empty() {
            self.steps.push(Step::Attribute("class", class.into()));
        }
        for (name, value) in numbers {
            let mut text = String::new();
            number(&mut text, *value);
            self.steps.push(Step::Attribute(name, text));
        }
    }

    fn close(&mut self) {
        self.steps.push(Step::Close);
    }

    /// A rectangle around a point.
    pub(crate) fn rect(&mut self, class: &'static str, (x, y): Point, (w, h): Point, radius: f32) {
        let numbers = [("x", x - w / 2.0), ("y", y - h / 2.0), ("width", w), ("height", h), ("rx", radius)];
        self.element("rect", class, &numbers);
        self.close();
    }

    pub(crate) fn circle(&mut self, class: &'static str, (x, y): Point, radius: f32) {
        self.element("circle", class, &[("cx", x), ("cy", y), ("r", radius)]);
        self.close();
    }

    pub(crate) fn path(&mut self, class: &'static str, path: Path) {
        self.filled(class, "", path);
    }

    /// A path with a colour of its own, if that is one.
    pub(crate) fn filled(&mut self, class: &'static str, fill: &'static str, path: Path) {
        self.element("path", class, &[]);
        if !fill.is_empty() {
            self.steps.push(Step::Attribute("fill", fill.into()));
        }
        self.steps.push(Step::Attribute("d", path.0));
        self.close();
    }

    /// Lines of words around a point, or from it on.
    pub(crate) fn text(&mut self, anchor: &'static str, (x, y): Point, lines: &[String]) {
        let top = y - (lines.len().saturating_sub(1)) as f32 * LINE / 2.0;
        for (index, line) in lines.iter().enumerate() {
            if line.is_empty() {
                continue;
            }
            self.element("text", "", &[("x", x), ("y", top + index as f32 * LINE)]);
            self.steps.push(Step::Attribute("text-anchor", anchor.into()));
            self.steps.push(Step::Attribute("dominant-baseline", "central".into()));
            self.steps.push(Step::Text(line.clone()));
            self.close();
        }
    }

    /// Adds to the description.
    pub(crate) fn say(&mut self, part: String) {
        self.said.push(part.replace('\n', " "));
    }

    /// The whole drawing, of which this much is used.
    pub(crate) fn finish(self, (width, height): Point) -> Drawing {
        let (width, height) = (width + 2.0 * MARGIN, height + 2.0 * MARGIN);
        let mut svg = Canvas::default();
        svg.element("svg", "", &[("width", width), ("height", height)]);
        let mut view = String::new();
        for (index, value) in [-MARGIN, -MARGIN, width, height].into_iter().enumerate() {
            view.push_str(if index > 0 { " " } else { "" });
            number(&mut view, value);
        }
        svg.steps.extend([
            Step::Attribute("viewBox", view),
            Step::Attribute("role", "img".into()),
            Step::Attribute("direction", "ltr".into()),
        ]);
        svg.steps.extend(self.steps);
        svg.close();
        let said = self.said.join("; ");
        let description = short(&said, LONGEST);
        Drawing { steps: svg.steps, description }
    }
}

/// Writes a number with at most one digit after its point. Formatting of floats would be a tenth of the module.
fn number(text: &mut String, value: f32) {
    let tenths = (value * 10.0).round().clamp(-1e6, 1e6) as i32;
    if tenths < 0 {
        text.push('-');
    }
    let tenths = tenths.unsigned_abs();
    let mut digits = [0_u8; 12];
    let mut at = digits.len();
    let mut whole = tenths / 10;
    loop {
        at -= 1;
        digits[at] = b'0' + (whole % 10) as u8;
        whole /= 10;
        if whole == 0 {
            break;
        }
    }
    text.extend(digits.iter().skip(at).map(|&digit| char::from(digit)));
    if !tenths.is_multiple_of(10) {
        text.push('.');
        text.push(char::from(b'0' + (tenths % 10) as u8));
    }
}
