//! The text of a code block: plain as it comes, coloured as soon as the part of the widget that can is there.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{CharacterData, Document, Element, Node};

use super::chunks::Chunks;
use super::code;

/// How much is coloured at once, in bytes, so that no frame waits for it.
const SLICE: usize = 4_096;
/// The names of classes in the style sheet, in the order of their numbers. The first has none.
const CLASSES: [&str; 15] = ["", "c", "k", "s", "e", "n", "f", "t", "p", "g", "v", "m", "h", "i", "d"];
/// Languages whose code has no colours.
const PLAIN: [&str; 5] = ["", "text", "txt", "plain", "plaintext"];

#[wasm_bindgen]
extern "C" {
    /// The exports of `triptych-highlight`.
    #[derive(Clone)]
    type Module;
    #[wasm_bindgen(method, catch)]
    fn open(this: &Module, language: &str) -> Result<Option<Lexer>, JsValue>;

    type Lexer;
    #[wasm_bindgen(method, catch)]
    fn push(this: &Lexer, text: &str) -> Result<Vec<u32>, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn cut(this: &Lexer, units: u32) -> Result<bool, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn language(this: &Lexer) -> Result<String, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn free(this: &Lexer) -> Result<(), JsValue>;
}

/// The text of one code block. Copies are of the same.
#[derive(Clone)]
pub(super) struct Highlight(Rc<RefCell<Text>>);

struct Text {
    document: Document,
    /// What holds the text and nothing else.
    element: Node,
    language: String,
    lexer: Option<(Module, Lexer)>,
    /// The block waits for the part, or for its turn to be coloured.
    waiting: bool,
    /// What is drawn plain in a last node of its own, while `waiting`.
    plain: String,
    /// What came and is not drawn yet.
    fresh: String,
    /// Lengths and classes of the last nodes, which may change, and their text.
    tail: Vec<u32>,
    unsettled: String,
}

impl Highlight {
    /// The text in `element`, of code in `language`, within `figure`.
    pub(super) fn new(chunks: &Chunks, figure: &Element, element: Node, language: &str) -> Self {
        let waiting = !PLAIN.contains(&language);
        let document = element.owner_document().unwrap_or_else(|| JsValue::UNDEFINED.unchecked_into());
        let this = Self(Rc::new(RefCell::new(Text {
            document,
            element,
            language: language.to_owned(),
            lexer: None,
            waiting,
            plain: String::new(),
            fresh: String::new(),
            tail: Vec::new(),
            unsettled: String::new(),
        })));
        if waiting {
            spawn_local(this.clone().colour(chunks.clone(), figure.clone()));
        }
        this
    }

    pub(super) fn is_in(&self, element: &Node) -> bool {
        self.0.borrow().element.is_same_node(Some(element))
    }

    /// Adds text, which is drawn with the next [`flush`](Self::flush).
    pub(super) fn push(&self, text: &str) {
        self.0.borrow_mut().fresh.push_str(text);
    }

    /// Takes so many UTF-16 units off the end.
    pub(super) fn cut(&self, units: usize) {
        let mut text = self.0.borrow_mut();
        let units = pop(&mut text.fresh, units);
        let _ = text.cut(units);
    }

    /// Takes everything away.
    pub(super) fn clear(&self) {
        self.cut(usize::MAX);
    }

    /// Draws what was added.
    pub(super) fn flush(&self) {
        let mut text = self.0.borrow_mut();
        let fresh = std::mem::take(&mut text.fresh);
        if fresh.is_empty() {
            return;
        }
        if text.lexer.is_some() && !text.waiting && fresh.len() > SLICE {
            text.waiting = true;
            spawn_local(self.clone().catch_up());
        }
        let _ = text.draw(&fresh);
    }

    async fn colour(self, chunks: Chunks, figure: Element) {
        if let Some(module) = chunks.load("highlight").await {
            let module: Module = module.unchecked_into();
            let lexer = module.open(&self.0.borrow().language);
            if let Ok(Some(lexer)) = lexer {
                if let Ok(language) = lexer.language() {
                    code::name(&figure, &language);
                }
                self.0.borrow_mut().lexer = Some((module, lexer));
                return self.catch_up().await;
            }
        }
        let mut text = self.0.borrow_mut();
        text.waiting = false;
        text.plain = String::new();
    }

    /// Colours what is there, a slice at a time.
    async fn catch_up(self) {
        loop {
            pause().await;
            let mut text = self.0.borrow_mut();
            let _ = text.slice();
            if text.plain.is_empty() {
                text.waiting = false;
                return;
            }
        }
    }
}

impl Text {
    fn draw(&mut self, fresh: &str) -> Result<(), JsValue> {
        if !self.waiting && self.lexer.is_some() {
            return self.read(fresh, None);
        }
        let begun = !self.waiting || !self.plain.is_empty();
        if self.waiting {
            self.plain.push_str(fresh);
        }
        match self.element.last_child().and_then(|last| last.dyn_into::<web_sys::Text>().ok()) {
            // Adding to a text node leaves a selection in it alone.
            Some(last) if begun => last.append_data(fresh),
            _ => self.add(fresh, None),
        }
    }

    /// Colours the beginning of what is plain.
    fn slice(&mut self) -> Result<(), JsValue> {
        if self.plain.is_empty() {
            return Ok(());
        }
        let rest = self.plain.split_off(self.plain.floor_char_boundary(SLICE));
        let slice = std::mem::replace(&mut self.plain, rest);
        let plain = self.element.last_child().ok_or(JsValue::NULL)?;
        if self.plain.is_empty() {
            self.element.remove_child(&plain)?;
            return self.read(&slice, None);
        }
        plain.unchecked_ref::<CharacterData>().delete_data(0, units(&slice) as u32)?;
        self.read(&slice, Some(&plain))
    }

