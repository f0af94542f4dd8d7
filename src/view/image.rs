use leptos::prelude::*;

use super::send::{Maker, maker};
use super::{icon, picture};
use crate::app::App;
use crate::config::Panel;
use crate::locale::Text;

/// Pictures from words.
pub(super) fn panel(app: App) -> impl IntoView {
    let signals = app.signals;
    let form = Maker {
        panel: Panel::Image,
        form: signals.image_form,
        prompt: signals.image_prompt,
        model_label: Text::ImageModel,
        prompt_label: Text::DescribePicture,
        placeholder: Text::PictureExample,
        button: Text::GenerateImage,
        id: "image-shortfall",
        make: App::draw,
    };
    view! {
        {maker(app, form)}
        <div class="results" part="results" data-region="">
            <Show when=move || signals.pictures.with(Vec::is_empty)>
                <div class="empty small"><span class="badge">{icon::picture()}</span><p class="hint">{app.text(Text::NoPictures)}</p></div>
            </Show>
            <For each=move || signals.pictures.get() key=|id| *id let:id>
                {picture::set(app, id)}
            </For>
        </div>
    }
}
