//! What to change in a tree whose last branches are still growing.

use crate::{Kind, Node};

/// A step. One element at a time is open, at first the root: it is always the last child of its parent, and that one
/// of its own, up to the root. Steps only ever touch its last children, but for the last two kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// The open element's parent is the open one from here on.
    Close,
    /// The open element's last child, an element, is the open one from here on.
    Reopen,
    /// Removes the open element's last children, this many.
    Drop(usize),
    /// Takes so many UTF-16 units off the end of the open element's last child, a text, and leaves some.
    Cut(usize),
    /// Appends an element without children to the open one, and opens it.
    Open(Kind),
    /// Adds to the text that is the open element's last child, or appends one.
    Text(String),
    /// Appends a node that has no children.
    Leaf(Node),
    /// The list at this path, of places among children from the root on, is not [tight](Kind::List) any more.
    Loosen(Vec<usize>),
    /// Builds the children of the element at this path anew, with steps that begin as if that were the root: a late
    /// definition has completed links in them.
    Rewrite(Vec<usize>, Vec<Op>),
}

/// The steps from one state of a tree to the next, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// The steps.
    pub ops: Vec<Op>,
}

/// A tree that edits are done to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    nodes: Vec<Node>,
    /// How many elements are open.
    depth: usize,
}

impl Tree {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Its top-level nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Its top-level nodes.
    pub fn into_nodes(self) -> Vec<Node> {
        self.nodes
    }

    /// Does an edit. Steps that do not fit the tree do nothing.
    pub fn apply(&mut self, edit: Edit) {
        for op in edit.ops {
            match op {
                Op::Close => self.depth = self.depth.saturating_sub(1),
                Op::Reopen => self.depth += 1,
                Op::Loosen(path) => change(&mut self.nodes, &path, &mut |node| {
                    if let Node::Element { kind: Kind::List { tight, .. }, .. } = node {
                        *tight = false;
                    }
                }),
                Op::Rewrite(path, ops) => change(&mut self.nodes, &path, &mut |node| {
                    if let Node::Element { children, .. } = node {
                        let mut tree = Tree::new();
                        tree.apply(Edit { ops: ops.clone() });
                        *children = tree.nodes;
                    }
                }),
                op => {
                    let opens = matches!(op, Op::Open(_));
                    append(&mut self.nodes, self.depth, op);
                    self.depth += usize::from(opens);
                }
            }
        }
    }
}

/// Does a step to the element that is open at `depth`.
fn append(nodes: &mut Vec<Node>, depth: usize, op: Op) {
    match (op, nodes.last_mut()) {
        (op, Some(Node::Element { children, .. })) if depth > 0 => append(children, depth - 1, op),
        (Op::Drop(count), _) => nodes.truncate(nodes.len().saturating_sub(count)),
        (Op::Open(kind), _) => nodes.push(Node::Element { kind, children: Vec::new() }),
        (Op::Leaf(node), _) => nodes.push(node),
        (Op::Text(more), Some(Node::Text(text))) => text.push_str(&more),
        (Op::Text(more), _) => nodes.push(Node::Text(more)),
        (Op::Cut(mut units), Some(Node::Text(text))) => {
            while units > 0
                && let Some(character) = text.pop()
            {
                units = units.saturating_sub(character.len_utf16());
            }
        }
        _ => {}
    }
}

fn change(nodes: &mut [Node], path: &[usize], with: &mut dyn FnMut(&mut Node)) {
    match path {
        [] => {}
        [last] => nodes.get_mut(*last).into_iter().for_each(with),
        [next, rest @ ..] => {
            if let Some(Node::Element { children, .. }) = nodes.get_mut(*next) {
                change(children, rest, with);
            }
        }
    }
}

/// Adds to the text at the end of `ops`, or a new one.
pub(crate) fn push_text(ops: &mut Vec<Op>, text: &str) {
    match ops.last_mut() {
        _ if text.is_empty() => {}
        Some(Op::Text(last)) => last.push_str(text),
        _ => ops.push(Op::Text(String::from(text))),
    }
}
