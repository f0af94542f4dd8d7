//! What the widget calls of `triptych-highlight`.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// The exports of `triptych-highlight`.
    #[derive(Clone)]
    pub(super) type Module;
    #[wasm_bindgen(method, catch)]
    pub(super) fn open(this: &Module, language: &str) -> Result<Option<Lexer>, JsValue>;

    /// One block of code that is being read.
    pub(super) type Lexer;
    #[wasm_bindgen(method, catch)]
    pub(super) fn push(this: &Lexer, text: &str) -> Result<Vec<u32>, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn cut(this: &Lexer, units: u32) -> Result<bool, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn language(this: &Lexer) -> Result<String, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn free(this: &Lexer) -> Result<(), JsValue>;
}
