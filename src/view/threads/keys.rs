//! What is done in the list: clicks and keys, heard once for all lines, and where the focus goes.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, KeyboardEvent};

use super::super::dom::next_frame;
use super::Open;
use crate::app::App;
use crate::reactive::RwSignal;

pub(super) const LINE: &str = "[data-act=open]";
const ITEM: &str = "[role=menuitem]";

/// What was clicked: the word of its button, its line's thread, and the button.
pub(super) fn action(target: Option<web_sys::EventTarget>) -> Option<(String, Option<String>, Element)> {
    let button = element(target)?.closest("[data-act]").ok()??;
    let act = button.get_attribute("data-act")?;
    Some((act, thread_of(&button), button))
}

pub(super) fn perform(app: App, open: Open, act: &str, id: Option<String>, target: &Element) {
    match (act, id) {
        ("new", _) => {
            app.clear_chat();
            settle(app, target);
        }
        ("close", _) => app.show_threads(false),
        ("undo", _) => app.undo_delete(),
        ("all", _) => app.export_all(),
        ("open", Some(id)) => {
            app.choose_thread(id);
            settle(app, target);
        }
        ("menu", Some(id)) => {
            let shown = open.menu.with_untracked(|menu| menu.as_ref() == Some(&id));
            open.menu.set((!shown).then_some(id));
            focus_soon(target, ITEM);
        }
        ("rename", Some(id)) => begin_rename(open, id, target),
        ("delete", Some(id)) => delete(app, open, id, target),
        ("markdown", Some(id)) => {
            close_menu(open, target);
            app.export_thread(id, false);
        }
        ("json", Some(id)) => {
            close_menu(open, target);
            app.export_thread(id, true);
        }
        _ => {}
    }
}

pub(super) fn key(app: App, open: Open, query: RwSignal<String>, event: &KeyboardEvent) {
    let Some(target) = element(event.target()) else { return };
    let named = target.has_attribute("data-name");
    let (line, item) = (target.matches(LINE).unwrap_or(false), target.matches(ITEM).unwrap_or(false));
    let id = thread_of(&target);
    match (event.key().as_str(), id) {
        ("Escape", id) => {
            event.stop_propagation();
            if named {
                end_rename(open, &target);
            } else if id.is_some() && open.menu.with_untracked(Option::is_some) {
                close_menu(open, &target);
            } else if app.signals.chats.bin.with_untracked(Option::is_some) {
                app.undo_delete();
            } else if !query.with_untracked(String::is_empty) {
                query.set(String::new());
                app.search_threads(String::new());
            } else {
                app.show_threads(false);
            }
        }
        ("Enter", Some(_)) if named && !event.is_composing() => {
            focus_soon(&target, LINE);
            rename(app, open, event.target());
        }
        ("F2", Some(id)) if line => begin_rename(open, id, &target),
        ("Delete", Some(id)) if line => delete(app, open, id, &target),
        ("Tab", _) if item => {
            open.menu.set(None);
            return;
        }
        ("ArrowDown" | "ArrowUp" | "Home" | "End", _) if line || item => {
            step(&target, if line { LINE } else { ITEM }, &event.key());
        }
        // A line's options are beside it, and a list of a thousand has one place for Tab.
        ("ArrowRight" | "ArrowLeft", Some(_)) if line => focus(&target, "[data-act=menu]"),
        ("ArrowRight" | "ArrowLeft", Some(_)) if target.matches("[data-act=menu]").unwrap_or(false) => {
            focus(&target, LINE)
        }
        ("ArrowDown", None) if target.matches("input").unwrap_or(false) => focus_line(&target),
        _ => return,
    }
    event.prevent_default();
}

/// The next, the last before, the first or the last one of a kind.
fn step(from: &Element, kind: &str, key: &str) {
    let within = if kind == ITEM { "[role=menu]" } else { ".chats" };
    let Some(all) = from.closest(within).ok().flatten().and_then(|list| list.query_selector_all(kind).ok())
    else {
        return;
    };
    let count = all.length();
    let place = (0..count)
        .find(|place| all.get(*place).is_some_and(|node| node.is_same_node(Some(from))))
        .unwrap_or(0);
    let next = match key {
        "Home" => 0,
        "End" => count.saturating_sub(1),
        "ArrowDown" => (place + 1).min(count.saturating_sub(1)),
        _ => place.saturating_sub(1),
    };
    if let Some(next) = all.get(next) {
        let _ = next.unchecked_into::<HtmlElement>().focus();
    }
}

fn begin_rename(open: Open, id: String, target: &Element) {
    open.menu.set(None);
    open.name.set(Some(id));
    focus_soon(target, "[data-name]");
}

