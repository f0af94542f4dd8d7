//! Vertices in layers: ranks from the direction of the edges, an order within each layer in which few edges cross, and
//! places that keep edges straight.

use crate::{Error, canvas::Point};

/// How many places there are at most, with those that long edges pass through.
const MAX_CELLS: usize = 3_000;

/// Room between what stands side by side, and between layers.
const GAP: f32 = 30.0;
const LAYER_GAP: f32 = 46.0;

/// An edge between two vertices, and how large its label is.
pub(crate) struct Link {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) label: Option<Point>,
}

/// Where everything is, in layers from top to bottom.
pub(crate) struct Layout {
    pub(crate) at: Vec<Point>,
    /// For each link the points that it passes through from its upper end to the lower one, with the first and the
    /// last of them on the edges of its layers.
    pub(crate) ways: Vec<Vec<Point>>,
    pub(crate) labels: Vec<Point>,
    /// Whether the upper end is that which the link leads to.
    pub(crate) reversed: Vec<bool>,
    pub(crate) size: Point,
}

struct Cell {
    size: Point,
    rank: usize,
    x: f32,
    up: Vec<usize>,
    down: Vec<usize>,
    passing: bool,
}

pub(crate) fn layout(sizes: &[Point], links: &[Link]) -> Result<Layout, Error> {
    let reversed = backward(sizes.len(), links);
    let span: Vec<usize> = links
        .iter()
        .enumerate()
        .map(|(index, link)| {
            let again = links.iter().take(index).any(|other| {
                (other.from, other.to) == (link.from, link.to)
                    || (other.from, other.to) == (link.to, link.from)
            });
            if link.label.is_some() || again { 2 } else { 1 }
        })
        .collect();
    let ends = |index: usize| {
        let link = &links[index];
        if reversed[index] { (link.to, link.from) } else { (link.from, link.to) }
    };
    let ranks = rank(sizes.len(), links.len(), &ends, &span);
    let mut cells: Vec<Cell> = sizes
        .iter()
        .zip(&ranks)
        .map(|(&size, &rank)| Cell { size, rank, x: 0.0, up: Vec::new(), down: Vec::new(), passing: false })
        .collect();
    let mut through = Vec::new();
    for (index, link) in links.iter().enumerate() {
        let (upper, lower) = ends(index);
        let (first, last) = (ranks[upper], ranks[lower]);
        let mut way = vec![upper];
        for rank in first + 1..last {
            let middle = rank == usize::midpoint(first, last);
            let size = link.label.filter(|_| middle).unwrap_or((1.0, 0.0));
            cells.push(Cell { size, rank, x: 0.0, up: Vec::new(), down: Vec::new(), passing: true });
            way.push(cells.len() - 1);
        }
        way.push(lower);
        if cells.len() > MAX_CELLS {
            return Err(Error::TooLarge);
        }
        if upper != lower {
            for pair in way.windows(2) {
                cells[pair[0]].down.push(pair[1]);
                cells[pair[1]].up.push(pair[0]);
            }
        }
        through.push(way);
    }
    let layers = order(&cells);
    spread(&mut cells, &layers);
    Ok(finish(&cells, &layers, sizes.len(), links, through, reversed))
}

/// Which links lead back to where one came from.
fn backward(count: usize, links: &[Link]) -> Vec<bool> {
    let mut out = vec![Vec::new(); count];
    for (index, link) in links.iter().enumerate() {
        out[link.from].push(index);
    }
    // 0 not seen, 1 on the way here, 2 done.
    let mut seen = vec![0_u8; count];
    let mut reversed = vec![false; links.len()];
    for start in 0..count {
        let mut stack = vec![(start, 0)];
        if seen[start] > 0 {
            continue;
        }
        seen[start] = 1;
        while let Some((vertex, next)) = stack.last_mut() {
            let Some(&link) = out[*vertex].get(*next) else {
                seen[*vertex] = 2;
                stack.pop();
                continue;
            };
            *next += 1;
            let to = links[link].to;
            match seen[to] {
                0 => {
                    seen[to] = 1;
                    stack.push((to, 0));
                }
                1 => reversed[link] = true,
                _ => {}
            }
        }
    }
    reversed
}

