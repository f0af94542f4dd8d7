use serde_json::{Value, json};

use crate::error::ApiError;
use crate::tool::ToolCall;

/// What an answer has besides its words. Asked for in the last message of the user, each by a marker:
///
/// | marker | what comes |
/// | --- | --- |
/// | `[[with:reasoning]]` | thoughts before the first word, as `reasoning` |
/// | `[[with:reasoning-content]]` | the same as `reasoning_content` |
/// | `[[with:tool]]` | a call of a tool in pieces; the answer ends for it |
/// | `[[with:citations]]` | two sources, and one whose address is a script |
/// | `[[with:refusal]]` | the words as a refusal |
///
/// On streams of chat completions only, but for calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extras {
    /// The field that thoughts come in.
    pub(crate) thoughts: Option<&'static str>,
    pub(crate) calls: Vec<ToolCall>,
    pub(crate) citations: bool,
    pub(crate) refusal: bool,
}

/// A token each.
const THOUGHTS: [&str; 14] = [
    "The ",
    "question ",
    "has ",
    "two ",
    "sides. ",
    "First ",
    "the ",
    "facts, ",
    "then ",
    "**what ",
    "follows** ",
    "from ",
    "them",
    ".",
];

impl Extras {
    /// Takes the markers out of a prompt.
    pub(crate) fn take(prompt: &str) -> Result<(String, Self), ApiError> {
        let (mut left, mut extras) = (String::new(), Self::default());
        let mut rest = prompt;
        while let Some((before, marker)) = rest.split_once("[[with:") {
            let Some((name, after)) = marker.split_once("]]") else { break };
            match name {
                "reasoning" => extras.thoughts = Some("reasoning"),
                "reasoning-content" => extras.thoughts = Some("reasoning_content"),
                "tool" => extras.calls.push(ToolCall {
                    id: "call_1".into(),
                    name: "look_up_weather".into(),
                    arguments: r#"{"city":"Oslo","days":3}"#.into(),
                }),
                "citations" => extras.citations = true,
                "refusal" => extras.refusal = true,
                _ => {
                    return Err(ApiError::invalid(
                        None,
                        format!("there is no `{name}` to come with an answer"),
                    ));
                }
            }
            left.push_str(before);
            rest = after;
        }
        left.push_str(rest);
        Ok((left.trim().to_owned(), extras))
    }

    /// Pieces of thought.
    pub(crate) fn thoughts(&self) -> usize {
        if self.thoughts.is_some() { THOUGHTS.len() } else { 0 }
    }

    /// The delta of a piece of thought.
    pub(crate) fn thought(&self, index: usize) -> Value {
        json!({self.thoughts.unwrap_or_default(): THOUGHTS.get(index)})
    }

    /// The field that the words come in.
    pub(crate) fn words(&self) -> &'static str {
        if self.refusal { "refusal" } else { "content" }
    }

    /// The deltas after the last word.
    pub(crate) fn last(&self) -> Vec<Value> {
        let mut deltas = Vec::new();
        if self.citations {
            let page = |url: &str, title: &str| {
                json!({
                    "type": "url_citation", "url_citation": {"url": url, "title": title, "start_index": 0, "end_index": 4},
                })
            };
            deltas.push(json!({"annotations": [
                page("https://sources.example/tides?page=1", "How tides work"),
                page("https://www.moon.example/pull", ""),
                page("javascript:alert(1)", "A trap"),
            ]}));
        }
        deltas.extend(self.calls.iter().enumerate().flat_map(|(index, call)| call.pieces(index)));
        deltas
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn markers_are_taken_out_of_the_prompt() {
        let (left, extras) = Extras::take("Explain [[with:tool]]tides [[with:citations]]").unwrap();
        assert_eq!(left, "Explain tides");
        assert_eq!((extras.calls.len(), extras.citations), (1, true));
        assert!(Extras::take("[[with:luck]]").is_err());
        assert_eq!(Extras::take("see [[with:tool").unwrap(), ("see [[with:tool".into(), Extras::default()));
    }
}
