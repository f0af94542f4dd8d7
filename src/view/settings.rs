use leptos::html;
use leptos::prelude::*;
use web_sys::{FocusEvent, HtmlElement, KeyboardEvent, Node};

use super::icon;
use crate::app::App;
use crate::config::Announce;
use crate::locale::Text;

/// What the user can set: what a screen reader says of answers.
pub(super) fn settings(app: App) -> AnyView {
    let shown = RwSignal::new(false);
    let place = NodeRef::<html::Div>::new();
    let button = NodeRef::<html::Button>::new();
    view! {
        <div class="settings" node_ref=place
            on:keydown=move |event: KeyboardEvent| {
                if event.key() == "Escape" && shown.get_untracked() {
                    // The window stays open.
                    event.stop_propagation();
                    shown.set(false);
                    if let Some(button) = button.get_untracked() {
                        let _ = HtmlElement::focus(&button);
                    }
                }
            }
            on:focusout=move |event: FocusEvent| {
                let to = event.related_target().and_then(|target| wasm_bindgen::JsCast::dyn_into::<Node>(target).ok());
                if !place.get_untracked().is_some_and(|place| to.is_none() || place.contains(to.as_ref())) {
                    shown.set(false);
                }
            }
        >
            <button type="button" class="icon" part="settings" aria-label=app.text(Text::Settings) title=app.text(Text::Settings)
                aria-expanded=move || shown.get().to_string()
                node_ref=button
                on:click=move |_| shown.update(|shown| *shown = !*shown)
            >{icon::settings()}</button>
            <Show when=move || shown.get()>{menu(app)}</Show>
        </div>
    }
    .into_any()
}

fn menu(app: App) -> AnyView {
    let choices = Announce::ALL.map(|choice| {
        let text = match choice {
            Announce::Sentences => Text::AnnounceSentences,
            Announce::End => Text::AnnounceEnd,
            Announce::Off => Text::AnnounceOff,
        };
        view! {
            <label>
                <input type="radio" name="announce" prop:checked=app.announces() == choice
                    on:change=move |_| app.choose_announcements(choice) />
                {app.text(text)}
            </label>
        }
    });
    view! { <fieldset class="menu"><legend>{app.text(Text::Announcements)}</legend>{choices.to_vec()}</fieldset> }.into_any()
}