/// The layer of each vertex: below all that lead to it, and not far above what it leads to.
fn rank(count: usize, links: usize, ends: &dyn Fn(usize) -> (usize, usize), span: &[usize]) -> Vec<usize> {
    let mut rank = vec![0_usize; count];
    let inner: Vec<(usize, usize, usize)> = (0..links)
        .map(|index| (ends(index).0, ends(index).1, span[index]))
        .filter(|(from, to, _)| from != to)
        .collect();
    for _ in 0..count {
        let mut changed = false;
        for &(from, to, span) in &inner {
            if rank[to] < rank[from] + span {
                rank[to] = rank[from] + span;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    for vertex in 0..count {
        if !inner.iter().any(|&(_, to, _)| to == vertex) {
            let below = inner.iter().filter(|&&(from, ..)| from == vertex);
            let nearest = below.map(|&(_, to, span)| rank[to] - span).min();
            rank[vertex] = nearest.unwrap_or(rank[vertex]);
        }
    }
    rank
}

/// The cells of each layer in an order in which few edges cross.
fn order(cells: &[Cell]) -> Vec<Vec<usize>> {
    let count = cells.iter().map(|cell| cell.rank + 1).max().unwrap_or_default();
    let mut layers = vec![Vec::new(); count];
    let mut seen = vec![false; cells.len()];
    // From each source down, so that what belongs together begins side by side.
    let inner = |&cell: &usize| !cells[cell].up.is_empty();
    let mut stack: Vec<usize> = (0..cells.len()).rev().filter(inner).collect();
    stack.extend((0..cells.len()).rev().filter(|cell| !inner(cell)));
    while let Some(cell) = stack.pop() {
        if !std::mem::replace(&mut seen[cell], true) {
            layers[cells[cell].rank].push(cell);
            stack.extend(cells[cell].down.iter().rev());
        }
    }
    let mut best = (crossings(cells, &layers), layers.clone());
    for sweep in 0..8 {
        let mut place = vec![0.0_f32; cells.len()];
        let down = sweep % 2 == 0;
        for step in 0..count {
            let layer = if down { step } else { count - 1 - step };
            let key = |cell: usize| {
                let near = if down { &cells[cell].up } else { &cells[cell].down };
                let sum: f32 = near.iter().map(|&other| place[other]).sum();
                (!near.is_empty()).then(|| sum / near.len() as f32)
            };
            let cells = layers[layer].iter().enumerate();
            let keyed = cells.map(|(index, &cell)| (key(cell).unwrap_or(index as f32), cell));
            layers[layer] = sorted(keyed);
            for (index, &cell) in layers[layer].iter().enumerate() {
                place[cell] = index as f32;
            }
        }
        let crossed = crossings(cells, &layers);
        if crossed < best.0 {
            best = (crossed, layers.clone());
        }
    }
    best.1
}

/// In the order of their keys, those with the same one as they came. There are few, mostly in order: the standard
/// library's sort would be larger than all the rest of the layout.
pub(crate) fn sorted(keyed: impl Iterator<Item = (f32, usize)>) -> Vec<usize> {
    let mut sorted: Vec<(f32, usize)> = Vec::new();
    for (key, value) in keyed {
        let at = sorted.iter().rposition(|other| other.0 <= key).map_or(0, |at| at + 1);
        sorted.insert(at, (key, value));
    }
    sorted.into_iter().map(|(_, value)| value).collect()
}

fn crossings(cells: &[Cell], layers: &[Vec<usize>]) -> usize {
    let mut place = vec![0; cells.len()];
    for layer in layers {
        layer.iter().enumerate().for_each(|(index, &cell)| place[cell] = index);
    }
    let mut crossed = 0;
    for layer in layers {
        let mut edges = Vec::new();
        for &cell in layer {
            edges.extend(cells[cell].down.iter().map(|&below| (place[cell], place[below])));
        }
        for (index, (from, to)) in edges.iter().enumerate() {
            crossed += edges
                .iter()
                .skip(index + 1)
                .filter(|(f, t)| (f > from && t < to) || (f < from && t > to))
                .count();
        }
    }
    crossed
}

/// Gives each cell its place within its layer: as near to those above and below as the others let it.
fn spread(cells: &mut [Cell], layers: &[Vec<usize>]) {
    for layer in layers {
        let mut x = 0.0;
        for &cell in layer {
            cells[cell].x = x + cells[cell].size.0 / 2.0;
            x += cells[cell].size.0 + GAP;
        }
    }
    for sweep in 0..16 {
        for step in 0..layers.len() {
            let layer = if sweep % 2 == 0 { &layers[step] } else { &layers[layers.len() - 1 - step] };
            let wanted: Vec<(f32, f32)> = layer
                .iter()
                .map(|&cell| {
                    let of = &cells[cell];
                    let near: Vec<usize> = match sweep {
                        0..12 if sweep % 2 == 0 => of.up.clone(),
                        0..12 => of.down.clone(),
                        _ => of.up.iter().chain(&of.down).copied().collect(),
                    };
                    let sum: f32 = near.iter().map(|&other| cells[other].x).sum();
                    let x = if near.is_empty() { of.x } else { sum / near.len() as f32 };
                    let weight = if near.is_empty() {
                        0.1
                    } else if of.passing {
                        2.0
                    } else {
                        1.0
                    };
                    (x, weight)
                })
                .collect();
            settle(cells, layer, &wanted);
        }
    }
    let left = cells.iter().map(|cell| cell.x - cell.size.0 / 2.0).fold(f32::INFINITY, f32::min);
    cells.iter_mut().for_each(|cell| cell.x -= left);
}

/// Places a layer as near to what is wanted as the widths allow: blocks that touch move as one.
fn settle(cells: &mut [Cell], layer: &[usize], wanted: &[(f32, f32)]) {
    let mut blocks: Vec<(f32, f32, usize)> = Vec::new();
    let (mut offset, mut offsets) = (0.0, Vec::new());
    for (index, &cell) in layer.iter().enumerate() {
        if index > 0 {
            let before = &cells[layer[index - 1]];
            let gap = if before.passing && cells[cell].passing { GAP / 2.0 } else { GAP };
            offset += (before.size.0 + cells[cell].size.0) / 2.0 + gap;
        }
        offsets.push(offset);
        let (x, weight) = wanted[index];
        let mut block = (x - offset, weight, 1);
        while let Some(&(place, heavy, count)) = blocks.last() {
            if place <= block.0 {
                break;
            }
            blocks.pop();
            let both = heavy + block.1;
            block = ((place * heavy + block.0 * block.1) / both, both, count + block.2);
        }
        blocks.push(block);
    }
    let places = blocks.iter().flat_map(|&(place, _, count)| std::iter::repeat_n(place, count));
    for ((&cell, offset), place) in layer.iter().zip(offsets).zip(places) {
        cells[cell].x = place + offset;
    }
}

fn finish(
    cells: &[Cell],
    layers: &[Vec<usize>],
    count: usize,
    links: &[Link],
    through: Vec<Vec<usize>>,
    reversed: Vec<bool>,
) -> Layout {
    let mut bands = Vec::new();
    let mut y = 0.0;
    for layer in layers {
        let height = layer.iter().map(|&cell| cells[cell].size.1).fold(0.0, f32::max);
        bands.push((y, y + height));
        y += height + if height > 0.0 { LAYER_GAP } else { LAYER_GAP / 2.0 };
    }
    let middle = |cell: usize| {
        let (top, bottom) = bands[cells[cell].rank];
        (cells[cell].x, (top + bottom) / 2.0)
    };
    let mut ways = Vec::new();
    let mut labels = Vec::new();
    for (link, way) in links.iter().zip(through) {
        let passed = way.get(1..way.len().saturating_sub(1)).unwrap_or_default();
        let mut points = Vec::new();
        for &cell in passed {
            let (top, bottom) = bands[cells[cell].rank];
            points.push((cells[cell].x, top));
            points.push((cells[cell].x, bottom));
        }
        points.dedup();
        let label = passed.iter().find(|&&cell| link.label == Some(cells[cell].size));
        labels.push(label.map_or_else(|| middle(way[0]), |&cell| middle(cell)));
        ways.push(points);
    }
    let width = cells.iter().map(|cell| cell.x + cell.size.0 / 2.0).fold(0.0, f32::max);
    let height = bands.last().map_or(0.0, |band| band.1);
    Layout { at: (0..count).map(middle).collect(), ways, labels, reversed, size: (width, height) }
}
