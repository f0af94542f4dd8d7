//! How a sequence is drawn: a column for each who takes part, a row for each message.

use super::{Message, Row, Sequence};
use crate::{
    Drawing,
    canvas::{Canvas, Path, Point},
    graph::{Head, head},
    text,
};

/// Room between what stands side by side.
const GAP: f32 = 28.0;

/// How far a message to oneself goes.
const LOOP: f32 = 30.0;

/// How wide the bar of somebody who is active is.
const BAR: f32 = 10.0;

/// A frame around rows: what it is, from where to where, and its parts.
struct Frame {
    kind: &'static str,
    label: String,
    top: f32,
    bottom: f32,
    columns: (usize, usize),
    depth: usize,
    parts: Vec<(f32, String)>,
}

struct Chart<'a> {
    sequence: &'a Sequence,
    columns: Vec<f32>,
    /// Where each row begins, and how high it is.
    rows: Vec<(f32, f32)>,
    frames: Vec<Frame>,
    /// Who is active, from where to where, and in how many ways at once.
    bars: Vec<(usize, f32, f32, usize)>,
    bottom: f32,
}

pub(super) fn draw(sequence: &Sequence) -> Drawing {
    let mut chart = Chart {
        sequence,
        columns: Vec::new(),
        rows: Vec::new(),
        frames: Vec::new(),
        bars: Vec::new(),
        bottom: 0.0,
    };
    let heads: Vec<_> = sequence.actors.iter().map(|actor| text::wrap(&actor.1)).collect();
    let (title, _, title_height) = text::wrap(&sequence.title);
    let top = if sequence.title.is_empty() { 0.0 } else { title_height + 12.0 };
    let head_height = heads.iter().map(|head| head.2).fold(0.0, f32::max) + 18.0;
    let width = chart.place_columns(&heads.iter().map(|head| head.1 + 28.0).collect::<Vec<_>>());
    chart.place_rows(top + head_height + 14.0);
    let mut canvas = Canvas::default();
    if !sequence.title.is_empty() {
        canvas.text("middle", (width / 2.0, title_height / 2.0), &title);
        canvas.say(sequence.title.clone());
    }
    for &x in &chart.columns {
        let line = Path::default().draw('M', &[(x, top + head_height)]).draw('L', &[(x, chart.bottom)]);
        canvas.path("life", line);
    }
    for frame in &chart.frames {
        chart.frame(&mut canvas, frame);
    }
    for ((lines, width, _), &x) in heads.iter().zip(&chart.columns) {
        canvas.rect("node", (x, top + head_height / 2.0), (width + 28.0, head_height), 4.0);
        canvas.text("middle", (x, top + head_height / 2.0), lines);
    }
    for &(actor, from, to, depth) in &chart.bars {
        let x = chart.columns[actor] + depth as f32 * BAR / 2.0;
        canvas.rect("bar", (x, (from + to) / 2.0), (BAR, (to - from).max(BAR)), 1.0);
    }
    for frame in &chart.frames {
        chart.names(&mut canvas, frame);
    }
    let mut number = 0;
    for (row, &(y, height)) in sequence.rows.iter().zip(&chart.rows) {
        match row {
            Row::Message(message) => {
                number += 1;
                let said = label(message, sequence.numbered.then_some(number));
                chart.message(&mut canvas, message, &said, y, height);
                let name = |actor: usize| sequence.actors[actor].1.as_str();
                let mut words = String::from(name(message.from)) + " → " + name(message.to);
                if !said.is_empty() {
                    words = words + ": " + &said;
                }
                canvas.say(words);
            }
            Row::Note { from, to, side, label } => {
                let (lines, width, height) = text::wrap(label);
                let (at, width) = chart.note(*from, *to, *side, width);
                canvas.rect("note", (at, y + height / 2.0 + 6.0), (width, height + 12.0), 2.0);
                canvas.text("middle", (at, y + height / 2.0 + 6.0), &lines);
                canvas.say(label.clone());
            }
            Row::Begin(kind, label) => canvas.say(String::from(*kind) + " " + label),
            Row::Part(label) if !label.is_empty() => canvas.say(label.clone()),
            _ => {}
        }
    }
    canvas.finish((width, chart.bottom))
}

/// What a message says, with its number.
fn label(message: &Message, number: Option<usize>) -> String {
    match number {
        Some(number) => number.to_string() + ". " + &message.label,
        None => message.label.clone(),
    }
}

