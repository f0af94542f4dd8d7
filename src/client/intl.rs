//! How the browser writes numbers and days in a language.

use std::cell::RefCell;

use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use super::property;
use crate::locale::Intl;

/// How many tools are kept: those of a few languages.
const MOST_TOOLS: usize = 16;

/// The browser's own knowledge, for any language it knows.
pub(crate) const INTL: Intl = Intl { plural, number, date };

fn plural(tag: &str, number: &str) -> String {
    tool("PluralRules", tag, &Object::new())
        .and_then(|rules| {
            let select: Function = property(&rules, "select").dyn_into().ok()?;
            called(&select, &rules, &js_sys::Number::from(JsValue::from_str(number)).value_of().into())
        })
        .unwrap_or_default()
}

fn number(tag: &str, number: &str) -> String {
    // Handed over as text, because an amount may have more digits than a float.
    formatted(
        "NumberFormat",
        tag,
        "maximumFractionDigits",
        &JsValue::from_f64(6.0),
        &JsValue::from_str(number),
    )
    .unwrap_or_else(|| number.to_owned())
}

fn date(tag: &str, milliseconds: f64) -> String {
    let (style, day) = (JsValue::from_str("medium"), JsValue::from_f64(milliseconds));
    formatted("DateTimeFormat", tag, "dateStyle", &style, &day).unwrap_or_default()
}

fn formatted(name: &str, tag: &str, option: &str, chosen: &JsValue, value: &JsValue) -> Option<String> {
    let options = Object::new();
    // A plain object takes any property.
    let _ = Reflect::set(&options, &JsValue::from_str(option), chosen);
    let tool = tool(name, tag, &options)?;
    called(&property(&tool, "format").dyn_into().ok()?, &tool, value)
}

thread_local! {
    /// The tools in use, by name and language: to make one takes the browser a good part of a millisecond.
    static TOOLS: RefCell<Vec<(String, JsValue)>> = const { RefCell::new(Vec::new()) };
}

/// A tool of `Intl`, always with the same options for its name.
fn tool(name: &str, tag: &str, options: &Object) -> Option<JsValue> {
    let key = [name, tag].concat();
    let known =
        TOOLS.with_borrow(|tools| tools.iter().find(|(of, _)| *of == key).map(|(_, tool)| tool.clone()));
    if let Some(tool) = known {
        return Some(tool);
    }
    let tool = new_tool(name, tag, options)?;
    TOOLS.with_borrow_mut(|tools| {
        if tools.len() >= MOST_TOOLS {
            tools.clear();
        }
        tools.push((key, tool.clone()));
    });
    Some(tool)
}

/// A tag that is none is refused by an exception, which the typed bindings let pass.
fn new_tool(name: &str, tag: &str, options: &Object) -> Option<JsValue> {
    let intl = property(&js_sys::global(), "Intl");
    let class: Function = property(&intl, name).dyn_into().ok()?;
    let make = |tag: &str| Reflect::construct(&class, &Array::of2(&JsValue::from_str(tag), options));
    make(tag).or_else(|_| make("en")).ok()
}

fn called(call: &Function, this: &JsValue, value: &JsValue) -> Option<String> {
    call.call1(this, value).ok()?.as_string()
}
