//! Draws a message's tree as DOM nodes, and redraws only what an edit changes.

use js_sys::{Promise, Reflect};
use triptych_markdown::{Align, Edit, Kind, Node, Url};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Document, Element, Event};

/// How long a copy button says what came of it, in milliseconds.
const COPIED_FOR: i32 = 2_000;

/// How many top-level nodes at the end may still change, even if the last edit left them alone.
const OPEN: usize = 2;

/// Draws one message into `root`, whose children are the painter's alone. Each tree node is one DOM node, so that an
/// edit can find its place.
pub(crate) struct Painter {
    root: Element,
    document: Document,
    /// How many top-level nodes stand before `tail`.
    settled: usize,
    /// The last top-level nodes, which the next edit may grow.
    tail: Vec<Node>,
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
        Self { root, document, settled: 0, tail: Vec::new(), on_click }
    }

    /// Brings the DOM up to date. What did not change is not touched; where only text grew, the text node stays.
    pub(crate) fn apply(&mut self, edit: Edit) {
        let old = match edit.keep.checked_sub(self.settled) {
            Some(kept) => self.tail.split_off(kept.min(self.tail.len())),
            None => {
                // Older nodes than the tail change only when a late definition completes links in them.
                self.remove_from(edit.keep);
                self.tail.clear();
                self.settled = edit.keep;
                Vec::new()
            }
        };
        let first = self.root.child_nodes().item(edit.keep as u32);
        let _ = self.reconcile(&self.root, first, &old, &edit.nodes);
        let open = edit.nodes.len().max(OPEN);
        self.tail.extend(edit.nodes);
        let done = self.tail.len().saturating_sub(open);
        self.tail.drain(..done);
        self.settled += done;
    }

    fn remove_from(&self, index: usize) {
        while let Some(extra) = self.root.child_nodes().item(index as u32) {
            if self.root.remove_child(&extra).is_err() {
                return;
            }
        }
    }

    /// Turns the DOM nodes of `old`, of which `at` is the first, into those of `new`.
    fn reconcile(
        &self,
        parent: &web_sys::Node,
        mut at: Option<web_sys::Node>,
        old: &[Node],
        new: &[Node],
    ) -> Result<(), JsValue> {
        for (old, new) in old.iter().zip(new) {
            let Some(dom) = at else { break };
            at = dom.next_sibling();
            if old != new && !self.update(&dom, old, new)? {
                parent.replace_child(&self.create(new)?, &dom)?;
            }
        }
        while let Some(extra) = at {
            at = extra.next_sibling();
            parent.remove_child(&extra)?;
        }
        for node in new.get(old.len()..).unwrap_or_default() {
            parent.append_child(&self.create(node)?)?;
        }
        Ok(())
    }

    /// Changes `dom` from `old` to `new` if they are of the same shape, and says whether they were.
    fn update(&self, dom: &web_sys::Node, old: &Node, new: &Node) -> Result<bool, JsValue> {
        match (old, new) {
            (Node::Text(old), Node::Text(new)) => rewrite(dom, old, new)?,
            (
                Node::Element { kind: old_kind, children: old },
                Node::Element { kind: new_kind, children: new },
            ) if old_kind == new_kind => {
                let holder = match new_kind {
                    Kind::Table => dom.first_child().ok_or(JsValue::NULL)?,
                    _ => dom.clone(),
                };
                self.reconcile(&holder, holder.first_child(), old, new)?;
            }
            (
                Node::Code { language: old_language, text: old },
                Node::Code { language: new_language, text: new },
            ) if old_language == new_language => {
                // figure > (figcaption, pre > code > text)
                let code = dom.last_child().and_then(|pre| pre.first_child());
                let text = code.and_then(|code| code.first_child()).ok_or(JsValue::NULL)?;
                rewrite(&text, old, new)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn create(&self, node: &Node) -> Result<web_sys::Node, JsValue> {
        Ok(match node {
            Node::Text(text) => self.document.create_text_node(text).into(),
            Node::Break => self.document.create_element("br")?.into(),
            Node::Rule => self.document.create_element("hr")?.into(),
            Node::Element { kind, children } => self.element(kind, children)?.into(),
            Node::Code { language, text } => self.code(language.as_deref(), text)?.into(),
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
        })
    }

    fn element(&self, kind: &Kind, children: &[Node]) -> Result<Element, JsValue> {
        let element = match kind {
            Kind::Paragraph => self.build("p", &[])?,
            Kind::Heading(level) => {
                let name = ["h1", "h2", "h3", "h4", "h5", "h6"].get(usize::from(*level).saturating_sub(1));
                self.build(name.unwrap_or(&"h6"), &[])?
            }
            Kind::Emphasis => self.build("em", &[])?,
            Kind::Strong => self.build("strong", &[])?,
            Kind::Strike => self.build("del", &[])?,
            Kind::InlineCode => self.build("code", &[])?,
            Kind::Quote => self.build("blockquote", &[])?,
            Kind::List { ordered: false, .. } => self.build("ul", &[])?,
            Kind::List { start: 1, .. } => self.build("ol", &[])?,
            Kind::List { start, .. } => self.build("ol", &[("start", &start.to_string())])?,
            Kind::Item => self.build("li", &[])?,
            Kind::Table => {
                let attributes =
                    [("class", "table"), ("tabindex", "0"), ("role", "region"), ("aria-label", "Table")];
                let region = self.build("div", &attributes)?;
                let table = self.build("table", &[])?;
                self.reconcile(&table, None, &[], children)?;
                region.append_child(&table)?;
                return Ok(region);
            }
            Kind::TableHead => self.build("thead", &[])?,
            Kind::TableBody => self.build("tbody", &[])?,
            Kind::TableRow => self.build("tr", &[])?,
            Kind::TableCell { header, align } => {
                let cell =
                    if *header { self.build("th", &[("scope", "col")])? } else { self.build("td", &[])? };
                let class = match align {
                    Align::Auto => "",
                    Align::Left => "left",
                    Align::Center => "center",
                    Align::Right => "right",
                };
                if !class.is_empty() {
                    cell.set_attribute("class", class)?;
                }
                cell
            }
            Kind::Link { url, title } => self.link(url, title.as_deref())?,
            Kind::Html => self.build("p", &[("class", "html")])?,
        };
        self.reconcile(&element, None, &[], children)?;
        Ok(element)
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

    fn code(&self, language: Option<&str>, text: &str) -> Result<Element, JsValue> {
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
        code.append_child(&self.document.create_text_node(text))?;
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

/// Sets the text of the text node `dom`, which is `old`. Adding to it leaves a selection in it alone.
fn rewrite(dom: &web_sys::Node, old: &str, new: &str) -> Result<(), JsValue> {
    match (new.strip_prefix(old), dom.dyn_ref::<web_sys::CharacterData>()) {
        (Some(""), _) => {}
        (Some(more), Some(text)) => text.append_data(more)?,
        _ => dom.set_text_content(Some(new)),
    }
    Ok(())
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