impl Chart<'_> {
    /// Gives each column its place, so that what is said has room between them, and says how wide that is.
    fn place_columns(&mut self, widths: &[f32]) -> f32 {
        let count = widths.len();
        // Between a column and the next one, beside the first and beside the last.
        let mut gaps: Vec<f32> = widths.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0 + GAP).collect();
        let mut left = widths.first().map_or(0.0, |width| width / 2.0);
        let mut right = widths.last().map_or(0.0, |width| width / 2.0);
        for row in &self.sequence.rows {
            let (from, to, needed) = match row {
                Row::Message(message) => {
                    let words =
                        text::wrap(&message.label).1 + GAP + if self.sequence.numbered { 24.0 } else { 0.0 };
                    if message.from == message.to {
                        (message.from, message.from + 1, words + LOOP)
                    } else {
                        (message.from.min(message.to), message.from.max(message.to), words)
                    }
                }
                Row::Note { from, to, side, label } => {
                    let words = text::wrap(label).1 + 20.0;
                    match side {
                        0 if from == to => {
                            if *from == 0 {
                                left = left.max(words / 2.0);
                            }
                            (*from, from + 1, words / 2.0 + GAP)
                        }
                        0 => (*from, *to, words - 40.0),
                        -1 if *from == 0 => {
                            left = left.max(words + 10.0);
                            continue;
                        }
                        -1 => (from - 1, *from, words + GAP),
                        _ => (*from, from + 1, words + GAP),
                    }
                }
                _ => continue,
            };
            if to >= count {
                right = right.max(needed);
                continue;
            }
            let there: f32 = gaps.iter().take(to).skip(from).sum();
            if there < needed {
                let more = (needed - there) / (to - from) as f32;
                gaps.iter_mut().take(to).skip(from).for_each(|gap| *gap += more);
            }
        }
        let frames = self.sequence.rows.iter().any(|row| matches!(row, Row::Begin(..)));
        let around = if frames { 24.0 } else { 0.0 };
        let mut x = left + around;
        self.columns.push(x);
        for gap in gaps {
            x += gap;
            self.columns.push(x);
        }
        x + right + around
    }

    /// Gives each row its place from `y` on.
    fn place_rows(&mut self, mut y: f32) {
        let mut open: Vec<Frame> = Vec::new();
        let mut active: Vec<(usize, f32, usize)> = Vec::new();
        for row in &self.sequence.rows {
            let top = y;
            let mut touched = None;
            match row {
                Row::Message(message) => {
                    let (_, _, words) = text::wrap(&message.label);
                    y += words + if message.from == message.to { 34.0 } else { 20.0 };
                    touched = Some((message.from.min(message.to), message.from.max(message.to)));
                }
                Row::Note { from, to, label, .. } => {
                    y += text::wrap(label).2 + 24.0;
                    touched = Some((*from, *to));
                }
                Row::Activate(actor, true) => {
                    let depth = active.iter().filter(|bar| bar.0 == *actor).count();
                    active.push((*actor, y - 8.0, depth));
                }
                Row::Activate(actor, false) => {
                    if let Some(last) = active.iter().rposition(|bar| bar.0 == *actor) {
                        let (actor, from, depth) = active.remove(last);
                        self.bars.push((actor, from, y - 8.0, depth));
                    }
                }
                Row::Begin(kind, label) => {
                    let frame = Frame {
                        kind,
                        label: label.clone(),
                        top: y,
                        bottom: y,
                        columns: (usize::MAX, 0),
                        depth: open.len(),
                        parts: Vec::new(),
                    };
                    open.push(frame);
                    y += 34.0;
                }
                Row::Part(label) => {
                    if let Some(frame) = open.last_mut() {
                        frame.parts.push((y, label.clone()));
                        y += if label.is_empty() { 10.0 } else { 28.0 };
                    }
                }
                Row::End => {
                    if let Some(frame) = open.pop() {
                        self.close(frame, y);
                        y += 14.0;
                    }
                }
            }
            if let Some((from, to)) = touched {
                for frame in &mut open {
                    frame.columns = (frame.columns.0.min(from), frame.columns.1.max(to));
                }
            }
            self.rows.push((top, y - top));
        }
        while let Some(frame) = open.pop() {
            self.close(frame, y);
            y += 14.0;
        }
        self.bottom = y + 8.0;
        let bottom = y;
        self.bars.extend(active.into_iter().map(|(actor, from, depth)| (actor, from, bottom, depth)));
        // Outer ones end last and are drawn first.
        self.frames.reverse();
    }

    fn close(&mut self, mut frame: Frame, bottom: f32) {
        frame.bottom = bottom;
        if frame.columns.0 > frame.columns.1 {
            frame.columns = (0, self.columns.len().saturating_sub(1));
        }
        self.frames.push(frame);
    }

    /// Where a frame begins and ends.
    fn sides(&self, frame: &Frame) -> Point {
        let inset = (4 - frame.depth.min(3)) as f32 * 6.0 + 12.0;
        let words = text::width(frame.kind) + text::width(&frame.label) + 40.0;
        let left = self.columns[frame.columns.0] - inset;
        (left, (self.columns[frame.columns.1] + inset).max(left + words))
    }

    fn frame(&self, canvas: &mut Canvas, frame: &Frame) {
        let (left, right) = self.sides(frame);
        let middle = ((left + right) / 2.0, (frame.top + frame.bottom) / 2.0);
        canvas.rect("frame", middle, (right - left, frame.bottom - frame.top), 2.0);
        for (y, _) in &frame.parts {
            let line = Path::default().draw('M', &[(left, *y)]).draw('L', &[(right, *y)]);
            canvas.path("edge dotted", line);
        }
    }

    /// What a frame and its parts are called, over the bars that pass there.
    fn names(&self, canvas: &mut Canvas, frame: &Frame) {
        let left = self.sides(frame).0;
        let name = text::width(frame.kind) + 12.0;
        canvas.rect("bar", (left + name / 2.0, frame.top + 11.0), (name, 22.0), 0.0);
        canvas.text("middle", (left + name / 2.0, frame.top + 11.0), &[String::from(frame.kind)]);
        let first = (left + name + 4.0, frame.top + 11.0, &frame.label);
        let parts = frame.parts.iter().map(|(y, label)| (left + 4.0, y + 13.0, label));
        for (x, y, label) in std::iter::once(first).chain(parts).filter(|part| !part.2.is_empty()) {
            let label = String::from("[") + &label.replace('\n', " ") + "]";
            let width = text::width(&label) + 4.0;
            canvas.rect("tag", (x + width / 2.0, y), (width, text::LINE), 3.0);
            canvas.text("start", (x + 4.0, y), &[label]);
        }
    }

    /// Where a note stands, and how wide it is.
    fn note(&self, from: usize, to: usize, side: i8, words: f32) -> Point {
        let (first, last) = (self.columns[from], self.columns[to]);
        let width = words + 20.0;
        match side {
            -1 => (first - width / 2.0 - 10.0, width),
            1 => (last + width / 2.0 + 10.0, width),
            _ => ((first + last) / 2.0, width.max(last - first + 40.0)),
        }
    }

    /// How far the bar of somebody reaches to a side at a height.
    fn reach(&self, actor: usize, y: f32, right: bool) -> f32 {
        let here = self.bars.iter().filter(|bar| bar.0 == actor && bar.1 - 1.0 <= y && y <= bar.2 + 1.0);
        let reach = |depth: usize| if right { (depth as f32 + 1.0) * BAR / 2.0 } else { BAR / 2.0 };
        here.map(|bar| reach(bar.3)).fold(0.0, f32::max)
    }

    fn message(&self, canvas: &mut Canvas, message: &Message, said: &str, y: f32, height: f32) {
        let (lines, _, words) = text::wrap(said);
        let class = if message.dotted { "edge dotted" } else { "edge" };
        let line = y + height - 8.0;
        if message.from == message.to {
            let x = self.columns[message.from] + self.reach(message.from, line - 14.0, true);
            let top = line - 18.0;
            let bend = [(x + LOOP, top), (x + LOOP, line), (x + 8.0, line)];
            canvas.path(class, Path::default().draw('M', &[(x, top)]).draw('C', &bend));
            head(canvas, (x, line), (1.0, 0.0), message.heads[1]);
            canvas.text("start", (x + 6.0, y + words / 2.0), &lines);
            return;
        }
        let right = message.to > message.from;
        let towards = if right { 1.0 } else { -1.0 };
        let from = self.columns[message.from] + towards * self.reach(message.from, line, right);
        let to = self.columns[message.to] - towards * self.reach(message.to, line, !right);
        let cut = |head: Head| if head == Head::Arrow { 8.0 * towards } else { 0.0 };
        let path = Path::default().draw('M', &[(from + cut(message.heads[0]), line)]);
        canvas.path(class, path.draw('L', &[(to - cut(message.heads[1]), line)]));
        head(canvas, (to, line), (-towards, 0.0), message.heads[1]);
        head(canvas, (from, line), (towards, 0.0), message.heads[0]);
        canvas.text("middle", ((from + to) / 2.0, y + words / 2.0 + 2.0), &lines);
    }
}
