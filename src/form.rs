//! The form of a panel, drawn from the catalogue: which models there are, what can be chosen, what it will cost.
//! Models, sizes, lengths and prices are the gateway's data; there is none of it here.

use triptych_protocol::{
    AUDIO_TOKENS_PER_SECOND, Bound, Estimate, Modality, Model, PictureOrder, Price, TokenBound,
    framed_tokens, pictures_hold, tokens_hold, video_cost,
};

use crate::attachment::Cargo;

/// What is chosen in a panel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    models: Vec<Model>,
    selected: usize,
    values: Vec<(String, String)>,
}

impl Form {
    /// The form for the models of one kind, with the preferred model chosen where it is one of them.
    pub fn new(catalogue: &[Model], modality: Modality, preferred: Option<&str>) -> Self {
        // A model that hears is asked by chat completions too.
        let fits = |model: &&Model| {
            let of = model.triptych.modality;
            of == modality || (modality == Modality::Chat && of == Modality::Audio)
        };
        let models: Vec<Model> = catalogue.iter().filter(fits).cloned().collect();
        let preferred = models.iter().position(|model| Some(model.id.as_str()) == preferred);
        let usual = || models.iter().position(|model| model.triptych.modality == modality);
        let selected = preferred.or_else(usual).unwrap_or(0);
        let mut form = Form { models, selected, values: Vec::new() };
        form.fit_values();
        form
    }

    /// The models to choose from.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// The chosen model; none where the catalogue has none of this kind.
    pub fn model(&self) -> Option<&Model> {
        self.models.get(self.selected)
    }

    /// False where it is said that a model cannot call functions.
    pub fn takes_tools(&self, id: &str) -> bool {
        self.models
            .iter()
            .find(|model| model.id == id)
            .is_none_or(|model| model.triptych.tools != Some(false))
    }

    /// Chooses a model. What was chosen stays where the new model allows it.
    pub fn select(&mut self, id: &str) {
        if let Some(position) = self.models.iter().position(|model| model.id == id) {
            self.selected = position;
            self.fit_values();
        }
    }

    /// The value of a parameter.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that counts something.
    pub fn number(&self, name: &str) -> Option<u32> {
        self.value(name)?.parse().ok()
    }

    /// Chooses a value; one that the model does not allow changes nothing.
    pub fn set(&mut self, name: &str, value: &str) {
        let allowed =
            self.model().and_then(|model| model.triptych.parameter(name)).is_some_and(|p| p.allows(value));
        // Each parameter of the model has a value.
        if let (true, Some(own)) = (allowed, self.values.iter_mut().find(|(own, _)| own == name)) {
            own.1 = value.into();
        }
    }

    /// What a chat call would hold at most. None where it carries what has no price here.
    pub fn chat_estimate(&self, cargo: &Cargo) -> Option<Estimate> {
        let info = &self.model()?.triptych;
        if cargo.documents > 0 {
            return None;
        }
        let image = match cargo.pictures {
            0 => 0,
            pictures => pictures.saturating_mul(u64::from(info.limits.image_tokens?)),
        };
        // More than its context a model cannot read, however it was counted.
        let most = info.limits.context_tokens.map_or(u64::MAX, u64::from);
        let bound = TokenBound {
            text: framed_tokens(cargo.text, cargo.frames).min(most),
            image: image.min(most),
            audio: cargo.seconds.saturating_mul(AUDIO_TOKENS_PER_SECOND).min(most),
            completion: u64::from(info.limits.default_completion_tokens?),
            ..TokenBound::default()
        };
        let amount = tokens_hold(&info.price, &bound).ok()?;
        let prompt_tokens = Some(bound.prompt());
        Some(Estimate { prompt_tokens, ..Estimate::new(amount, Bound::AtMost, info.price_version) })
    }

    /// What a picture or a clip with these values would hold, for a prompt of so many bytes.
    pub fn estimate(&self, prompt_bytes: usize) -> Option<Estimate> {
        let info = &self.model()?.triptych;
        let (amount, bound) = match info.price {
            Price::Image(_) => {
                let order = PictureOrder {
                    size: self.value("size")?,
                    quality: self.value("quality"),
                    n: self.number("n").unwrap_or(1),
                    prompt_tokens: framed_tokens(prompt_bytes as u64, 1),
                    ..PictureOrder::default()
                };
                pictures_hold(&info.price, &order).ok()?
            }
            Price::VideoSecond(_) => {
                let amount = video_cost(&info.price, self.value("resolution")?, self.number("duration")?);
                (amount.ok()?, Bound::Exact)
            }
            _ => return None,
        };
        Some(Estimate::new(amount, bound, info.price_version))
    }

    fn fit_values(&mut self) {
        let Some(model) = self.models.get(self.selected) else { return };
        let fitted = model.triptych.parameters.iter().map(|parameter| {
            let kept = self.value(&parameter.name).filter(|value| parameter.allows(value));
            (parameter.name.clone(), kept.map_or_else(|| parameter.default_value(), String::from))
        });
        self.values = fitted.collect();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use triptych_protocol::{Credits, ModelList};

    fn catalogue() -> Vec<Model> {
        let list = include_str!("../crates/protocol/tests/golden/models.json");
        let mut models = serde_json::from_str::<ModelList>(list).unwrap().data;
        let mut pro = models[0].clone();
        pro.id = "sora-2-pro".into();
        for parameter in &mut pro.triptych.parameters {
            if let triptych_protocol::ParameterKind::Integer { max, .. } = &mut parameter.kind {
                *max = 12;
            }
        }
        models.push(pro);
        models
    }

    #[test]
    fn the_price_changes_with_the_form() {
        let mut form = Form::new(&catalogue(), Modality::Video, None);
        assert_eq!(form.estimate(5).unwrap().amount, Credits::from_whole(32));
        form.set("duration", "20");
        assert_eq!(form.estimate(5).unwrap().amount, Credits::from_whole(80));
    }

    #[test]
    fn a_value_that_the_model_does_not_allow_changes_nothing() {
        let mut form = Form::new(&catalogue(), Modality::Video, None);
        form.set("duration", "21");
        form.set("resolution", "8k");
        form.set("nonsense", "1");
        assert_eq!(
            (form.number("duration"), form.value("resolution"), form.value("nonsense")),
            (Some(8), Some("720p"), None)
        );
    }

    #[test]
    fn changing_the_model_keeps_what_the_new_one_allows() {
        let mut form = Form::new(&catalogue(), Modality::Video, Some("sora-2"));
        form.set("duration", "12");
        form.select("sora-2-pro");
        assert_eq!(form.number("duration"), Some(12));
        form.select("sora-2");
        form.set("duration", "20");
        form.select("sora-2-pro");
        assert_eq!(form.number("duration"), Some(8), "20 is too long for this one, so its default holds");
    }

    #[test]
    fn an_empty_catalogue_makes_a_form_without_a_price() {
        let form = Form::new(&[], Modality::Chat, None);
        assert!(
            form.model().is_none()
                && form.estimate(5).is_none()
                && form.chat_estimate(&Cargo::default()).is_none()
        );
    }
}
