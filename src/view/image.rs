use super::dom::{View, each, el, group, item, when};
use super::send::{Maker, maker};
use super::{icon, picture};
use crate::app::App;
use crate::config::Panel;
use crate::locale::Text;

/// Pictures from words.
pub(super) fn panel(app: App) -> View {
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
    let results = el("div", "results")
        .attrs(&[("part", "results"), ("data-region", "")])
        .child(when(
            move || signals.pictures.with(Vec::is_empty),
            move || {
                el("div", "empty small")
                    .child(el("span", "badge").child(icon::picture()))
                    .child(el("p", "hint").text(app.text(Text::NoPictures)))
            },
        ))
        .child(each(move || {
            signals
                .pictures
                .get()
                .into_iter()
                .map(|id| item(id.0.to_string(), move || picture::set(app, id)))
                .collect()
        }));
    group([maker(app, form), results.view()])
}
