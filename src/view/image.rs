use leptos::prelude::*;

use super::send::{Maker, maker};
use super::{icon, picture};
use crate::app::App;

/// Pictures from words.
pub(super) fn panel(app: App) -> impl IntoView {
    let signals = app.signals;
    let form = Maker {
        form: signals.image_form,
        prompt: signals.image_prompt,
        model_label: "Image model",
        prompt_label: "Describe the picture",
        placeholder: "A lighthouse at dusk, soft light, long exposure",
        button: "Generate image",
        id: "image-shortfall",
        make: App::draw,
    };
    view! {
        {maker(app, form)}
        <div class="results" part="results">
            <Show when=move || signals.pictures.with(Vec::is_empty)>
                <div class="empty small"><span class="badge">{icon::picture()}</span><p class="hint">"Your pictures appear here."</p></div>
            </Show>
            <For each=move || signals.pictures.get() key=|id| *id let:id>
                {picture::set(app, id)}
            </For>
        </div>
    }
}
