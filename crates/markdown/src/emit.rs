//! From pieces of a text to the operations that build its nodes.

use crate::{
    Kind, MAX_NODES, Node,
    edit::{Op, push_text},
    inline::{Inline, Piece},
    text::part,
};

/// How many more nodes and levels of them there may be.
#[derive(Clone, Copy)]
pub(crate) struct Room {
    pub(crate) nodes: usize,
    pub(crate) levels: usize,
}

impl Room {
    pub(crate) fn new(levels: usize) -> Self {
        Self { nodes: MAX_NODES, levels }
    }

    fn take(&mut self) -> bool {
        let free = self.nodes > 0;
        self.nodes -= usize::from(free);
        free
    }
}

/// The first `count` pieces of `inline`.
pub(crate) fn emit(inline: &Inline<'_>, count: usize, room: &mut Room, ops: &mut Vec<Op>) {
    let mut open = Vec::new();
    for piece in inline.pieces.iter().take(count) {
        match piece {
            Piece::Source(start, end) => push_text(ops, part(inline.text, *start..*end)),
            Piece::Text(text) => push_text(ops, text),
            Piece::Code(text) => {
                begin(ops, &mut open, room, Kind::InlineCode);
                push_text(ops, text);
                end(ops, &mut open);
            }
            Piece::Run(run) => {
                for _ in 0..run.closes() {
                    end(ops, &mut open);
                }
                let mut buffer = [0; 4];
                run.literal().for_each(|mark| push_text(ops, mark.encode_utf8(&mut buffer)));
                run.opens().for_each(|kind| begin(ops, &mut open, room, kind));
            }
            Piece::Open(kind) => begin(ops, &mut open, room, kind.clone()),
            Piece::Close => end(ops, &mut open),
            Piece::Break if room.take() => ops.push(Op::Leaf(Node::Break)),
            Piece::Image { alt, url, title } if room.take() => {
                let linked = open.contains(&Some(true));
                let url = if linked { None } else { url.clone() };
                ops.push(Op::Leaf(Node::Image { alt: alt.clone(), url, title: title.clone() }));
            }
            Piece::Math { source, display } if room.take() => {
                ops.push(Op::Leaf(Node::Math { source: source.clone(), display: *display }));
            }
            Piece::Math { source, .. } => push_text(ops, source),
            Piece::Break => push_text(ops, "\n"),
            Piece::Image { alt, .. } => push_text(ops, alt),
            Piece::Nothing => {}
        }
    }
}

/// Opens an element if there is room for it. Its content goes to its parent otherwise. `open` says of each whether it
/// is there and a link.
fn begin(ops: &mut Vec<Op>, open: &mut Vec<Option<bool>>, room: &mut Room, kind: Kind) {
    let fits = open.len() < room.levels && room.take();
    open.push(fits.then_some(matches!(kind, Kind::Link { .. })));
    if fits {
        ops.push(Op::Open(kind));
    }
}

fn end(ops: &mut Vec<Op>, open: &mut Vec<Option<bool>>) {
    if let Some(Some(_)) = open.pop() {
        ops.push(Op::Close);
    }
}
