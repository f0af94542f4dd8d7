//! The text of a code block: plain as it comes, coloured as soon as the part of the widget that can is there.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{CharacterData, Document, Element, Node};

use super::chunks::{Chunks, reset};
use super::code;
use super::lexer::{Lexer, Module};

/// Lines that are laid out, and coloured, at once. In one piece, each new word would lay out all of the code.
const LINES: usize = 32;
/// Text of so many bytes that came at once is coloured a group at a time, so that no frame waits for it.
const AT_ONCE: usize = 4_096;
/// A group of more bytes, whose lines are not for people, stays plain.
const TOO_LONG: usize = 16_384;
/// The names of classes in the style sheet, in the order of their numbers. The first has none.
const CLASSES: [&str; 15] = ["", "c", "k", "s", "e", "n", "f", "t", "p", "g", "v", "m", "h", "i", "d"];
/// Languages whose code has no colours.
const PLAIN: [&str; 5] = ["", "text", "txt", "plain", "plaintext"];

/// The text of one code block. Copies are of the same.
#[derive(Clone)]
pub(super) struct Highlight(Rc<RefCell<Text>>);

struct Text {
    document: Document,
    /// What holds the groups of lines and nothing else.
    element: Node,
    language: String,
    lexer: Option<(Module, Lexer)>,
    /// The block waits for the part, or for its turn to be coloured; all is drawn plain.
    waiting: bool,
    /// How many groups have their colours, while `waiting`.
    coloured: u32,
    /// The last group, and how many of its lines have ended.
    group: Option<Element>,
    lines: usize,
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
            coloured: 0,
            group: None,
            lines: 0,
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
    pub(super) fn cut(&self, count: usize) {
        let mut text = self.0.borrow_mut();
        let count = pop(&mut text.fresh, count);
        if count > 0 && text.cut(count).is_err() && text.begin_anew(count) {
            spawn_local(self.clone().catch_up());
        }
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
        let line = fresh.find('\n').map(|end| end + 1);
        match line.filter(|_| fresh.len() > AT_ONCE) {
            _ if text.waiting || text.lexer.is_none() => {
                let _ = text.draw(&fresh);
            }
            None => {
                let _ = text.read(&fresh, None);
            }
            Some(end) => {
                // The unfinished line goes on where it is.
                let _ = text.read(&fresh[..end], None);
                text.start_waiting();
                let _ = text.draw(&fresh[end..]);
                spawn_local(self.clone().catch_up());
            }
        }
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
        self.0.borrow_mut().waiting = false;
    }

    /// Colours what is there, a group at a time.
    async fn catch_up(self) {
        loop {
            pause().await;
            let mut text = self.0.borrow_mut();
            if !text.waiting || text.colour_next().is_err() {
                text.waiting = false;
                return;
            }
        }
    }
}

impl Text {
    /// Draws text without colours.
    fn draw(&mut self, mut text: &str) -> Result<(), JsValue> {
        while !text.is_empty() {
            let group = self.group()?;
            let ends = text.match_indices('\n').take(LINES - self.lines);
            let (lines, end) = ends.fold((0, None), |(lines, _), (at, _)| (lines + 1, Some(at + 1)));
            let end = end.filter(|_| self.lines + lines == LINES).unwrap_or(text.len());
            self.lines += lines;
            let (piece, rest) = text.split_at(end);
            text = rest;
            match group.last_child().and_then(|last| last.dyn_into::<web_sys::Text>().ok()) {
                // Adding to a text node leaves a selection in it alone.
                Some(last) => last.append_data(piece)?,
                None => add(&self.document, &group, piece, 0)?,
            }
        }
        Ok(())
    }

    /// The group that the next line belongs to.
    fn group(&mut self) -> Result<Element, JsValue> {
        match &self.group {
            Some(group) if self.lines < LINES => Ok(group.clone()),
            _ => {
                let group = self.document.create_element("span")?;
                group.set_class_name("lines");
                self.element.append_child(&group)?;
                self.group = Some(group.clone());
                self.lines = 0;
                Ok(group)
            }
        }
    }

    /// From here on text is drawn plain, in groups of its own.
    fn start_waiting(&mut self) {
        self.waiting = true;
        self.coloured = self.element.child_nodes().length();
        self.lines = LINES;
    }

    /// Colours the next group; the last one goes on in its colours.
    fn colour_next(&mut self) -> Result<(), JsValue> {
        let Some(group) = self.element.child_nodes().item(self.coloured) else {
            self.waiting = false;
            return Ok(());
        };
        let text = group.text_content().unwrap_or_default();
        let is_last = group.next_sibling().is_none();
        self.coloured += 1;
        if text.len() > TOO_LONG {
            let (_, lexer) = self.lexer.as_ref().ok_or(JsValue::NULL)?;
            lexer.push(&text)?;
            if is_last {
                self.lexer = None;
                self.waiting = false;
            }
            return Ok(());
        }
        group.set_text_content(None);
        if !is_last {
            return self.read(&text, Some(&group));
        }
        self.lines = 0;
        self.waiting = false;
        self.read(&text, None)
    }

