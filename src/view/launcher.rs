use leptos::html;
use leptos::prelude::*;

use super::icon;
use crate::app::App;
use crate::config::Mode;
use crate::locale::Text;

/// The button that opens a docked widget. It gets the focus back when the widget is closed.
pub(super) fn launcher(app: App) -> impl IntoView {
    let signals = app.signals;
    let button = NodeRef::<html::Button>::new();
    Effect::new(move |was_open: Option<bool>| {
        let open = signals.open.get();
        if let (Some(true), false, Some(button)) = (was_open, open, button.get_untracked()) {
            // Without the scroll that a focus brings: nothing moves the page.
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = button.focus_with_options(&options);
        }
        open
    });
    view! {
        <Show when=move || signals.mode.get() == Mode::Launcher>
            <button
                type="button"
                class="launcher"
                part="launcher"
                aria-expanded=move || if signals.open.get() { "true" } else { "false" }
                aria-label=move || {
                    let text = if signals.open.get() { Text::CloseNamed } else { Text::OpenNamed };
                    app.words().fill(text, &[&signals.heading.get()])
                }
                node_ref=button
                on:click=move |_| app.set_open(!signals.open.get_untracked())
            >
                {move || if signals.open.get() { icon::down().into_any() } else { icon::mark().into_any() }}
            </button>
        </Show>
    }
}
