//! Draws a message's tree as DOM nodes, and redraws only what an edit changes.

mod chunks;
mod code;
mod drawing;
mod highlight;
mod image;
mod lexer;
mod link;
mod root;

use std::cell::RefCell;

use triptych_markdown::{Align, Edit, Kind, Node, Op};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CharacterData, Document, Element};

pub use self::chunks::Chunks;
pub use self::code::Announce;
use self::code::Copying;
pub(crate) use self::code::{to_clipboard, told};
use self::highlight::Highlight;
pub use self::image::Hosts;
use self::image::{Images, Loading};
use self::root::Root;
use crate::locale::{Text, Words};

/// How many blocks of code are remembered, in case that one is opened again.
const REMEMBERED: usize = 4;

/// What holds the children of an element. The text of code is not drawn as it comes.
struct Place {
    node: web_sys::Node,
    code: Option<Highlight>,
    /// What draws the code when it is complete.
    part: Option<&'static str>,
}

/// Draws one message into its root, whose children are the painter's alone. Each tree node is one DOM node, so that an
/// edit can find its place.
pub struct Painter {
    root: Root,
    words: Words,
    document: Document,
    /// Where the children of each open element go, outermost first.
    open: Vec<Place>,
    chunks: Chunks,
    hosts: Hosts,
    /// The last blocks of code.
    codes: RefCell<Vec<Highlight>>,
    _copying: Copying,
    _loading: Loading,
}

impl Painter {
    /// A painter for an empty message. `root` must be part of a document, as every element is. Images of `hosts`
    /// are drawn at once, others when they are asked for. What is said of copied code goes to `announce`.
    pub fn new(
        root: web_sys::Element,
        chunks: Chunks,
        hosts: Hosts,
        words: Words,
        announce: Announce,
    ) -> Self {
        let document = root.owner_document().unwrap_or_else(|| JsValue::UNDEFINED.unchecked_into());
        let copying = Copying::listen(&root, words, announce);
        let loading = Loading::listen(&root, &document, words);
        Self {
            root: Root::of(root),
            words,
            document,
            open: Vec::new(),
            chunks,
            hosts,
            codes: RefCell::default(),
            _copying: copying,
            _loading: loading,
        }
    }

    /// Brings the DOM up to date. What did not change is not touched; where only text grew, the text node stays.
    pub fn apply(&mut self, edit: Edit) {
        let mut open = std::mem::take(&mut self.open);
        for op in edit.ops {
            let _ = self.step(&mut open, None, op);
        }
        self.open = open;
        self.codes.borrow().iter().for_each(Highlight::flush);
    }

    /// Does a step in the tree under `top`, or in the whole one, of whose elements `open` are open.
    fn step(&self, open: &mut Vec<Place>, top: Option<&web_sys::Node>, op: Op) -> Result<(), JsValue> {
        let place = open.last();
        let group;
        let parent = match place.map(|place| &place.node).or(top) {
            Some(node) => node,
            None => {
                group = self.root.group(&self.document, matches!(op, Op::Open(_) | Op::Leaf(_)))?;
                &group
            }
        };
        match (&op, place.and_then(|place| place.code.as_ref())) {
            (Op::Text(text), Some(code)) => {
                code.push(text);
                return Ok(());
            }
            (Op::Cut(units), Some(code)) => {
                code.cut(*units);
                return Ok(());
            }
            (Op::Drop(_), Some(code)) => {
                code.clear();
                return Ok(());
            }
            _ => {}
        }
        match op {
            Op::Close => {
                let closed = open.pop();
                if let Some(Place { node, part: Some(part), .. }) = closed
                    && let Some(figure) = figure(&node)
                {
                    drawing::block(figure, self.chunks.clone(), self.words, part);
                }
            }
            Op::Reopen => {
                let last = parent.last_child().ok_or(JsValue::NULL)?;
                let node = holder(last);
                let code = self.codes.borrow().iter().find(|code| code.is_in(&node)).cloned();
                let mut part = None;
                if code.is_some()
                    && let Some(figure) = figure(&node)
                {
                    drawing::undo(&figure);
                    part = drawing::part_of(&figure);
                }
                open.push(Place { node, code, part });
            }
            Op::Drop(count) => {
                if open.is_empty() && top.is_none() {
                    return self.root.take_off(count);
                }
                for _ in 0..count {
                    let last = parent.last_child().ok_or(JsValue::NULL)?;
                    parent.remove_child(&last)?;
                }
            }
            Op::Cut(units) => {
                let text = parent.last_child().ok_or(JsValue::NULL)?.unchecked_into::<CharacterData>();
                let units = units as u32;
                text.delete_data(text.length().saturating_sub(units), units)?;
            }
            Op::Open(kind) => {
                let element = self.element(&kind)?;
                parent.append_child(&element)?;
                let node = holder(element.clone().into());
                let (code, part) = match &kind {
                    Kind::Code { language } => {
                        let part = drawing::part(&self.chunks, language.as_deref());
                        if let Some(part) = part {
                            let _ = element.class_list().add_1(part);
                        }
                        let language = language.as_deref().filter(|_| part.is_none());
                        (Some(self.highlight(&element, &node, language)), part)
                    }
                    _ => (None, None),
                };
                open.push(Place { node, code, part });
            }
            // Adding to a text node leaves a selection in it alone.
            Op::Text(text) => {
                match parent.last_child().and_then(|last| last.dyn_into::<web_sys::Text>().ok()) {
                    Some(last) => last.append_data(&text)?,
                    None => {
                        parent.append_child(&self.document.create_text_node(&text))?;
                    }
                }
            }
            Op::Leaf(node) => {
                parent.append_child(&self.leaf(&node)?)?;
            }
            Op::Loosen(path) => {
                let list = self.find(&path).ok_or(JsValue::NULL)?;
                list.unchecked_into::<Element>().remove_attribute("class")?;
            }
            Op::Rewrite(path, ops) => {
                let place = self.find(&path).ok_or(JsValue::NULL)?;
                place.set_text_content(None);
                let mut inner = Vec::new();
                for op in ops {
                    self.step(&mut inner, Some(&place), op)?;
                }
            }
        }
        Ok(())
    }

