//! F6 and Shift+F6 go from one part of the window to the next: what is marked with `data-region`.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

/// What can have the focus by itself.
const FOCUSABLE: &str =
    "[tabindex='0'], select, a[href], button:not(:disabled, [tabindex='-1']), input:not(:disabled)";

/// Moves the focus if the key asks for it. After the last region the key is the browser's own, so that nobody is kept
/// within the widget.
pub(super) fn move_between(event: &KeyboardEvent) {
    if event.key() != "F6" {
        return;
    }
    let window = event.current_target().and_then(|window| window.dyn_into::<Element>().ok());
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let (Some(window), Some(target)) = (window, target) else { return };
    let Ok(found) = window.query_selector_all("[data-region]") else { return };
    let regions: Vec<HtmlElement> = (0..found.length())
        .filter_map(|index| found.get(index)?.dyn_into().ok())
        // One that is hidden with its panel has no place on the page.
        .filter(|region: &HtmlElement| region.offset_parent().is_some())
        .collect();
    let here = regions.iter().position(|region| region.contains(Some(&target)));
    let others: Box<dyn Iterator<Item = &HtmlElement>> = match (event.shift_key(), here) {
        (false, here) => Box::new(regions.iter().skip(here.map_or(0, |here| here + 1))),
        (true, here) => Box::new(regions.iter().take(here.unwrap_or(regions.len())).rev()),
    };
    for region in others {
        if focus(region) {
            event.prevent_default();
            return;
        }
    }
}

/// The region itself where it can have the focus, else where one types, else the first thing in it.
fn focus(region: &HtmlElement) -> bool {
    let first = match region.matches(FOCUSABLE) {
        Ok(true) => Some(region.clone()),
        _ => {
            let first = |selector| region.query_selector(selector).ok().flatten();
            first("textarea").or_else(|| first(FOCUSABLE)).and_then(|first| first.dyn_into().ok())
        }
    };
    first.is_some_and(|first: HtmlElement| first.focus().is_ok())
}
