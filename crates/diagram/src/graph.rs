//! Vertices in groups, with edges between them, and how they are drawn.

use crate::{
    Drawing, Error, MAX_PARTS,
    canvas::{Canvas, Path, Point},
    layered,
    place::{self, Route},
    shape::{self, Shape},
    text,
};

/// How long the head of an arrow is.
const HEAD: f32 = 9.0;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Down,
    Up,
    Right,
    Left,
}

impl Direction {
    pub(crate) fn read(name: &str) -> Option<Self> {
        Some(match name.trim() {
            "TD" | "TB" => Self::Down,
            "BT" => Self::Up,
            "LR" => Self::Right,
            "RL" => Self::Left,
            _ => return None,
        })
    }

    pub(crate) fn is_level(self) -> bool {
        matches!(self, Self::Left | Self::Right)
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Line {
    #[default]
    Solid,
    Dotted,
    Thick,
    Hidden,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Head {
    #[default]
    None,
    Arrow,
    Circle,
    Cross,
}

#[derive(Clone, Default)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) label: String,
    pub(crate) line: Line,
    /// At its beginning and at its end.
    pub(crate) heads: [Head; 2],
}

pub(crate) struct Vertex {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) shape: Shape,
    /// The group it stands in.
    pub(crate) parent: Option<usize>,
    /// Whether others stand in it.
    pub(crate) group: bool,
    /// Which way those go, if not the same as outside.
    pub(crate) direction: Option<Direction>,
}

pub(crate) struct Graph {
    pub(crate) direction: Direction,
    pub(crate) vertices: Vec<Vertex>,
    pub(crate) edges: Vec<Edge>,
}

impl Graph {
    pub(crate) fn new(direction: Direction) -> Self {
        Self { direction, vertices: Vec::new(), edges: Vec::new() }
    }

    /// The vertex of this name, which stands in the group that names it first.
    pub(crate) fn vertex(&mut self, id: &str, group: Option<usize>) -> Result<usize, Error> {
        if let Some(vertex) = self.vertices.iter().position(|vertex| vertex.id == id) {
            let known = &self.vertices[vertex];
            // Nothing stands in itself.
            let within = group.is_some_and(|group| self.outward(group).any(|outer| outer == vertex));
            if known.parent.is_none() && !known.group && !within {
                self.vertices[vertex].parent = group;
            }
            return Ok(vertex);
        }
        if self.vertices.len() >= MAX_PARTS {
            return Err(Error::TooLarge);
        }
        self.vertices.push(Vertex {
            id: id.into(),
            label: id.into(),
            shape: Shape::Rect,
            parent: group,
            group: false,
            direction: None,
        });
        Ok(self.vertices.len() - 1)
    }

    /// The vertex of this name, in which others are going to stand.
    pub(crate) fn group(&mut self, id: &str, parent: Option<usize>) -> Result<usize, Error> {
        let group = self.vertex(id, None)?;
        let mut outer = parent;
        while let Some(vertex) = outer {
            // A group does not stand in itself.
            if vertex == group {
                return Ok(group);
            }
            outer = self.vertices[vertex].parent;
        }
        self.vertices[group].group = true;
        self.vertices[group].parent = parent;
        Ok(group)
    }

    pub(crate) fn connect(&mut self, edge: Edge) -> Result<(), Error> {
        if self.edges.len() >= 2 * MAX_PARTS {
            return Err(Error::TooLarge);
        }
        self.edges.push(edge);
        Ok(())
    }

    /// The groups that a vertex stands in, from itself outwards.
    pub(crate) fn outward(&self, vertex: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(vertex), |&vertex| self.vertices.get(vertex)?.parent)
    }
}

