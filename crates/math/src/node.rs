//! A formula as a tree, before it is handed out.

use crate::Step;

/// What a node does with what stands around it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Plain,
    /// Scripts go under and over it: always, or where there is room for that.
    Limits {
        always: bool,
    },
    /// The name of a function, which is set apart from what follows.
    Function,
    /// Letters that more may be added to.
    Word,
}

#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) tag: &'static str,
    pub(crate) attributes: Vec<(&'static str, &'static str)>,
    pub(crate) text: String,
    pub(crate) children: Vec<Node>,
    pub(crate) role: Role,
}

impl Node {
    pub(crate) fn new(tag: &'static str, children: Vec<Node>) -> Self {
        Self { tag, attributes: Vec::new(), text: String::new(), children, role: Role::Plain }
    }

    pub(crate) fn text(tag: &'static str, text: &str) -> Self {
        let mut node = Self::new(tag, Vec::new());
        node.text.push_str(text);
        node
    }

    /// Several nodes as one.
    pub(crate) fn row(mut nodes: Vec<Node>) -> Self {
        match nodes.pop() {
            // An operator alone in braces is to be no operator any more.
            Some(node) if nodes.is_empty() && node.tag != "mo" => Self { role: Role::Plain, ..node },
            Some(node) => {
                nodes.push(node);
                Self::new("mrow", nodes)
            }
            None => Self::new("mrow", nodes),
        }
    }

    pub(crate) fn space(width: &'static str) -> Self {
        Self::new("mspace", Vec::new()).with("width", width)
    }

    /// An operator that keeps its size and takes no room.
    pub(crate) fn fence(text: &str) -> Self {
        let fence = Self::text("mo", text).with("stretchy", "false");
        if matches!(text, "|" | "‖" | "∖") {
            fence.with("lspace", "0").with("rspace", "0")
        } else {
            fence
        }
    }

    /// An operator that grows with what stands beside it.
    pub(crate) fn stretchy(text: &str, form: &'static str) -> Self {
        Self::text("mo", text).with("stretchy", "true").with("form", form)
    }

    pub(crate) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.attributes.push((name, value));
        self
    }

    pub(crate) fn in_role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    pub(crate) fn steps(self, steps: &mut Vec<Step>) {
        steps.push(Step::Open(self.tag));
        steps.extend(self.attributes.into_iter().map(|(name, value)| Step::Attribute(name, value)));
        if !self.text.is_empty() {
            steps.push(Step::Text(self.text));
        }
        for child in self.children {
            child.steps(steps);
        }
        steps.push(Step::Close);
    }
}
