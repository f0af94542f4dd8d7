use serde::{Deserialize, Serialize};

use crate::{Balance, Content, Delta, ErrorDetail, Receipt};
use crate::{record, words};

/// Who said a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions of the host.
    System,
    /// The person at the page.
    User,
    /// The model.
    Assistant,
    /// What came of a call of a tool.
    Tool,
}

/// One message of a conversation, in OpenAI's shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChatMessage {
    /// Who said it.
    pub role: Role,
    /// What was said; nothing where the model only called tools.
    #[serde(default, skip_serializing_if = "Content::is_empty")]
    pub content: Content,
    /// The tools that the model called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<Vec<ToolCall>>,
    /// Of a tool's message: the call that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
}

impl ChatMessage {
    /// A message that is words, or words and files.
    pub fn new(role: Role, content: impl Into<Content>) -> Self {
        ChatMessage { role, content: content.into(), tool_calls: None, tool_call_id: None }
    }
}

/// A call of a tool, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ToolCall {
    /// The model's name for it.
    pub id: String,
    /// `function`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is called.
    pub function: FunctionCall,
}

/// A function and what it is called with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FunctionCall {
    /// Its name.
    pub name: String,
    /// JSON, as text.
    pub arguments: String,
}

/// What the widget sends to `POST /v1/chat/completions`. The gateway reads the body loosely and passes on fields
/// that are not named here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChatRequest {
    /// A model of the catalogue.
    pub model: String,
    /// The conversation, oldest first.
    pub messages: Vec<ChatMessage>,
    /// True for server-sent events.
    #[serde(default)]
    pub stream: bool,
    /// Set `include_usage` to receive the usage chunk, which also carries the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_options: Option<StreamOptions>,
    /// Most tokens that the answer may have; the model's default when absent. The price is bounded by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_completion_tokens: Option<u32>,
}

/// Options of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StreamOptions {
    /// Asks for a last chunk with `usage`.
    pub include_usage: bool,
}

/// One server-sent event of a streamed answer. Every field may be missing: providers differ.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChatChunk {
    /// The completion's id.
    #[serde(default)]
    pub id: Option<String>,
    /// The deltas; empty in the usage chunk.
    #[serde(default)]
    pub choices: Vec<ChatChoice>,
    /// The tokens used, in the last chunk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What the call cost, in the last chunk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triptych: Option<TriptychExtra>,
    /// An error in the middle of a stream; nothing follows it but `[DONE]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorDetail>,
    /// Addresses of sources, as Perplexity and xAI send them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citations: Option<Vec<String>>,
}

/// One choice of a chunk.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChatChoice {
    /// Which of several answers; 0 unless more were asked for.
    #[serde(default)]
    pub index: u32,
    /// What is new.
    #[serde(default)]
    pub delta: Delta,
    /// `stop`, `length`, `content_filter` or `tool_calls` once the answer has ended.
    #[serde(default)]
    pub finish_reason: Option<String>,
}

/// Tokens used by a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Usage {
    /// Tokens read.
    #[serde(default)]
    pub prompt_tokens: u64,
    /// Tokens written.
    #[serde(default)]
    pub completion_tokens: u64,
    /// Their sum.
    #[serde(default)]
    pub total_tokens: u64,
    /// What kinds of tokens were read, where the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens_details: Option<PromptDetails>,
    /// What kinds of tokens were written, where the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_tokens_details: Option<CompletionDetails>,
}

/// Parts of the tokens read. Zero is a statement, absence is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PromptDetails {
    /// Still known to the provider from an earlier call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_tokens: Option<u64>,
    /// Kept by the provider for later calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_tokens: Option<u64>,
    /// Sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_tokens: Option<u64>,
    /// Pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_tokens: Option<u64>,
}

/// Parts of the tokens written. Zero is a statement, absence is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompletionDetails {
    /// Thought that is not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<u64>,
    /// Sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_tokens: Option<u64>,
    /// Pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_tokens: Option<u64>,
}

/// What Triptych adds to the last answer of a priced call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TriptychExtra {
    /// What was held, charged and given back.
    pub cost: Receipt,
    /// The balance afterwards.
    pub credits: Balance,
    /// Why an answer ended before the model meant it to, where that was not the provider's doing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
}

/// Why the gateway ended an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// It is as long as what was put aside for it covers.
    HoldUsedUp,
    /// The user pressed stop.
    Stopped,
    /// Nobody has read it for too long.
    Abandoned,
    /// Another reason, of a later gateway.
    #[serde(other)]
    Other,
}

words!(Role { System = "system", User = "user", Assistant = "assistant", Tool = "tool" });
record!(ChatMessage { role, tool_calls, tool_call_id; content });
record!(ToolCall { id, kind as "type", function });
record!(FunctionCall { name, arguments });
record!(ChatRequest { model, messages; stream, stream_options, max_completion_tokens });
record!(StreamOptions { include_usage });
record!(ChatChunk { id, usage, triptych, error, citations; choices });
record!(ChatChoice { finish_reason; index, delta });
record!(Usage { prompt_tokens_details, completion_tokens_details; prompt_tokens, completion_tokens, total_tokens });
record!(PromptDetails { cached_tokens, cache_write_tokens, audio_tokens, image_tokens });
record!(CompletionDetails { reasoning_tokens, audio_tokens, image_tokens });
record!(TriptychExtra { cost, credits, cut });
words!(Cut { HoldUsedUp = "hold_used_up", Stopped = "stopped", Abandoned = "abandoned" } else Other);
