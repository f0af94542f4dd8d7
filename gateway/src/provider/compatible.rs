//! Servers that speak OpenAI's calls and know only some of their fields: Ollama, vLLM, llama.cpp, LiteLLM.

use reqwest::Response;
use serde_json::Value;

use super::adapter::{Ability, Adapter, Reply};
use super::connection::Connection;
use super::openai::{self, audio, images, responses};
use super::request::{ChatCall, ImageCall, ResponsesCall, SpeechCall, TranscriptionCall};

/// What such a server does not have it answers with an error of its own; `serves` in the configuration keeps calls
/// away from it.
#[derive(Debug)]
pub(super) struct Compatible;

impl Adapter for Compatible {
    fn can(&self, ability: Ability) -> bool {
        !matches!(ability, Ability::ImageStreams | Ability::Video | Ability::Remix)
    }

    fn chat<'a>(&'a self, up: &'a Connection, call: &'a ChatCall) -> Reply<'a, Value> {
        Box::pin(openai::chat(up, call))
    }

    fn chat_stream<'a>(&'a self, up: &'a Connection, call: &'a ChatCall) -> Reply<'a, Response> {
        Box::pin(openai::chat_stream(up, call))
    }

    fn responses<'a>(&'a self, up: &'a Connection, call: &'a ResponsesCall) -> Reply<'a, Value> {
        Box::pin(responses::whole(up, call))
    }

    fn responses_stream<'a>(&'a self, up: &'a Connection, call: &'a ResponsesCall) -> Reply<'a, Response> {
        Box::pin(responses::stream(up, call))
    }

    fn images<'a>(&'a self, up: &'a Connection, call: &'a ImageCall) -> Reply<'a, Value> {
        Box::pin(images::whole(up, call))
    }

    fn speech<'a>(&'a self, up: &'a Connection, call: &'a SpeechCall) -> Reply<'a, Response> {
        Box::pin(audio::speech(up, call))
    }

    fn transcription<'a>(&'a self, up: &'a Connection, call: &'a TranscriptionCall) -> Reply<'a, Response> {
        Box::pin(audio::transcription(up, call))
    }
}
