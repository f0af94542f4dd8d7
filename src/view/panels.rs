use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use super::dom::{El, View, button, each, el, group, item, truth, when};
use super::{chat, icon, part, threads};
use crate::app::App;
use crate::config::Panel;
use crate::locale::Text;

/// The panels: tabs where there is room for one, side by side where there is room for all.
pub(super) fn panels(app: App) -> View {
    let signals = app.signals;
    let several = move || signals.panels.with(|panels| panels.len() > 1);
    let panels = each(move || {
        let panels = signals.panels.get().into_iter();
        panels.map(|panel| item(panel.id(), move || one_panel(app, panel))).collect()
    });
    group([
        when(move || several() && !signals.wide.get(), move || tabs(app)),
        el("div", "panels").child(panels).view(),
    ])
}

fn one_panel(app: App, panel: Panel) -> El {
    let signals = app.signals;
    let tabbed = move || !signals.wide.get() && signals.panels.with(|panels| panels.len() > 1);
    let content = match panel {
        Panel::Chat => threads::beside(app, chat::panel(app)),
        Panel::Image => part::panels(app, move |panels| (panels.images)(app)),
        Panel::Video => part::panels(app, move |panels| (panels.clips)(app)),
    };
    let label = app.text(panel.label());
    el("section", "panel")
        .attrs(&[("part", "panel"), ("id", &["panel-", panel.id()].concat()), ("aria-label", label)])
        .attr_of("role", move || if tabbed() { "tabpanel" } else { "region" })
        // Panels stay when another is shown: what is typed, scrolled and playing in them stays too.
        .attr_of("hidden", move || !signals.wide.get() && signals.panel.get() != panel)
        .child(el("h3", "title").child(panel_icon(panel)).text(label))
        .child(content)
}

fn tabs(app: App) -> View {
    let signals = app.signals;
    let list = el("div", "tabs").attrs(&[
        ("part", "tabs"),
        ("data-region", ""),
        ("role", "tablist"),
        ("aria-label", app.text(Text::Panels)),
    ]);
    let tabs = list.element().clone();
    list.on("keydown", move |event: KeyboardEvent| move_between(app, &tabs, &event))
        .child(each(move || {
            let panels = signals.panels.get().into_iter();
            panels.map(|panel| item(panel.id(), move || tab(app, panel))).collect()
        }))
        .view()
}

fn tab(app: App, panel: Panel) -> El {
    let shown = app.signals.panel;
    button("tab")
        .attrs(&[
            ("part", "tab"),
            ("role", "tab"),
            ("id", &["tab-", panel.id()].concat()),
            ("data-panel", panel.id()),
            ("aria-controls", &["panel-", panel.id()].concat()),
        ])
        .attr_of("aria-selected", move || truth(shown.get() == panel))
        .attr_of("tabindex", move || if shown.get() == panel { "0" } else { "-1" })
        .click(move || shown.set(panel))
        .child(panel_icon(panel))
        .child(el("span", "").text(app.text(panel.label())))
}

/// Arrows, Home and End, as the pattern for tabs has it. Arrows follow the direction of the writing.
fn move_between(app: App, list: &Element, event: &KeyboardEvent) {
    let signals = app.signals;
    let panels = signals.panels.get_untracked();
    let current = panels.iter().position(|panel| *panel == signals.panel.get_untracked()).unwrap_or(0);
    let rtl = list.matches(":dir(rtl)").unwrap_or(false);
    let (forward, back) =
        (((current + 1) % panels.len().max(1)), (current + panels.len() - 1) % panels.len().max(1));
    let target = match event.key().as_str() {
        "ArrowRight" => {
            if rtl {
                back
            } else {
                forward
            }
        }
        "ArrowLeft" => {
            if rtl {
                forward
            } else {
                back
            }
        }
        "Home" => 0,
        "End" => panels.len() - 1,
        _ => return,
    };
    event.prevent_default();
    let Some(panel) = panels.get(target) else { return };
    signals.panel.set(*panel);
    let tab = list.query_selector(&format!("[data-panel={}]", panel.id())).ok().flatten();
    if let Some(tab) = tab.and_then(|tab| tab.dyn_into::<HtmlElement>().ok()) {
        let _ = tab.focus();
    }
}

fn panel_icon(panel: Panel) -> View {
    match panel {
        Panel::Chat => icon::talk(),
        Panel::Image => icon::picture(),
        Panel::Video => icon::film(),
    }
}
