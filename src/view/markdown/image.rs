//! Images of answers. None is asked for before the reader wants it: its address alone can carry away what was said.

use triptych_markdown::Url;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Document, Element, Event, FocusOptions, HtmlAnchorElement, HtmlElement};

use super::link::{link, under};
use crate::locale::{Text, Words};

const BUTTON: &str = "button.image";

/// Pictures tell how they fared on the way down to them only.
const EVENTS: [&str; 3] = ["click", "load", "error"];

/// Loads the images of one answer when they are asked for.
pub(super) struct Loading {
    root: Element,
    listener: Closure<dyn FnMut(Event)>,
}

impl Loading {
    /// Listens until it is dropped.
    pub(super) fn listen(root: &Element, document: &Document, words: Words) -> Self {
        let document = document.clone();
        let listener = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let Some(target) = target else { return };
            match event.type_().as_str() {
                "click" => load(&document, &target),
                outcome => settle(&document, words, &target, outcome == "error"),
            }
        });
        let callback = listener.as_ref().unchecked_ref();
        for name in EVENTS {
            let _ = root.add_event_listener_with_callback_and_bool(name, callback, true);
        }
        Self { root: root.clone(), listener }
    }
}

impl Drop for Loading {
    fn drop(&mut self) {
        let callback = self.listener.as_ref().unchecked_ref();
        for name in EVENTS {
            let _ = self.root.remove_event_listener_with_callback_and_bool(name, callback, true);
        }
    }
}

/// Hosts whose images are drawn without a click.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    /// What the addresses of the gateway's own files begin with.
    own: String,
    names: Vec<String>,
}

impl Hosts {
    /// `own` is what addresses of our own files begin with, up to a `/`. `list` has names such as `img.example.com`,
    /// and `*.example.com` for all names below one, separated by spaces.
    pub(crate) fn new(own: String, list: &str) -> Self {
        let names = list.split_ascii_whitespace().map(str::to_ascii_lowercase).collect();
        Self { own, names }
    }

    /// Whether an address, as the browser has normalised it, with this host loads by itself.
    fn allow(&self, address: &str, host: &str) -> bool {
        (self.own.ends_with('/') && address.starts_with(&self.own))
            || is_loadable(address) && self.names.iter().any(|name| covers(name, host))
    }
}

fn covers(name: &str, host: &str) -> bool {
    match name.strip_prefix('*') {
        // `.example.com` at the end, and something before it.
        Some(suffix) => {
            suffix.len() > 1 && suffix.starts_with('.') && host.len() > suffix.len() && host.ends_with(suffix)
        }
        None => name == host,
    }
}

/// What a page is likely to be allowed to show; the rest stays a link.
fn is_loadable(address: &str) -> bool {
    address.starts_with("https://")
}

/// What drawing an image takes.
pub(super) struct Images<'a> {
    pub(super) document: &'a Document,
    pub(super) hosts: &'a Hosts,
    pub(super) words: Words,
}

impl Images<'_> {
    /// One node for an image: the picture itself where its host is allowed, a button that loads it, or a link.
    pub(super) fn image(
        &self,
        alt: &str,
        url: Option<&Url>,
        title: Option<&str>,
    ) -> Result<Element, JsValue> {
        let name = if alt.is_empty() { self.words.get(Text::Image) } else { alt };
        let Some(url) = url else {
            let text = self.document.create_element("span")?;
            text.set_attribute("class", "image")?;
            text.set_text_content(Some(name));
            return Ok(text);
        };
        let link = link(self.document, url, title)?;
        let anchor = link.unchecked_ref::<HtmlAnchorElement>();
        // Compared as the browser reads it, not as it is written.
        let (address, host) = (anchor.href(), anchor.hostname());
        if self.hosts.allow(&address, &host) {
            return picture(self.document, &address, alt, title);
        }
        if host.is_empty() || !is_loadable(&address) {
            link.set_attribute("class", "image")?;
            link.set_text_content(Some(name));
            return Ok(link);
        }
        button(self.document, &self.words.fill(Text::LoadImage, &[&host]), &address, alt, title)
    }
}

/// Carries out a click on a button that stands for an image.
fn load(document: &Document, target: &Element) {
    let Ok(Some(button)) = target.closest(BUTTON) else { return };
    let text = |name| button.get_attribute(name).unwrap_or_default();
    let title = button.get_attribute("data-title");
    if let Ok(picture) = picture(document, &text("value"), &text("data-alt"), title.as_deref()) {
        // The focus goes from what was clicked to what came of it.
        let _ = picture.set_attribute("tabindex", "-1");
        let _ = button.replace_with_with_node_1(&picture);
        focus(&picture);
    }
}

