//! The shapes of vertices.

use crate::{
    canvas::{Canvas, Path, Point},
    graph::Vertex,
    text,
};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Rect,
    Round,
    Stadium,
    Subroutine,
    Cylinder,
    Circle,
    Double,
    Flag,
    Diamond,
    Hexagon,
    Slanted,
    SlantedBack,
    Trapezoid,
    Funnel,
    /// Where states begin.
    Start,
    /// Where they end.
    Stop,
    /// Where they part or meet.
    Bar,
}

/// How large a vertex is.
pub(crate) fn size(vertex: &Vertex) -> Point {
    let (_, width, height) = text::wrap(&vertex.label);
    let (w, h) = (width.max(14.0) + 28.0, height + 18.0);
    match vertex.shape {
        Shape::Rect | Shape::Round => (w, h),
        Shape::Stadium | Shape::Subroutine => (w + 10.0, h),
        Shape::Cylinder => (w, h + 18.0),
        Shape::Circle | Shape::Double => {
            let across = width.hypot(height) + 18.0;
            (across, across)
        }
        // Words in a diamond have half of its width and half of its height, about.
        Shape::Diamond => (width * 1.3 + height * 1.3 + 20.0, height * 1.8 + 26.0 + width * 0.12),
        Shape::Flag
        | Shape::Hexagon
        | Shape::Slanted
        | Shape::SlantedBack
        | Shape::Trapezoid
        | Shape::Funnel => (w + 24.0, h),
        Shape::Start => (16.0, 16.0),
        Shape::Stop => (20.0, 20.0),
        Shape::Bar => (64.0, 6.0),
    }
}

pub(crate) fn draw(canvas: &mut Canvas, vertex: &Vertex, at: Point, size: Point) {
    let ((x, y), (w, h)) = (at, size);
    let (left, right, top, bottom) = (x - w / 2.0, x + w / 2.0, y - h / 2.0, y + h / 2.0);
    let inset = 12.0_f32.min(w / 2.0);
    let polygon = |points: &[Point]| {
        points
            .iter()
            .enumerate()
            .fold(Path::default(), |path, (index, &point)| {
                path.draw(if index > 0 { 'L' } else { 'M' }, &[point])
            })
            .close()
    };
    let mut words = at;
    match vertex.shape {
        Shape::Rect => canvas.rect("node", at, size, 2.0),
        Shape::Round => canvas.rect("node", at, size, 8.0),
        Shape::Stadium => canvas.rect("node", at, size, h / 2.0),
        Shape::Subroutine => {
            canvas.rect("node", at, size, 0.0);
            canvas.rect("node", at, (w - 12.0, h), 0.0);
        }
        Shape::Circle => canvas.circle("node", at, w / 2.0),
        Shape::Double => {
            canvas.circle("node", at, w / 2.0);
            canvas.circle("node", at, w / 2.0 - 4.0);
        }
        Shape::Cylinder => {
            let lid = [(left, top + 2.0), (right, top + 2.0), (right, top + 10.0)];
            let back = [(right, top + 18.0), (left, top + 18.0), (left, top + 10.0)];
            let body = Path::default()
                .draw('M', &[(left, top + 10.0)])
                .draw('C', &lid)
                .draw('L', &[(right, bottom - 8.0)]);
            let base = [(right, bottom), (left, bottom), (left, bottom - 8.0)];
            canvas.path("node", body.draw('C', &base).close());
            canvas.path("edge", Path::default().draw('M', &[(right, top + 10.0)]).draw('C', &back));
            words.1 += 6.0;
        }
        Shape::Diamond => canvas.path("node", polygon(&[(x, top), (right, y), (x, bottom), (left, y)])),
        Shape::Hexagon => canvas.path(
            "node",
            polygon(&[
                (left + inset, top),
                (right - inset, top),
                (right, y),
                (right - inset, bottom),
                (left + inset, bottom),
                (left, y),
            ]),
        ),
        Shape::Flag => canvas.path(
            "node",
            polygon(&[(left, top), (right, top), (right, bottom), (left, bottom), (left + inset, y)]),
        ),
        Shape::Slanted => canvas.path(
            "node",
            polygon(&[(left + inset, top), (right, top), (right - inset, bottom), (left, bottom)]),
        ),
        Shape::SlantedBack => canvas.path(
            "node",
            polygon(&[(left, top), (right - inset, top), (right, bottom), (left + inset, bottom)]),
        ),
        Shape::Trapezoid => canvas.path(
            "node",
            polygon(&[(left + inset, top), (right - inset, top), (right, bottom), (left, bottom)]),
        ),
        Shape::Funnel => canvas.path(
            "node",
            polygon(&[(left, top), (right, top), (right - inset, bottom), (left + inset, bottom)]),
        ),
        Shape::Start => canvas.circle("head", at, w / 2.0),
        Shape::Stop => {
            canvas.circle("node", at, w / 2.0);
            canvas.circle("head", at, w / 2.0 - 5.0);
        }
        Shape::Bar => canvas.rect("head", at, size, 2.0),
    }
    if !matches!(vertex.shape, Shape::Start | Shape::Stop | Shape::Bar) {
        canvas.text("middle", words, &text::wrap(&vertex.label).0);
    }
}
