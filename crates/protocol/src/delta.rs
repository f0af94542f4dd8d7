use serde::{Deserialize, Serialize};

use crate::json::Json;
use crate::record;
use crate::wire::{Read, field};

/// The new part of an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delta {
    /// The text that follows what came before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The model's reason not to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// What the model thinks, as DeepSeek and SGLang send it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<String>,
    /// What the model thinks, as OpenRouter and vLLM send it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// Pieces of calls of tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<Vec<ToolCallDelta>>,
    /// Sources, as OpenAI and OpenRouter send them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Vec<Annotation>>,
}

/// A piece of a call of a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ToolCallDelta {
    /// Which call of the answer; its place in the list where the server does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// The call's id, in its first piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<FunctionDelta>,
}

/// A piece of the function that a tool is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FunctionDelta {
    /// Its name, in the first piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// More of its arguments, which are JSON once all pieces are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<String>,
}

/// A remark on the text of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Annotation {
    /// The page that something was taken from, where the remark is that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_citation: Option<UrlCitation>,
}

/// A page as a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UrlCitation {
    /// Its address; the model's word.
    pub url: String,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

impl Read for Delta {
    fn read(json: &Json) -> Option<Self> {
        // Servers differ: a stranger's shape of what stands beside the words is no reason to lose the words.
        fn loose<T: Read>(json: &Json, name: &str) -> Option<T> {
            json.get(name).and_then(T::read)
        }
        Some(Delta {
            content: field(json, "content")?,
            refusal: field(json, "refusal")?,
            reasoning_content: loose(json, "reasoning_content"),
            reasoning: loose(json, "reasoning"),
            tool_calls: loose(json, "tool_calls"),
            annotations: loose(json, "annotations"),
        })
    }
}

record!(write Delta { content, refusal, reasoning_content, reasoning, tool_calls, annotations });
record!(ToolCallDelta { index, id, function });
record!(FunctionDelta { name, arguments });
record!(Annotation { url_citation });
record!(UrlCitation { url, title });