/// Follows up what became of a picture: it takes the room that it needs, or is a button again that says what happened.
fn settle(document: &Document, words: Words, picture: &Element, failed: bool) {
    if picture.node_name() != "IMG" {
        return;
    }
    if !failed {
        let _ = picture.remove_attribute("aria-busy");
        return;
    }
    let text = |name| picture.get_attribute(name).unwrap_or_default();
    let anchor = document.create_element("a").map(JsCast::unchecked_into::<HtmlAnchorElement>);
    let Ok(anchor) = anchor else { return };
    anchor.set_href(&text("src"));
    let title = picture.get_attribute("title");
    let label = words.fill(Text::ImageFailed, &[&anchor.hostname()]);
    let Ok(again) = button(document, &label, &anchor.href(), &text("alt"), title.as_deref()) else { return };
    let _ = again.set_attribute("class", "image failed");
    let had_focus = picture.matches(":focus").unwrap_or(false);
    let _ = picture.replace_with_with_node_1(&again);
    if had_focus {
        focus(&again);
    }
}

fn focus(element: &Element) {
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    let _ = element.unchecked_ref::<HtmlElement>().focus_with_options(&options);
}

fn picture(document: &Document, address: &str, alt: &str, title: Option<&str>) -> Result<Element, JsValue> {
    let picture = document.create_element("img")?;
    // The source comes last: what is said about the request has to be known when it is made.
    let attributes = [
        ("class", "image"),
        ("part", "answer-image"),
        ("alt", alt),
        ("aria-busy", "true"),
        ("referrerpolicy", "no-referrer"),
        ("loading", "lazy"),
        ("decoding", "async"),
        ("src", address),
    ];
    if let Some(title) = title {
        picture.set_attribute("title", title)?;
    }
    for (name, value) in attributes {
        picture.set_attribute(name, value)?;
    }
    Ok(picture)
}

fn button(
    document: &Document,
    label: &str,
    address: &str,
    alt: &str,
    title: Option<&str>,
) -> Result<Element, JsValue> {
    let button = document.create_element("button")?;
    let attributes = [
        ("type", "button"),
        ("class", "image"),
        ("part", "load-image"),
        ("value", address),
        ("data-alt", alt),
        ("title", &under(address, title)),
    ];
    for (name, value) in attributes {
        button.set_attribute(name, value)?;
    }
    if let Some(title) = title {
        button.set_attribute("data-title", title)?;
    }
    let load = document.create_element("span")?;
    load.set_text_content(Some(label));
    button.append_child(&load)?;
    if !alt.is_empty() {
        let description = document.create_element("span")?;
        description.set_attribute("dir", "auto")?;
        description.set_text_content(Some(alt));
        button.append_child(&description)?;
    }
    Ok(button)
}

#[cfg(test)]
mod tests {
    use super::Hosts;

    fn loads(list: &str, host: &str) -> bool {
        Hosts::new(String::new(), list).allow(&format!("https://{host}/a.png"), host)
    }

    #[test]
    fn a_host_is_allowed_by_its_whole_name_or_by_what_it_is_below() {
        assert!(loads("img.example.com", "img.example.com"));
        assert!(loads("a.example  IMG.Example.com", "img.example.com"));
        assert!(loads("*.example.com", "img.example.com"));
        assert!(loads("*.example.com", "a.b.example.com"));
        for (list, host) in [
            ("", "img.example.com"),
            ("example.com", "img.example.com"),
            ("*.example.com", "example.com"),
            ("*.example.com", "badexample.com"),
            ("*.example.com", ".example.com"),
            ("img.example.com", "img.example.com.evil.example"),
            ("img.example.com", "evil.example"),
            ("*", "evil.example"),
            ("*.", "evil.example."),
            ("*com", "example.com"),
            ("https://img.example.com", "img.example.com"),
        ] {
            assert!(!loads(list, host), "{list:?} allows {host}");
        }
    }

    #[test]
    fn only_encrypted_images_and_the_gateways_own_files_load_by_themselves() {
        let hosts = Hosts::new("http://127.0.0.1:8080/v1/assets/".into(), "img.example.com");
        assert!(hosts.allow("http://127.0.0.1:8080/v1/assets/x?sig=1", "127.0.0.1"));
        assert!(!hosts.allow("http://127.0.0.1:8080/v1/models", "127.0.0.1"));
        assert!(!hosts.allow("http://127.0.0.1:8080.evil.example/v1/assets/x", "127.0.0.1"));
        assert!(!hosts.allow("http://img.example.com/a.png", "img.example.com"));
        assert!(hosts.allow("https://img.example.com/a.png", "img.example.com"));
        assert!(!Hosts::new(String::new(), "").allow("https://a.example/", "a.example"));
    }
}