    /// Draws more text in its colours: a whole group, or at the end.
    fn read(&mut self, fresh: &str, into: Option<&Node>) -> Result<(), JsValue> {
        let Some((module, lexer)) = &self.lexer else { return self.draw(fresh) };
        let Ok(numbers) = lexer.push(fresh) else {
            // The text does not suffer from it, and the next block has a new module.
            reset(module);
            self.lexer = None;
            self.waiting = false;
            return match into {
                Some(group) => add(&self.document, group, fresh, 0),
                None => self.draw(fresh),
            };
        };
        self.unsettled.push_str(fresh);
        match numbers.split_first() {
            Some((settled, spans)) => self.paint(*settled as usize, spans, into),
            None => Ok(()),
        }
    }

    /// Draws spans in the place of the last nodes. Those that are the same stay, and the one after them may grow.
    fn paint(&mut self, settled: usize, spans: &[u32], into: Option<&Node>) -> Result<(), JsValue> {
        let text = std::mem::take(&mut self.unsettled);
        let tail = std::mem::take(&mut self.tail);
        let mut same = tail.iter().zip(spans).take_while(|(old, new)| old == new).count();
        if !tail.is_empty() {
            let group = self.group.clone().ok_or(JsValue::NULL)?;
            let old = tail.get(same..).unwrap_or_default();
            let new = spans.get(same).copied().unwrap_or_default();
            if let [old] = old
                && old & 15 == new & 15
                && *old < new
            {
                let rest = &text[bytes(&text, spans.iter().take(same))..];
                let more = &rest[bytes(rest, [old])..bytes(rest, [&new])];
                let last = group.last_child().ok_or(JsValue::NULL)?;
                let last = last.first_child().unwrap_or(last);
                last.unchecked_ref::<CharacterData>().append_data(more)?;
                self.lines += usize::from(more.ends_with('\n'));
                same += 1;
            } else {
                for _ in old {
                    let last = group.last_child().ok_or(JsValue::NULL)?;
                    group.remove_child(&last)?;
                }
            }
        }
        let mut at = bytes(&text, spans.iter().take(same));
        for span in spans.iter().skip(same) {
            let end = at + bytes(&text[at..], [span]);
            let piece = &text[at..end];
            match into {
                Some(group) => add(&self.document, group, piece, *span & 15)?,
                None => {
                    let group = self.group()?;
                    add(&self.document, &group, piece, *span & 15)?;
                    self.lines += usize::from(piece.ends_with('\n'));
                }
            }
            at = end;
        }
        let done = bytes(&text, spans.iter().take(settled));
        self.unsettled = text[done..].to_owned();
        self.tail = spans.get(settled..).unwrap_or_default().to_vec();
        Ok(())
    }

    /// Takes so many UTF-16 units off the end, if only the unfinished line has to change.
    fn cut(&mut self, count: usize) -> Result<(), JsValue> {
        if let Some((_, lexer)) = self.lexer.as_ref().filter(|_| !self.waiting) {
            if count > self.unsettled.encode_utf16().count() || !lexer.cut(count as u32)? {
                return Err(JsValue::NULL);
            }
            pop(&mut self.unsettled, count);
            return self.read("", None);
        }
        let last = self.group.as_ref().and_then(|group| group.last_child()).ok_or(JsValue::NULL)?;
        let last = last.dyn_into::<CharacterData>().map_err(JsValue::from)?;
        let keep = (last.length() as usize).checked_sub(count).ok_or(JsValue::NULL)?;
        if last.substring_data(keep as u32, count as u32)?.contains('\n') {
            return Err(JsValue::NULL);
        }
        last.delete_data(keep as u32, count as u32)
    }

    /// Draws everything anew but so many UTF-16 units at the end, and says whether that has to be coloured.
    fn begin_anew(&mut self, count: usize) -> bool {
        let mut all = self.element.text_content().unwrap_or_default();
        pop(&mut all, count);
        self.element.set_text_content(None);
        self.group = None;
        self.tail.clear();
        self.unsettled.clear();
        let was_waiting = self.waiting;
        if let Some((module, lexer)) = self.lexer.take() {
            let _ = lexer.free();
            let fresh = module.open(&self.language).ok().flatten();
            self.lexer = fresh.map(|lexer| (module, lexer));
            self.waiting = true;
            self.coloured = 0;
        }
        let _ = self.draw(&all);
        self.lexer.is_some() && !was_waiting
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        if let Some((_, lexer)) = &self.lexer {
            let _ = lexer.free();
        }
    }
}

/// Adds text of a class to a group.
fn add(document: &Document, group: &Node, text: &str, class: u32) -> Result<(), JsValue> {
    let text = document.create_text_node(text);
    match CLASSES.get(class as usize) {
        Some(class) if !class.is_empty() => {
            let element = document.create_element("span")?;
            element.set_class_name(class);
            element.append_child(&text)?;
            group.append_child(&element)?;
        }
        _ => {
            group.append_child(&text)?;
        }
    }
    Ok(())
}

/// How many bytes of a text are those of spans at its beginning.
fn bytes<'a>(text: &str, spans: impl IntoIterator<Item = &'a u32>) -> usize {
    let mut left: usize = spans.into_iter().map(|span| (span >> 4) as usize).sum();
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
