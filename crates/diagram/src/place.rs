//! Where everything in a graph is. Each group is laid out by itself and is one vertex of what it stands in, so that
//! groups never overlap.

use crate::{
    Error,
    canvas::Point,
    graph::{Direction, Graph},
    layered::{self, Link},
    shape, text,
};

/// How deep groups nest at most.
const MAX_GROUPS: usize = 8;

/// Room within a group, beside its title.
const PADDING: f32 = 16.0;

/// How far an edge goes that comes back to where it began.
const LOOP: f32 = 26.0;

/// The way of an edge.
#[derive(Clone, Default)]
pub(crate) struct Route {
    pub(crate) points: Vec<Point>,
    pub(crate) label: Point,
    /// Which way the first point is left, and which way to go from the last one to come back.
    pub(crate) leaves: Point,
    pub(crate) arrives: Point,
}

/// Where everything is: centers, sizes and ways.
pub(crate) struct Placed {
    pub(crate) at: Vec<Point>,
    pub(crate) sizes: Vec<Point>,
    pub(crate) routes: Vec<Route>,
    pub(crate) size: Point,
}

struct Placer<'a> {
    graph: &'a Graph,
    /// Relative to the group that it stands in, until all sizes are known.
    at: Vec<Point>,
    sizes: Vec<Point>,
    /// For each edge the group that it was laid out in, its inner points and whether they lead backwards.
    ways: Vec<(Option<usize>, Vec<Point>, Point, bool)>,
}

pub(crate) fn place(graph: &Graph) -> Result<Placed, Error> {
    let count = graph.vertices.len();
    let mut placer = Placer {
        graph,
        at: vec![(0.0, 0.0); count],
        sizes: graph.vertices.iter().map(shape::size).collect(),
        ways: vec![(None, Vec::new(), (0.0, 0.0), false); graph.edges.len()],
    };
    let size = placer.group(None, graph.direction, 0)?;
    let relative = placer.at.clone();
    // From the center of a vertex, in its group, to where it is in the whole.
    let origin = |group: Option<usize>| {
        group.map_or((0.0, 0.0), |group| {
            graph.outward(group).fold((0.0, 0.0), |(x, y), of| {
                let (w, h) = placer.sizes[of];
                (x + relative[of].0 - w / 2.0, y + relative[of].1 - h / 2.0)
            })
        })
    };
    let at: Vec<Point> = (0..count)
        .map(|vertex| {
            let (x, y) = origin(graph.vertices[vertex].parent);
            (x + relative[vertex].0, y + relative[vertex].1)
        })
        .collect();
    let routes = (0..graph.edges.len())
        .map(|edge| {
            let (group, inner, label, reversed) = &placer.ways[edge];
            let (x, y) = origin(*group);
            let mut inner: Vec<Point> = inner.iter().map(|point| (point.0 + x, point.1 + y)).collect();
            if *reversed {
                inner.reverse();
            }
            let label = (label.0 + x, label.1 + y);
            let direction = direction(graph, *group);
            route(
                graph,
                edge,
                (&at, &placer.sizes),
                inner,
                label,
                if *reversed { opposite(direction) } else { direction },
            )
        })
        .collect::<Vec<Route>>();
    let loops = graph.edges.iter().any(|edge| edge.from == edge.to);
    let more = if loops { LOOP + 40.0 } else { 0.0 };
    Ok(Placed { at, sizes: placer.sizes, routes, size: (size.0 + more, size.1) })
}

fn direction(graph: &Graph, group: Option<usize>) -> Direction {
    let own = group.and_then(|group| graph.outward(group).find_map(|of| graph.vertices[of].direction));
    own.unwrap_or(graph.direction)
}

fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Down => Direction::Up,
        Direction::Up => Direction::Down,
        Direction::Right => Direction::Left,
        Direction::Left => Direction::Right,
    }
}

