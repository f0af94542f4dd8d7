//! Links, and where addresses really lead.

use triptych_markdown::Url;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element, HtmlAnchorElement};

/// A link that opens beside the page, tells nobody where it was clicked, and says whose it is, whatever its text and
/// its title say: the browser's own reading of the address, in which letters that look alike are spelled out.
pub(super) fn link(document: &Document, url: &Url, title: Option<&str>) -> Result<Element, JsValue> {
    let link = document.create_element("a")?;
    link.set_attribute("href", url.as_str())?;
    link.set_attribute("target", "_blank")?;
    link.set_attribute("rel", "noopener noreferrer nofollow")?;
    link.set_attribute("part", "link")?;
    let host = link.unchecked_ref::<HtmlAnchorElement>().hostname();
    // Mail has no host; there the address is what matters.
    let place = if host.is_empty() { url.as_str() } else { &host };
    link.set_attribute("title", &under(place, title))?;
    Ok(link)
}

/// The place first, in a line of its own, so that no mark in the title can reorder it.
pub(super) fn under(place: &str, title: Option<&str>) -> String {
    match title {
        Some(title) => [place, "\n", title].concat(),
        None => place.to_owned(),
    }
}
