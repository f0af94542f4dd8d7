//! What JavaScript calls.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::Highlighter;

/// One block of code that is being read.
#[wasm_bindgen]
pub struct Code(Highlighter);

/// Begins a block of code; undefined where the language is not known.
#[wasm_bindgen]
pub fn open(language: &str) -> Option<Code> {
    Highlighter::new(language).map(Code)
}

#[wasm_bindgen]
impl Code {
    /// Takes more of the code. The first number says how many of the others will not change; each of these is a
    /// length in UTF-16 units, times 16, and a class.
    pub fn push(&mut self, text: &str) -> Vec<u32> {
        let update = self.0.push(text);
        let mut numbers = Vec::with_capacity(update.spans.len() + 1);
        numbers.push(update.settled as u32);
        numbers.extend(update.spans.iter().map(|span| span.length << 4 | span.class as u32));
        numbers
    }

    /// Takes so many UTF-16 units off the end of the code, and says whether it can: not what is settled.
    pub fn cut(&mut self, units: u32) -> bool {
        self.0.cut(units as usize)
    }

    /// The language's own name.
    pub fn language(&self) -> String {
        self.0.language().to_owned()
    }
}
