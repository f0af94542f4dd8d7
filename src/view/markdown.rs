//! Draws a message's tree as DOM nodes, and redraws only what an edit changes.

use js_sys::{Promise, Reflect};
use triptych_markdown::{Align, Edit, Kind, Node, Op, Url};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{CharacterData, Document, Element, Event};

/// How long a copy button says what came of it, in milliseconds.
const COPIED_FOR: i32 = 2_000;

/// Draws one message into `root`, whose children are the painter's alone. Each tree node is one DOM node, so that an
/// edit can find its place.
pub(crate) struct Painter {
    root: Element,
    document: Document,
    /// What holds the children of each open element, outermost first.
    open: Vec<web_sys::Node>,
    on_click: Closure<dyn FnMut(Event)>,
}

impl Painter {
    /// A painter for an empty message. `root` must be part of a document, as every element is.
    pub(crate) fn new(root: web_sys::Element) -> Self {
        let document = root.owner_document().unwrap_or_else(|| JsValue::UNDEFINED.unchecked_into());
        let on_click = Closure::<dyn FnMut(Event)>::new(|event: Event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            if let Some(button) = target.and_then(|target| target.closest("button.copy").ok().flatten()) {
                spawn_local(copy(button));
            }
        });
        let _ = root.add_event_listener_with_callback("click", on_click.as_ref().unchecked_ref());
        // The view leaves a marker in an element without children, which would shift every place.
        root.set_text_content(None);
        Self { root, document, open: Vec::new(), on_click }
    }

    /// Brings the DOM up to date. What did not change is not touched; where only text grew, the text node stays.
    pub(crate) fn apply(&mut self, edit: Edit) {
        let mut open = std::mem::take(&mut self.open);
        for op in edit.ops {
            let _ = self.step(&mut open, &self.root, op);
        }
        self.open = open;
    }

    /// Does a step in the tree under `root`, of whose elements `open` are open.
    fn step(&self, open: &mut Vec<web_sys::Node>, root: &web_sys::Node, op: Op) -> Result<(), JsValue> {
        let parent = open.last().unwrap_or(root);
        match op {
            Op::Close => {
                open.pop();
            }
            Op::Reopen => {
                let last = parent.last_child().ok_or(JsValue::NULL)?;
                open.push(holder(last));
            }
            Op::Drop(count) => {
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
                open.push(holder(element.into()));
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
                let list = find(root, &path).ok_or(JsValue::NULL)?;
                list.unchecked_into::<Element>().remove_attribute("class")?;
            }
            Op::Rewrite(path, ops) => {
                let place = find(root, &path).ok_or(JsValue::NULL)?;
                place.set_text_content(None);
                let mut inner = Vec::new();
                for op in ops {
                    self.step(&mut inner, &place, op)?;
                }
            }
        }
        Ok(())
    }

    fn leaf(&self, node: &Node) -> Result<web_sys::Node, JsValue> {
        Ok(match node {
            Node::Rule => self.document.create_element("hr")?.into(),
            Node::Image { alt, url, title } => {
                let image = match url {
                    Some(url) => self.link(url, title.as_deref())?,
                    None => self.document.create_element("span")?,
                };
                image.set_attribute("class", "image")?;
                image.set_text_content(Some(if alt.is_empty() { "Image" } else { alt }));
                image.into()
            }
            Node::TaskMarker(done) => {
                let label = if *done { "Done" } else { "To do" };
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
                let attributes =
                    [("class", "table"), ("tabindex", "0"), ("role", "region"), ("aria-label", "Table")];
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
            Kind::Link { url, title } => return self.link(url, title.as_deref()),
            Kind::Code { language } => return self.code(language.as_deref()),
            Kind::Html => return self.build("p", &[("class", "html")]),
        };
        self.build(name, &[])
    }

    fn link(&self, url: &Url, title: Option<&str>) -> Result<Element, JsValue> {
        let attributes = [
            ("href", url.as_str()),
            ("target", "_blank"),
            ("rel", "noopener noreferrer nofollow"),
            ("part", "link"),
        ];
        let link = self.build("a", &attributes)?;
        if let Some(title) = title {
            link.set_attribute("title", title)?;
        }
        Ok(link)
    }

    fn code(&self, language: Option<&str>) -> Result<Element, JsValue> {
        let figure = self.build("figure", &[("class", "code")])?;
        let caption = self.build("figcaption", &[])?;
        let name = self.build("span", &[])?;
        name.set_text_content(language);
        let button = self.build("button", &[("type", "button"), ("class", "copy")])?;
        button.set_text_content(Some("Copy"));
        caption.append_child(&name)?;
        caption.append_child(&button)?;
        // Code that is too wide scrolls, which a keyboard can only do where there is focus.
        let pre = self.build("pre", &[("tabindex", "0")])?;
        let code = self.build("code", &[])?;
        pre.append_child(&code)?;
        figure.append_child(&caption)?;
        figure.append_child(&pre)?;
        Ok(figure)
    }

    fn build(&self, name: &str, attributes: &[(&str, &str)]) -> Result<Element, JsValue> {
        let element = self.document.create_element(name)?;
        for (name, value) in attributes {
            element.set_attribute(name, value)?;
        }
        Ok(element)
    }
}

impl Drop for Painter {
    fn drop(&mut self) {
        let _ =
            self.root.remove_event_listener_with_callback("click", self.on_click.as_ref().unchecked_ref());
    }
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

/// The node at `path`, of places among children from `root` on.
fn find(root: &web_sys::Node, path: &[usize]) -> Option<web_sys::Node> {
    let (first, rest) = path.split_first()?;
    let child = |node: web_sys::Node, place: usize| node.child_nodes().item(place as u32);
    rest.iter().try_fold(child(root.clone(), *first)?, |node, place| child(holder(node), *place))
}

/// Copies the code that `button` belongs to, and lets the button say for a while how that went.
async fn copy(button: Element) {
    let pre = button
        .closest("figure")
        .ok()
        .flatten()
        .and_then(|figure| figure.query_selector("pre").ok().flatten());
    let Some(text) = pre.and_then(|pre| pre.text_content()) else { return };
    let Some(window) = web_sys::window() else { return };
    let navigator = window.navigator();
    // Pages without a secure context have no clipboard, and calling it there would throw.
    let has_clipboard = Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|value| value.is_object());
    let copied = has_clipboard && JsFuture::from(navigator.clipboard().write_text(&text)).await.is_ok();
    button.set_text_content(Some(if copied { "Copied" } else { "Copy failed" }));
    let pause = Promise::new(&mut |resolve, _| {
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, COPIED_FOR);
    });
    let _ = JsFuture::from(pause).await;
    button.set_text_content(Some("Copy"));
}