/// Draws groups, then edges, then what they lead to, so that nothing is hidden.
pub(crate) fn draw(graph: &Graph) -> Result<Drawing, Error> {
    if graph.vertices.is_empty() {
        return Err(Error::Line(String::new()));
    }
    let placed = place::place(graph)?;
    let mut canvas = Canvas::default();
    let groups = (0..graph.vertices.len()).filter(|&vertex| graph.vertices[vertex].group);
    for group in layered::sorted(groups.map(|group| (graph.outward(group).count() as f32, group))) {
        let ((x, y), size) = (placed.at[group], placed.sizes[group]);
        canvas.rect("group", (x, y), size, 6.0);
        let (lines, _, height) = text::wrap(&graph.vertices[group].label);
        canvas.text("middle", (x, y - size.1 / 2.0 + 6.0 + height / 2.0), &lines);
    }
    for (edge, route) in graph.edges.iter().zip(&placed.routes) {
        if edge.line != Line::Hidden {
            line(&mut canvas, edge, route);
        }
    }
    for (vertex, (at, size)) in graph.vertices.iter().zip(placed.at.iter().zip(&placed.sizes)) {
        if !vertex.group {
            shape::draw(&mut canvas, vertex, *at, *size);
        }
    }
    for (edge, route) in graph.edges.iter().zip(&placed.routes) {
        let (lines, width, height) = text::wrap(&edge.label);
        if !edge.label.is_empty() && edge.line != Line::Hidden {
            canvas.rect("tag", route.label, (width + 8.0, height + 2.0), 3.0);
            canvas.text("middle", route.label, &lines);
        }
    }
    tell(graph, &mut canvas);
    Ok(canvas.finish(placed.size))
}

fn tell(graph: &Graph, canvas: &mut Canvas) {
    let name = |vertex: usize| match &graph.vertices[vertex].label {
        label if label.is_empty() => "●",
        label => label.as_str(),
    };
    for edge in graph.edges.iter().filter(|edge| edge.line != Line::Hidden) {
        let arrow = match edge.heads {
            [Head::None, Head::None] => " — ",
            [_, Head::None] => " ← ",
            [Head::None, _] => " → ",
            _ => " ↔ ",
        };
        let mut said = String::from(name(edge.from)) + arrow + name(edge.to);
        if !edge.label.is_empty() {
            said = said + " (" + &edge.label + ")";
        }
        canvas.say(said);
    }
    for (vertex, of) in graph.vertices.iter().enumerate() {
        let alone = !graph.edges.iter().any(|edge| edge.from == vertex || edge.to == vertex);
        if alone && !of.group {
            canvas.say(String::from(name(vertex)));
        }
    }
}

fn line(canvas: &mut Canvas, edge: &Edge, route: &Route) {
    let class = match edge.line {
        Line::Dotted => "edge dotted",
        Line::Thick => "edge thick",
        _ => "edge",
    };
    let mut points = route.points.clone();
    // Towards the inside of the path, at either end.
    let (first, last) = (route.leaves, route.arrives);
    let ends = [(0, first, edge.heads[0]), (points.len() - 1, last, edge.heads[1])];
    for (index, (dx, dy), head) in ends {
        if head == Head::Arrow || head == Head::Circle {
            points[index] = (points[index].0 + dx * (HEAD - 1.0), points[index].1 + dy * (HEAD - 1.0));
        }
    }
    let mut path = Path::default().draw('M', points.get(..1).unwrap_or_default());
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let bend: [Point; 2] = if first.1 == 0.0 {
            let middle = (from.0 + to.0) / 2.0;
            [(middle, from.1), (middle, to.1)]
        } else {
            let middle = (from.1 + to.1) / 2.0;
            [(from.0, middle), (to.0, middle)]
        };
        path = path.draw('C', &[bend[0], bend[1], to]);
    }
    canvas.path(class, path);
    for (index, towards, shape) in ends {
        if let Some(&end) = route.points.get(index) {
            head(canvas, end, towards, shape);
        }
    }
}

/// The head of an arrow at `end`, whose line comes from where `(dx, dy)` points.
pub(crate) fn head(canvas: &mut Canvas, (x, y): Point, (dx, dy): Point, head: Head) {
    match head {
        Head::None => {}
        Head::Arrow => {
            let (bx, by) = (x + dx * HEAD, y + dy * HEAD);
            let (sx, sy) = (dy * HEAD * 0.45, dx * HEAD * 0.45);
            let path = Path::default().draw('M', &[(x, y)]).draw('L', &[(bx + sx, by + sy)]);
            canvas.path("head", path.draw('L', &[(bx - sx, by - sy)]).close());
        }
        Head::Circle => canvas.circle("head", (x + dx * HEAD / 2.0, y + dy * HEAD / 2.0), HEAD / 2.0),
        Head::Cross => {
            let (cx, cy) = (x + dx * HEAD * 0.8, y + dy * HEAD * 0.8);
            let d = HEAD * 0.45;
            let path = Path::default().draw('M', &[(cx - d, cy - d)]).draw('L', &[(cx + d, cy + d)]);
            canvas.path("edge", path.draw('M', &[(cx - d, cy + d)]).draw('L', &[(cx + d, cy - d)]));
        }
    }
}
