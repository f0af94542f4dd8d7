use serde::{Deserialize, Serialize};

use crate::json::Json;
use crate::wire::{Read, field};
use crate::{Credits, Price};
use crate::{record, tagged, words};

/// The answer of `GET /v1/models`: OpenAI's list, each model with what the widget draws its forms from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelList {
    /// Always `list`.
    pub object: String,
    /// The models that the token may use.
    pub data: Vec<Model>,
}

/// One model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Model {
    /// The id that calls name.
    pub id: String,
    /// Always `model`.
    pub object: String,
    /// Unix time in seconds; 0 where nobody knows.
    #[serde(default)]
    pub created: i64,
    /// Whose model it is.
    pub owned_by: String,
    /// The day it goes, `YYYY-MM-DD`, where one is known.
    #[serde(default)]
    pub shutdown_date: Option<String>,
    /// What Triptych knows of it.
    pub triptych: ModelInfo,
}

/// What Triptych knows of a model: enough to draw a form and to price what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelInfo {
    /// A name for people.
    pub name: String,
    /// A sentence for people.
    #[serde(default)]
    pub description: Option<String>,
    /// Which panel it belongs to.
    pub modality: Modality,
    /// What can be chosen, in the order of the form.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// What it costs.
    pub price: Price,
    /// The version of the price book that `price` is from.
    pub price_version: i64,
    /// Bounds of a call.
    #[serde(default)]
    pub limits: Limits,
    /// How its prompts are counted before a call; by bytes where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<Tokenizer>,
    /// False where it cannot call functions. Unless said it can, as far as it is a model that chats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<bool>,
    /// The id to use instead once it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
    /// A sentence for people about a model that goes soon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// What a model makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// Text, by chat completions.
    Chat,
    /// Pictures.
    Image,
    /// Clips.
    Video,
    /// Speech, by chat completions.
    Audio,
    /// Text read aloud, by `/v1/audio/speech`.
    Speech,
    /// Speech written down, by `/v1/audio/transcriptions`.
    Transcription,
    /// Something that this version does not know.
    #[serde(other)]
    Other,
}

/// How a gateway counts the tokens of a prompt before the call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Tokenizer {
    /// OpenAI's vocabulary since GPT-4o.
    O200k,
    /// OpenAI's vocabulary before that.
    Cl100k,
    /// One token for each byte: no tokenizer that works on bytes makes more, so it bounds every model.
    #[default]
    #[serde(other)]
    Bytes,
}

/// One thing that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Parameter {
    /// The field of the request.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// What it may be.
    #[serde(flatten)]
    pub kind: ParameterKind,
}

/// What a parameter may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ParameterKind {
    /// One of a few values.
    Choice {
        /// The values.
        choices: Vec<Choice>,
        /// The one to start with.
        default: String,
    },
    /// A whole number.
    Integer {
        /// Smallest.
        min: u32,
        /// Largest.
        max: u32,
        /// Distance from one allowed value to the next, counted from `min`.
        step: u32,
        /// The one to start with.
        default: u32,
        /// What is counted, such as `seconds`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
    },
}

/// A value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Choice {
    /// As the request has it.
    pub value: String,
    /// As people read it.
    pub label: String,
}

/// Bounds of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Limits {
    /// Most tokens of prompt and answer together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<u32>,
    /// Most tokens that an answer may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_completion_tokens: Option<u32>,
    /// The cap of an answer when the call names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_completion_tokens: Option<u32>,
    /// Most characters of a prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_prompt_chars: Option<u32>,
    /// The shortest cap that an answer is cut down to where a balance does not cover a longer one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_completion_tokens: Option<u32>,
    /// Most that a call may hold; longer answers are capped so that it is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_hold: Option<Credits>,
    /// Most tokens that one picture of a prompt counts as. Without it prompts cannot hold pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_tokens: Option<u32>,
    /// Longest recording, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_seconds: Option<u32>,
    /// Most bytes of a call's body, attachments included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<u32>,
}

impl ModelInfo {
    /// The parameter of that name.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}

impl Parameter {
    /// The value to start with, as text.
    pub fn default_value(&self) -> String {
        match &self.kind {
            ParameterKind::Choice { default, .. } => default.clone(),
            ParameterKind::Integer { default, .. } => default.to_string(),
        }
    }

    /// True where the value may be sent.
    pub fn allows(&self, value: &str) -> bool {
        match &self.kind {
            ParameterKind::Choice { choices, .. } => choices.iter().any(|choice| choice.value == value),
            ParameterKind::Integer { min, max, step, .. } => value.parse::<u32>().is_ok_and(|number| {
                number >= *min && number <= *max && (number - min).is_multiple_of((*step).max(1))
            }),
        }
    }
}

words!(Modality {
    Chat = "chat", Image = "image", Video = "video", Audio = "audio", Speech = "speech", Transcription = "transcription"
} else Other);
words!(Tokenizer { O200k = "o200k", Cl100k = "cl100k" } else Bytes);
record!(read ModelList { object, data });
record!(read Model { id, object, owned_by, shutdown_date, triptych; created });
record!(read ModelInfo { name, description, modality, price, price_version, tokenizer, tools, replacement, warning; parameters, limits });
record!(Choice { value, label });
record!(Limits {
    context_tokens,
    max_completion_tokens,
    default_completion_tokens,
    max_prompt_chars,
    min_completion_tokens,
    max_hold,
    image_tokens,
    max_seconds,
    body_bytes
});

impl Read for Parameter {
    fn read(json: &Json) -> Option<Self> {
        Some(Parameter { name: field(json, "name")?, label: field(json, "label")?, kind: Read::read(json)? })
    }
}

tagged!(read ParameterKind by "type" {
    Choice = "choice" { choices, default },
    Integer = "integer" { min, max, step, default, unit },
});