    fn leaf(&self, node: &Node) -> Result<web_sys::Node, JsValue> {
        Ok(match node {
            Node::Rule => self.document.create_element("hr")?.into(),
            Node::Image { alt, url, title } => {
                let images = Images { document: &self.document, hosts: &self.hosts, words: self.words };
                images.image(alt, url.as_ref(), title.as_deref())?.into()
            }
            Node::Math { source, display } => {
                drawing::formula(&self.document, &self.chunks, self.words, source, *display)?.into()
            }
            Node::TaskMarker(done) => {
                let label = self.words.get(if *done { Text::Done } else { Text::ToDo });
                let marker =
                    self.build("input", &[("type", "checkbox"), ("disabled", ""), ("aria-label", label)])?;
                if *done {
                    marker.set_attribute("checked", "")?;
                }
                marker.into()
            }
            _ => self.document.create_element("br")?.into(),
        })
    }

    fn element(&self, kind: &Kind) -> Result<Element, JsValue> {
        let name = match kind {
            Kind::Paragraph => "p",
            Kind::Heading(level) => {
                let name = ["h1", "h2", "h3", "h4", "h5", "h6"].get(usize::from(*level).saturating_sub(1));
                name.unwrap_or(&"h6")
            }
            Kind::Emphasis => "em",
            Kind::Strong => "strong",
            Kind::Strike => "del",
            Kind::InlineCode => "code",
            Kind::Quote => "blockquote",
            Kind::List { ordered, start, tight } => {
                let list = self.build(if *ordered { "ol" } else { "ul" }, &[])?;
                if *tight {
                    list.set_attribute("class", "tight")?;
                }
                if *start != 1 {
                    list.set_attribute("start", &start.to_string())?;
                }
                return Ok(list);
            }
            Kind::Item => "li",
            Kind::Table => {
                let attributes = [
                    ("class", "table"),
                    ("tabindex", "0"),
                    ("role", "region"),
                    ("aria-label", self.words.get(Text::Table)),
                ];
                let region = self.build("div", &attributes)?;
                region.append_child(&*self.build("table", &[])?)?;
                return Ok(region);
            }
            Kind::TableHead => "thead",
            Kind::TableBody => "tbody",
            Kind::TableRow => "tr",
            Kind::TableCell { header, align } => {
                let cell =
                    if *header { self.build("th", &[("scope", "col")])? } else { self.build("td", &[])? };
                let class = match align {
                    Align::Auto => return Ok(cell),
                    Align::Left => "left",
                    Align::Center => "center",
                    Align::Right => "right",
                };
                cell.set_attribute("class", class)?;
                return Ok(cell);
            }
            Kind::Link { url, title } => return link::link(&self.document, url, title.as_deref()),
            Kind::Code { language } => return code::frame(&self.document, self.words, language.as_deref()),
            Kind::Html => return self.build("p", &[("class", "html")]),
        };
        self.build(name, &[])
    }

    /// The text of a new block of code, which stands in `node`.
    fn highlight(&self, figure: &Element, node: &web_sys::Node, language: Option<&str>) -> Highlight {
        let code = Highlight::new(&self.chunks, figure, node.clone(), language.unwrap_or_default());
        let mut codes = self.codes.borrow_mut();
        if codes.len() == REMEMBERED {
            // It is not flushed with the others any more.
            codes.remove(0).flush();
        }
        codes.push(code.clone());
        code
    }

    /// The node at `path`, of places among children from the root on.
    fn find(&self, path: &[usize]) -> Option<web_sys::Node> {
        let (first, rest) = path.split_first()?;
        let child = |node: web_sys::Node, place: usize| node.child_nodes().item(place as u32);
        rest.iter().try_fold(self.root.block(*first)?, |node, place| child(holder(node), *place))
    }

    fn build(&self, name: &str, attributes: &[(&str, &str)]) -> Result<Element, JsValue> {
        build(&self.document, name, attributes)
    }
}

fn build(document: &Document, name: &str, attributes: &[(&str, &str)]) -> Result<Element, JsValue> {
    let element = document.create_element(name)?;
    for (name, value) in attributes {
        element.set_attribute(name, value)?;
    }
    Ok(element)
}

/// Where the children of an element stand: tables and code have a frame around them.
fn holder(element: web_sys::Node) -> web_sys::Node {
    let inner = match element.node_name().as_str() {
        "DIV" => element.first_child(),
        // figure > (figcaption, pre > code)
        "FIGURE" => element.last_child().and_then(|pre| pre.first_child()),
        _ => None,
    };
    inner.unwrap_or(element)
}

/// The frame around the text of code.
fn figure(node: &web_sys::Node) -> Option<Element> {
    node.parent_element()?.parent_element()
}
