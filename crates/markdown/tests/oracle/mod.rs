//! The tree that pulldown-cmark gives, in the form of this crate's nodes.
#![allow(dead_code)]

use pulldown_cmark::{Alignment, CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};

use triptych_markdown::{Align, Kind, Node, Url};

const OPTIONS: Options =
    Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH).union(Options::ENABLE_TASKLISTS);

/// Parses a text whose line ends are all `\n`.
pub(crate) fn parse(text: &str) -> Vec<Node> {
    let mut tree = Tree::default();
    for event in Parser::new_ext(text, OPTIONS) {
        tree.event(event);
    }
    tree.nodes
}

/// The same tree as pulldown-cmark would tell it: no paragraphs in tight lists, and no word on which those are.
pub(crate) fn told(nodes: &[Node]) -> Vec<Node> {
    let mut told = Vec::new();
    tell(nodes, false, &mut told);
    told
}

fn tell(nodes: &[Node], tight: bool, into: &mut Vec<Node>) {
    for node in nodes {
        match (node, into.last_mut()) {
            (Node::Element { kind: Kind::Paragraph, children }, _) if tight => tell(children, false, into),
            (Node::Text(more), Some(Node::Text(text))) => text.push_str(more),
            (Node::Element { kind, children }, _) => {
                let mut kind = kind.clone();
                let mut inner = Vec::new();
                match &mut kind {
                    Kind::List { tight, .. } => {
                        let items = children.iter().map(|item| match item {
                            Node::Element { kind, children } => {
                                let mut inner = Vec::new();
                                tell(children, *tight, &mut inner);
                                Node::Element { kind: kind.clone(), children: inner }
                            }
                            other => other.clone(),
                        });
                        inner.extend(items);
                        *tight = true;
                    }
                    _ => tell(children, false, &mut inner),
                }
                into.push(Node::Element { kind, children: inner });
            }
            (node, _) => into.push(node.clone()),
        }
    }
}

/// Whether pulldown-cmark is known to read some such texts otherwise than the specification, which this crate follows.
pub(crate) fn is_disputed(text: &str) -> bool {
    let bytes = text.as_bytes();
    // A tab before a line's end counts there as spaces that break the line, it does not end an attribute's value, and
    // not the text of a heading; a quote's marker after one counts.
    let tab = |at: usize| {
        bytes[at] == b'\t' && (at > 0 && bytes[at - 1] != b'\n' || bytes.get(at + 1) == Some(&b'>'))
    };
    (0..bytes.len()).any(tab)
        // The last line of an open block of code is lost if it is blank and has no end.
        || text.ends_with([' ', '\t'])
        // A backslash at the end of a line, and of a link's text, is not seen to break the line.
        || text.contains("\\\n]")
        || text.contains("\\\n ")
        // An escaped tilde before another lets that end something within a word, an escaped bracket begins a label.
        || text.contains("\\~")
        || text.contains("]\\[")
        // The markers of quotes become part of comments and instructions within a line.
        || (text.contains("\n>") || text.contains("> ")) && (text.contains("<?") || text.contains("<!"))
        // A definition goes before a table, also over its lines. The head of a table ends a paragraph even if the line
        // under it, or its own backslash, makes it none.
        || (text.contains("-|") || text.contains("|-"))
            && (text.contains("]:") || text.contains('>') && text.contains("\n|") || text.contains("\\\n"))
        // The destination of a definition in a lazy line is taken for an underline.
        || text.contains("]:") && (text.contains("\n=") || text.contains("]:\n"))
}

/// The same tree with no more white space than one space or line end at a time, but for code.
pub(crate) fn squeezed(nodes: &[Node]) -> Vec<Node> {
    let mut squeezed = Vec::new();
    for node in nodes {
        match node {
            Node::Text(text) => {
                let mut words = String::new();
                for word in text.split_whitespace() {
                    words.push_str(if words.is_empty() { "" } else { " " });
                    words.push_str(word);
                }
                if !words.is_empty() {
                    squeezed.push(Node::Text(words));
                }
            }
            Node::Element { kind: Kind::Code { .. }, .. } => squeezed.push(node.clone()),
            Node::Element { kind, children } => {
                let kind = match kind {
                    Kind::Link { url, .. } => Kind::Link { url: url.clone(), title: None },
                    kind => kind.clone(),
                };
                squeezed.push(Node::Element { kind, children: self::squeezed(children) });
            }
            Node::Image { url, .. } => {
                squeezed.push(Node::Image { alt: String::new(), url: url.clone(), title: None })
            }
            node => squeezed.push(node.clone()),
        }
    }
    squeezed
}

#[derive(Default)]
struct Tree {
    /// Finished top-level nodes.
    nodes: Vec<Node>,
    /// The elements being filled, outermost first.
    elements: Vec<(Kind, Vec<Node>)>,
    /// For each open tag of the source whether it has an element. One without leaves its content to its parent:
    /// that is what becomes of links to refused addresses and of everything beyond the limits.
    open: Vec<bool>,
    image: Option<Image>,
    alignments: Vec<Alignment>,
    column: usize,
    in_head: bool,
}

