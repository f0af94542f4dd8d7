use super::dom::{View, group};
use super::results::{Nothing, results};
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
    let nothing = Nothing { icon: icon::picture, hint: Text::NoPictures };
    let results = results(app, signals.pictures, |id| id.0.to_string(), picture::set, nothing);
    group([maker(app, form), results])
}