fn route(
    graph: &Graph,
    edge: usize,
    (at, sizes): (&[Point], &[Point]),
    inner: Vec<Point>,
    label: Point,
    direction: Direction,
) -> Route {
    let edge = &graph.edges[edge];
    let ((fx, fy), (fw, fh)) = (at[edge.from], sizes[edge.from]);
    let ((tx, ty), (tw, th)) = (at[edge.to], sizes[edge.to]);
    if edge.from == edge.to {
        let x = fx + fw / 2.0;
        let points = vec![(x, fy - fh / 5.0), (x + LOOP, fy), (x, fy + fh / 5.0)];
        let (_, width, _) = text::wrap(&edge.label);
        return Route {
            points,
            label: (x + LOOP + width / 2.0, fy),
            leaves: (1.0, 0.0),
            arrives: (1.0, 0.0),
        };
    }
    let (dx, dy): Point = match direction {
        Direction::Down => (0.0, 1.0),
        Direction::Up => (0.0, -1.0),
        Direction::Right => (1.0, 0.0),
        Direction::Left => (-1.0, 0.0),
    };
    let mut points = vec![(fx + dx * fw / 2.0, fy + dy * fh / 2.0)];
    points.extend(inner);
    points.push((tx - dx * tw / 2.0, ty - dy * th / 2.0));
    Route { points, label, leaves: (dx, dy), arrives: (-dx, -dy) }
}

impl Placer<'_> {
    /// Lays out what stands in a group, and says how large that is.
    fn group(&mut self, group: Option<usize>, direction: Direction, depth: usize) -> Result<Point, Error> {
        if depth > MAX_GROUPS {
            return Err(Error::TooLarge);
        }
        let graph = self.graph;
        let members: Vec<usize> =
            (0..graph.vertices.len()).filter(|&vertex| graph.vertices[vertex].parent == group).collect();
        for &member in &members {
            let of = &graph.vertices[member];
            if of.group {
                let inner = self.group(Some(member), of.direction.unwrap_or(direction), depth + 1)?;
                self.sizes[member] = inner;
            }
        }
        let member_of = |vertex: usize| {
            let member = graph.outward(vertex).find(|&of| graph.vertices[of].parent == group)?;
            members.iter().position(|&other| other == member)
        };
        let (mut links, mut edges) = (Vec::new(), Vec::new());
        for (index, edge) in graph.edges.iter().enumerate() {
            let (Some(from), Some(to)) = (member_of(edge.from), member_of(edge.to)) else { continue };
            if from != to {
                let label = (!edge.label.is_empty()).then(|| {
                    let (_, width, height) = text::wrap(&edge.label);
                    turned(direction, (width + 12.0, height + 4.0))
                });
                links.push(Link { from, to, label });
                edges.push(index);
            }
        }
        let sizes: Vec<Point> = members.iter().map(|&member| turned(direction, self.sizes[member])).collect();
        let layout = layered::layout(&sizes, &links)?;
        let (title, head) = match group {
            Some(group) => {
                let (_, width, height) = text::wrap(&graph.vertices[group].label);
                (width + 2.0 * PADDING, height + 12.0)
            }
            None => (0.0, 0.0),
        };
        let padding = if group.is_some() { PADDING } else { 0.0 };
        let (inner_width, inner_height) = turned(direction, layout.size);
        let size = ((inner_width + 2.0 * padding).max(title), inner_height + head + 2.0 * padding);
        let shift = (size.0 - inner_width) / 2.0;
        let turn = |point: Point| {
            let (x, y) = turned(direction, point);
            let x = if direction == Direction::Left { inner_width - x } else { x };
            let y = if direction == Direction::Up { inner_height - y } else { y };
            (x + shift, y + head + padding)
        };
        for (&member, &at) in members.iter().zip(&layout.at) {
            self.at[member] = turn(at);
        }
        for (index, edge) in edges.into_iter().enumerate() {
            let points = layout.ways[index].iter().map(|&point| turn(point)).collect();
            self.ways[edge] = (group, points, turn(layout.labels[index]), layout.reversed[index]);
        }
        Ok(size)
    }
}

/// Layers go from left to right where the direction is level.
fn turned(direction: Direction, (x, y): Point) -> Point {
    if direction.is_level() { (y, x) } else { (x, y) }
}
