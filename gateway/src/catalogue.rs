//! The models on offer, their limits and their prices.

mod date;
mod file;
mod price;
mod retirement;
#[cfg(test)]
mod tests;

use std::path::Path;

use triptych_protocol::{ErrorCode, Model};

use crate::error::Error;
use crate::store::now_ms;

const BUILT_IN: &str = include_str!("../catalogue.toml");

/// The catalogue, in the order of its file.
#[derive(Clone, Debug)]
pub(crate) struct Catalogue {
    models: Vec<Model>,
}

impl Catalogue {
    /// Reads a file, or the built-in catalogue where there is none. Errors name the file and the key.
    pub(crate) fn load(path: Option<&Path>) -> Result<Catalogue, String> {
        match path {
            None => Catalogue::parse("the built-in catalogue", BUILT_IN),
            Some(path) => {
                let name = path.display().to_string();
                let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
                Catalogue::parse(&name, &text)
            }
        }
    }

    fn parse(name: &str, text: &str) -> Result<Catalogue, String> {
        let models = file::read(text).map_err(|message| format!("{name}: {message}"))?;
        Ok(Catalogue { models })
    }

    /// The model of that id.
    ///
    /// # Errors
    /// `not_found` where there is none, `model_retired` from its shutdown date on.
    pub(crate) fn model(&self, id: &str) -> Result<&Model, Error> {
        self.model_on(id, &date::today(now_ms()))
    }

    fn model_on(&self, id: &str, today: &str) -> Result<&Model, Error> {
        let model = self.models.iter().find(|model| model.id == id).ok_or_else(|| {
            let id: String = id.chars().take(100).collect();
            let message = format!("There is no model `{id}`. `GET /v1/models` lists those that there are.");
            Error::new(ErrorCode::NotFound, message).param("model")
        })?;
        if !retirement::retired(model, today) {
            return Ok(model);
        }
        let message = match &model.triptych.replacement {
            Some(other) => format!("`{id}` is no longer offered. Use `{other}` instead."),
            None => format!("`{id}` is no longer offered. `GET /v1/models` lists what is."),
        };
        Err(Error::new(ErrorCode::ModelRetired, message).param("model"))
    }

    /// The models that are still offered, each with a warning where it goes soon.
    pub(crate) fn list(&self) -> Vec<Model> {
        self.list_on(&date::today(now_ms()))
    }

    fn list_on(&self, today: &str) -> Vec<Model> {
        let offered = self.models.iter().filter(|model| !retirement::retired(model, today));
        offered.map(|model| retirement::marked(model, today)).collect()
    }

    /// The model of that id as the list shows it.
    ///
    /// # Errors
    /// As [`Catalogue::model`].
    pub(crate) fn listed(&self, id: &str) -> Result<Model, Error> {
        let today = date::today(now_ms());
        self.model_on(id, &today).map(|model| retirement::marked(model, &today))
    }

    /// Makes ready what the first calls need, and tells the operator which models are gone or go soon.
    pub(crate) fn prepare(&self) {
        crate::estimate::warm_up(self.models.iter());
        for notice in retirement::notices(&self.models, &date::today(now_ms())) {
            tracing::warn!("{notice}");
        }
    }
}
