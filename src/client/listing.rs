use triptych_protocol::{Limits, Modality, Model, ModelInfo, Price, record};

/// A list of models from a server that need not be ours.
pub(super) struct Listing {
    data: Vec<Listed>,
}
record!(read Listing { data });

/// A model of which another server than ours tells nothing but its name.
struct Listed {
    id: String,
    triptych: Option<ModelInfo>,
}
record!(read Listed { id, triptych });

impl Listing {
    pub(super) fn into_models(self) -> Vec<Model> {
        self.data.into_iter().map(Listed::into_model).collect()
    }
}

impl Listed {
    fn into_model(self) -> Model {
        let info = self.triptych.unwrap_or_else(|| ModelInfo {
            name: self.id.clone(),
            description: None,
            modality: Modality::Chat,
            parameters: Vec::new(),
            price: Price::Other,
            price_version: 0,
            limits: Limits::default(),
            tokenizer: None,
            tools: None,
            replacement: None,
            warning: None,
        });
        Model {
            id: self.id,
            object: String::new(),
            created: 0,
            owned_by: String::new(),
            shutdown_date: None,
            triptych: info,
        }
    }
}
