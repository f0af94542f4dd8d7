use std::{borrow::Cow, ops::Range};

use pulldown_cmark::{Alignment, CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};

use crate::{Align, Kind, Node, Url};

/// How deep elements nest at most; what is nested deeper becomes content of the last one.
pub const MAX_DEPTH: usize = 64;

/// How many nodes one top-level block has at most, give or take its last texts; what follows is plain text.
pub const MAX_NODES: usize = 20_000;

const OPTIONS: Options =
    Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH).union(Options::ENABLE_TASKLISTS);

/// How many markers of quotes and items may begin a line.
const MAX_MARKERS: usize = 100;

/// A text's top-level nodes and what is needed to go on from the middle of it.
pub(crate) struct Parsed {
    pub(crate) nodes: Vec<Node>,
    /// Byte offset at which each node begins.
    pub(crate) starts: Vec<usize>,
    /// Byte ranges of the link reference definitions, in order.
    pub(crate) definitions: Vec<Range<usize>>,
}

pub(crate) fn parse(text: &str) -> Parsed {
    let text = shallow(text);
    let events = Parser::new_ext(&text, OPTIONS).into_offset_iter();
    let mut definitions: Vec<_> =
        events.reference_definitions().iter().map(|(_, definition)| definition.span.clone()).collect();
    definitions.sort_unstable_by_key(|span| span.start);
    let mut tree = Tree::default();
    let mut starts = Vec::new();
    for (event, range) in events {
        if tree.open.is_empty() && !matches!(event, Event::End(_)) {
            starts.push(range.start);
            tree.count = 0;
        }
        tree.event(event);
    }
    Parsed { nodes: tree.nodes, starts, definitions }
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
    code: Option<(Option<String>, String)>,
    image: Option<Image>,
    alignments: Vec<Alignment>,
    column: usize,
    in_head: bool,
    /// Nodes in the current top-level block.
    count: usize,
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
            Tag::CodeBlock(kind) => {
                self.code = Some((language(&kind), String::new()));
                // Its node is made at the end; the tag only has to be accounted for.
                return self.open(None);
            }
            Tag::HtmlBlock => Kind::Html,
            Tag::List(start) => Kind::List { ordered: start.is_some(), start: start.unwrap_or(1) },
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
            TagEnd::CodeBlock => {
                if let Some((language, text)) = self.code.take() {
                    self.leaf(Node::Code { language, text });
                }
            }
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
                    if self.full() {
                        self.text(&alt);
                    } else {
                        self.leaf(Node::Image { alt, url, title });
                    }
                }
            }
            Event::Text(text) | Event::Code(text) | Event::InlineHtml(text) => image.alt.push_str(&text),
            Event::SoftBreak | Event::HardBreak => image.alt.push(' '),
            _ => {}
        }
    }

    fn full(&self) -> bool {
        self.count >= MAX_NODES
    }

    fn open(&mut self, kind: Option<Kind>) {
        let kind = kind.filter(|_| self.elements.len() < MAX_DEPTH && !self.full());
        self.open.push(kind.is_some());
        if let Some(kind) = kind {
            self.count += 1;
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
        if self.full() {
            self.text("\n");
        } else {
            self.count += 1;
            self.siblings().push(node);
        }
    }

    fn text(&mut self, text: &str) {
        if let Some((_, code)) = &mut self.code {
            return code.push_str(text);
        }
        let siblings = self.siblings();
        if let Some(Node::Text(last)) = siblings.last_mut() {
            return last.push_str(text);
        }
        siblings.push(Node::Text(String::from(text)));
        self.count += 1;
    }
}

/// Makes text of the first marker too many at the beginning of a line, without moving any other byte. The parser looks
/// at each open container for each line, so that thousands of them would cost the square of the input.
fn shallow(text: &str) -> Cow<'_, str> {
    let mut deep = Vec::new();
    let mut markers = 0;
    let mut leading = true;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' | b'\r' => (markers, leading) = (0, true),
            _ if !leading => {}
            b' ' | b'\t' | b'0'..=b'9' => {}
            b'>' => markers += 1,
            b'-' | b'+' | b'*' | b'.' | b')' => {
                markers += usize::from(matches!(bytes.get(at + 1), Some(b' ' | b'\t')));
            }
            _ => leading = false,
        }
        if markers > MAX_MARKERS {
            deep.push(at);
            (markers, leading) = (0, false);
        }
    }
    if deep.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut flat = String::with_capacity(text.len());
    let mut from = 0;
    for at in deep {
        flat.push_str(text.get(from..at).unwrap_or_default());
        flat.push('_');
        from = at + 1;
    }
    flat.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(flat)
}

fn language(kind: &CodeBlockKind<'_>) -> Option<String> {
    let CodeBlockKind::Fenced(info) = kind else { return None };
    let word = info.split([' ', '\t', ',', '{']).next()?;
    (!word.is_empty()).then(|| String::from(word))
}

fn filled(title: CowStr<'_>) -> Option<String> {
    (!title.is_empty()).then(|| title.into_string())
}