    /// Draws more text in its colours, before a node.
    fn read(&mut self, fresh: &str, before: Option<&Node>) -> Result<(), JsValue> {
        let Some((module, lexer)) = &self.lexer else { return self.add(fresh, before) };
        let Ok(numbers) = lexer.push(fresh) else {
            // A module that failed stays failed. The text does not suffer, and the next block has a new one.
            if let Ok(reset) = Reflect::get(module, &"__wbg_reset_state".into())
                && let Some(reset) = reset.dyn_ref::<Function>()
            {
                let _ = reset.call0(module);
            }
            self.lexer = None;
            return self.add(fresh, before);
        };
        self.unsettled.push_str(fresh);
        match numbers.split_first() {
            Some((settled, spans)) => self.paint(*settled as usize, spans, before),
            None => Ok(()),
        }
    }

    /// Draws spans in the place of the last nodes. Those that are the same stay, and the one after them may grow.
    fn paint(&mut self, settled: usize, spans: &[u32], before: Option<&Node>) -> Result<(), JsValue> {
        let last = |element: &Node| {
            let last = before.map_or_else(|| element.last_child(), Node::previous_sibling);
            last.ok_or(JsValue::NULL)
        };
        let same = self.tail.iter().zip(spans).take_while(|(old, new)| old == new).count();
        let mut skip = same;
        let mut at: usize = spans.iter().take(same).map(|span| (span >> 4) as usize).sum();
        at = bytes(&self.unsettled, at);
        match (self.tail.get(same..).unwrap_or_default(), spans.get(same)) {
            ([old], Some(new)) if old & 15 == new & 15 && old < new => {
                let (rest, length) = (&self.unsettled[at..], (new >> 4) as usize);
                let end = bytes(rest, length);
                let node = last(&self.element)?;
                let text = if new & 15 == 0 { node } else { node.first_child().ok_or(JsValue::NULL)? };
                let more = &rest[bytes(rest, (old >> 4) as usize)..end];
                text.unchecked_ref::<CharacterData>().append_data(more)?;
                at += end;
                skip += 1;
            }
            (old, _) => {
                for _ in old {
                    self.element.remove_child(&last(&self.element)?)?;
                }
            }
        }
        for span in spans.iter().skip(skip) {
            let end = at + bytes(&self.unsettled[at..], (span >> 4) as usize);
            let text = self.document.create_text_node(&self.unsettled[at..end]);
            match CLASSES.get((span & 15) as usize) {
                Some(class) if !class.is_empty() => {
                    let element = self.document.create_element("span")?;
                    element.set_class_name(class);
                    element.append_child(&text)?;
                    self.element.insert_before(&element, before)?;
                }
                _ => {
                    self.element.insert_before(&text, before)?;
                }
            }
            at = end;
        }
        let done: usize = spans.iter().take(settled).map(|span| (span >> 4) as usize).sum();
        self.unsettled.drain(..bytes(&self.unsettled, done));
        self.tail = spans.get(settled..).unwrap_or_default().to_vec();
        Ok(())
    }

    /// Adds a text without colours before a node.
    fn add(&self, text: &str, before: Option<&Node>) -> Result<(), JsValue> {
        self.element.insert_before(&self.document.create_text_node(text), before).map(drop)
    }

    /// Takes so many UTF-16 units off the end of what is drawn.
    fn cut(&mut self, mut count: usize) -> Result<(), JsValue> {
        if count == 0 {
            return Ok(());
        }
        if !self.plain.is_empty() || self.lexer.is_none() {
            let Some(last) = self.element.last_child() else { return Ok(()) };
            let last = last.unchecked_into::<CharacterData>();
            let length = last.length() as usize;
            if count < length {
                pop(&mut self.plain, count);
                return last.delete_data((length - count) as u32, count as u32);
            }
            self.element.remove_child(&last)?;
            self.plain.clear();
            count -= length;
        }
        let Some((module, lexer)) = &self.lexer else { return Ok(()) };
        if count <= units(&self.unsettled) {
            lexer.cut(count as u32)?;
            pop(&mut self.unsettled, count);
            return self.read("", None);
        }
        // What was settled goes: all that is left is read anew.
        let mut all = self.element.text_content().unwrap_or_default();
        pop(&mut all, count);
        let (module, fresh) = (module.clone(), module.open(&self.language)?);
        lexer.free()?;
        self.lexer = fresh.map(|lexer| (module, lexer));
        self.element.set_text_content(None);
        self.tail.clear();
        self.unsettled.clear();
        self.read(&all, None)
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        if let Some((_, lexer)) = &self.lexer {
            let _ = lexer.free();
        }
    }
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The length in bytes of the first so many UTF-16 units.
fn bytes(text: &str, units: usize) -> usize {
    let mut left = units;
    let end = text.char_indices().find(|(_, character)| {
        let fits = left >= character.len_utf16();
        left = left.saturating_sub(character.len_utf16());
        !fits
    });
    end.map_or(text.len(), |(at, _)| at)
}

/// Takes so many UTF-16 units off the end, and says how many were missing.
fn pop(text: &mut String, mut units: usize) -> usize {
    while units > 0
        && let Some(character) = text.pop()
    {
        units = units.saturating_sub(character.len_utf16());
    }
    units
}

/// Lets the browser do what is due.
async fn pause() {
    let timer = Promise::new(&mut |resolve, _| {
        if let Some(window) = web_sys::window() {
            let _ = window.set_timeout_with_callback(&resolve);
        }
    });
    let _ = JsFuture::from(timer).await;
}
