use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

use super::{chat, icon, image, threads, video};
use crate::app::App;
use crate::config::Panel;
use crate::locale::Text;

/// The panels: tabs where there is room for one, side by side where there is room for all.
pub(super) fn panels(app: App) -> impl IntoView {
    let signals = app.signals;
    let several = move || signals.panels.with(|panels| panels.len() > 1);
    view! {
        <Show when=move || several() && !signals.wide.get()>{tabs(app)}</Show>
        <div class="panels">
            <For each=move || signals.panels.get() key=|panel| *panel let:panel>
                {one_panel(app, panel)}
            </For>
        </div>
    }
}

fn one_panel(app: App, panel: Panel) -> impl IntoView {
    let signals = app.signals;
    let tabbed = move || !signals.wide.get() && signals.panels.with(|panels| panels.len() > 1);
    // Panels stay when another is shown: what is typed, scrolled and playing in them stays too.
    let hidden = move || !signals.wide.get() && signals.panel.get() != panel;
    let content = match panel {
        Panel::Chat => threads::beside(app, chat::panel(app).into_any()),
        Panel::Image => image::panel(app).into_any(),
        Panel::Video => video::panel(app).into_any(),
    };
    view! {
        <section
            class="panel"
            part="panel"
            id=format!("panel-{}", panel.id())
            role=move || if tabbed() { "tabpanel" } else { "region" }
            aria-label=app.text(panel.label())
            hidden=hidden
        >
            <h3 class="title">{panel_icon(panel)} {app.text(panel.label())}</h3>
            {content}
        </section>
    }
}

fn tabs(app: App) -> AnyView {
    let signals = app.signals;
    let list = NodeRef::<html::Div>::new();
    view! {
        <div class="tabs" part="tabs" data-region="" role="tablist" aria-label=app.text(Text::Panels) node_ref=list
            on:keydown=move |event| move_between(app, list, &event)
        >
            <For each=move || signals.panels.get() key=|panel| *panel let:panel>
                <button
                    type="button"
                    class="tab"
                    part="tab"
                    role="tab"
                    id=format!("tab-{}", panel.id())
                    data-panel=panel.id()
                    aria-controls=format!("panel-{}", panel.id())
                    aria-selected=move || if signals.panel.get() == panel { "true" } else { "false" }
                    tabindex=move || if signals.panel.get() == panel { 0 } else { -1 }
                    on:click=move |_| signals.panel.set(panel)
                >
                    {panel_icon(panel)}
                    <span>{app.text(panel.label())}</span>
                </button>
            </For>
        </div>
    }
    .into_any()
}

/// Arrows, Home and End, as the pattern for tabs has it. Arrows follow the direction of the writing.
fn move_between(app: App, list: NodeRef<html::Div>, event: &KeyboardEvent) {
    let signals = app.signals;
    let panels = signals.panels.get_untracked();
    let Some(list) = list.get_untracked() else { return };
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

fn panel_icon(panel: Panel) -> AnyView {
    match panel {
        Panel::Chat => icon::talk(),
        Panel::Image => icon::picture(),
        Panel::Video => icon::film(),
    }
}