struct Image {
    url: Option<Url>,
    title: Option<String>,
    alt: String,
    depth: usize,
}

impl Tree {
    fn event(&mut self, event: Event<'_>) {
        if self.image.is_some() {
            return self.describe(event);
        }
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(text) => {
                self.open(Some(Kind::InlineCode));
                self.text(&text);
                self.close();
            }
            Event::SoftBreak => self.text("\n"),
            Event::HardBreak => self.leaf(Node::Break),
            Event::Rule => self.leaf(Node::Rule),
            Event::TaskListMarker(done) => self.leaf(Node::TaskMarker(done)),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        let kind = match tag {
            Tag::Paragraph => Kind::Paragraph,
            Tag::Heading { level, .. } => Kind::Heading(level as u8),
            Tag::BlockQuote(_) => Kind::Quote,
            Tag::CodeBlock(kind) => Kind::Code { language: language(&kind) },
            Tag::HtmlBlock => Kind::Html,
            Tag::List(start) => {
                Kind::List { ordered: start.is_some(), start: start.unwrap_or(1), tight: true }
            }
            Tag::Item => Kind::Item,
            Tag::Table(alignments) => {
                self.alignments = alignments;
                Kind::Table
            }
            Tag::TableHead => {
                self.in_head = true;
                self.column = 0;
                self.open(Some(Kind::TableHead));
                Kind::TableRow
            }
            Tag::TableRow => {
                self.column = 0;
                Kind::TableRow
            }
            Tag::TableCell => {
                let align = match self.alignments.get(self.column) {
                    Some(Alignment::Left) => Align::Left,
                    Some(Alignment::Center) => Align::Center,
                    Some(Alignment::Right) => Align::Right,
                    _ => Align::Auto,
                };
                self.column += 1;
                Kind::TableCell { header: self.in_head, align }
            }
            Tag::Emphasis => Kind::Emphasis,
            Tag::Strong => Kind::Strong,
            Tag::Strikethrough => Kind::Strike,
            Tag::Link { link_type, dest_url, title, .. } => {
                let url = if link_type == LinkType::Email {
                    Url::new(&(String::from("mailto:") + &dest_url))
                } else {
                    Url::new(&dest_url)
                };
                let link = url.map(|url| Kind::Link { url, title: filled(title) });
                return self.open(link);
            }
            Tag::Image { dest_url, title, .. } => {
                let linked = self.elements.iter().any(|(kind, _)| matches!(kind, Kind::Link { .. }));
                let url = if linked { None } else { Url::new(&dest_url) };
                self.image = Some(Image { url, title: filled(title), alt: String::new(), depth: 0 });
                return;
            }
            _ => return self.open(None),
        };
        self.open(Some(kind));
    }

    fn end(&mut self, tag: TagEnd) {
        self.close();
        match tag {
            TagEnd::TableHead => {
                self.close();
                self.in_head = false;
                self.open(Some(Kind::TableBody));
            }
            TagEnd::Table => self.close(),
            _ => {}
        }
    }

    /// Takes an event inside of an image, where only text counts.
    fn describe(&mut self, event: Event<'_>) {
        let Some(image) = &mut self.image else { return };
        match event {
            Event::Start(_) => image.depth += 1,
            Event::End(_) if image.depth > 0 => image.depth -= 1,
            Event::End(_) => {
                if let Some(Image { url, title, alt, .. }) = self.image.take() {
                    self.leaf(Node::Image { alt, url, title });
                }
            }
            Event::Text(text) | Event::Code(text) | Event::InlineHtml(text) => image.alt.push_str(&text),
            Event::SoftBreak | Event::HardBreak => image.alt.push(' '),
            _ => {}
        }
    }

    fn open(&mut self, kind: Option<Kind>) {
        self.open.push(kind.is_some());
        if let Some(kind) = kind {
            self.elements.push((kind, Vec::new()));
        }
    }

    fn close(&mut self) {
        if self.open.pop() == Some(true)
            && let Some((kind, children)) = self.elements.pop()
        {
            self.siblings().push(Node::Element { kind, children });
        }
    }

    fn siblings(&mut self) -> &mut Vec<Node> {
        match self.elements.last_mut() {
            Some((_, children)) => children,
            None => &mut self.nodes,
        }
    }

    fn leaf(&mut self, node: Node) {
        self.siblings().push(node);
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let siblings = self.siblings();
        if let Some(Node::Text(last)) = siblings.last_mut() {
            return last.push_str(text);
        }
        siblings.push(Node::Text(String::from(text)));
    }
}

fn language(kind: &CodeBlockKind<'_>) -> Option<String> {
    let CodeBlockKind::Fenced(info) = kind else {
        return None;
    };
    let word = info.split([' ', '\t', ',', '{']).next()?;
    (!word.is_empty()).then(|| String::from(word))
}

fn filled(title: CowStr<'_>) -> Option<String> {
    (!title.is_empty()).then(|| title.into_string())
}