pub(super) fn rename(app: App, open: Open, target: Option<web_sys::EventTarget>) {
    let Some(input) = element(target).and_then(|element| element.dyn_into::<HtmlInputElement>().ok()) else {
        return;
    };
    // The end of a renaming takes the focus from its field, which must not end it a second time.
    if let Some(id) =
        open.name.with_untracked(Clone::clone).filter(|id| thread_of(&input).as_ref() == Some(id))
    {
        open.name.set(None);
        app.rename_thread(id, input.value());
    }
}

fn end_rename(open: Open, target: &Element) {
    focus_soon(target, LINE);
    open.name.set(None);
}

fn close_menu(open: Open, target: &Element) {
    open.menu.set(None);
    focus(target, "[data-act=menu]");
}

/// The line's neighbour gets the focus, so that the keyboard goes on from there.
fn delete(app: App, open: Open, id: String, target: &Element) {
    open.menu.set(None);
    let lines = pane_of(target).and_then(|list| list.query_selector_all(LINE).ok());
    let place = lines.as_ref().and_then(|lines| {
        (0..lines.length()).find(|place| {
            lines.get(*place).and_then(|node| thread_of(node.unchecked_ref())).as_ref() == Some(&id)
        })
    });
    let pane = pane_of(target);
    app.delete_thread(id);
    let focus = move || {
        let (Some(pane), Some(place)) = (pane, place) else { return };
        let Ok(lines) = pane.query_selector_all(LINE) else { return };
        let next = lines.get(place.min(lines.length().saturating_sub(1)));
        let next = next.or_else(|| pane.query_selector("input").ok().flatten().map(Into::into));
        if let Some(next) = next {
            let _ = next.unchecked_into::<HtmlElement>().focus();
        }
    };
    next_frame(focus);
}

/// Where the list lies over the chat it makes room for what was chosen.
fn settle(app: App, target: &Element) {
    let pane = pane_of(target).map(JsCast::unchecked_into::<HtmlElement>);
    let Some(pane) = pane else { return };
    let around = pane.parent_element().map(JsCast::unchecked_into::<HtmlElement>);
    if around.is_some_and(|around| pane.offset_width() >= around.client_width()) {
        app.show_threads(false);
    }
}

/// The line that Tab comes to is the one that had the focus last.
pub(super) fn only_stop(line: &Element) {
    let before = line
        .closest(".chats")
        .ok()
        .flatten()
        .and_then(|pane| pane.query_selector("[data-act=open][tabindex='0']").ok().flatten());
    if let Some(before) = before {
        let _ = before.set_attribute("tabindex", "-1");
    }
    let _ = line.set_attribute("tabindex", "0");
}

pub(super) fn focus_at_first(pane: &Element) {
    let pane = pane.clone();
    // The lines are drawn after the pane is there.
    next_frame(move || focus_line(&pane));
}

/// To the line of what is shown, or the first one, or the search where there is none.
fn focus_line(within: &Element) {
    let Some(pane) = pane_of(within) else { return };
    let find = |selector| pane.query_selector(selector).ok().flatten();
    if let Some(line) = find("[aria-current]").or_else(|| find(LINE)).or_else(|| find("input")) {
        let _ = line.unchecked_into::<HtmlElement>().focus();
    }
}

/// To something in the same line.
fn focus(from: &Element, selector: &str) {
    let line = from.closest("li").ok().flatten();
    if let Some(found) = line.and_then(|line| line.query_selector(selector).ok().flatten()) {
        let _ = found.unchecked_into::<HtmlElement>().focus();
    }
}

/// The same, once it is drawn. A line that is called otherwise is drawn anew.
fn focus_soon(from: &Element, selector: &'static str) {
    let (Some(id), Some(pane)) = (thread_of(from), pane_of(from)) else { return };
    next_frame(move || {
        let Ok(lines) = pane.query_selector_all(".chats-row") else { return };
        let line = (0..lines.length())
            .filter_map(|place| lines.get(place)?.dyn_into::<Element>().ok())
            .find(|line| thread_of(line).as_ref() == Some(&id));
        let Some(found) = line.and_then(|line| line.query_selector(selector).ok().flatten()) else { return };
        if let Some(input) = found.dyn_ref::<HtmlInputElement>() {
            input.select();
        }
        let _ = found.unchecked_into::<HtmlElement>().focus();
    });
}

fn pane_of(element: &Element) -> Option<Element> {
    element.closest(".chats").ok().flatten()
}

pub(super) fn element(target: Option<web_sys::EventTarget>) -> Option<Element> {
    target?.dyn_into().ok()
}

fn thread_of(element: &Element) -> Option<String> {
    element.closest("[data-thread]").ok()??.get_attribute("data-thread")
}
