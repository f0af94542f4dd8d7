use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// What the gateway looks at in a chunk of a provider's. It borrows from the event, and what nobody looks at is
/// neither copied nor understood: it passes through as it came, halves of emoji included.
#[derive(Deserialize)]
pub(super) struct Chunk<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) created: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    model: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) choices: Option<Vec<Choice<'a>>>,
}

/// One of the answers that a chunk goes on with.
#[derive(Deserialize)]
pub(super) struct Choice<'a> {
    pub(super) index: Option<u32>,
    #[serde(borrow, default)]
    finish_reason: Option<&'a RawValue>,
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
    #[serde(borrow, default)]
    message: Option<Delta<'a>>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reasoning: Option<&'a RawValue>,
    #[serde(borrow, default)]
    function_call: Option<Function<'a>>,
    #[serde(borrow, default)]
    tool_calls: Option<Vec<ToolCall<'a>>>,
    #[serde(borrow, default)]
    audio: Option<Audio<'a>>,
}

#[derive(Deserialize)]
struct ToolCall<'a> {
    #[serde(borrow, default)]
    function: Option<Function<'a>>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Audio<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    transcript: Option<&'a RawValue>,
}

/// Bytes of sound in base64 that stand for as much as a byte of text: a second is about twenty tokens.
const SOUND_BYTES: u64 = 800;

impl<'a> Chunk<'a> {
    /// The chunk in an event's data, if it is one.
    pub(super) fn parse(data: &'a str) -> Option<Self> {
        serde_json::from_str(data).ok()
    }

    /// What the provider says was used so far; `null` is nothing.
    pub(super) fn usage(&self) -> Option<Value> {
        let usage = self.usage.filter(|usage| usage.get() != "null")?;
        serde_json::from_str(usage.get()).ok()
    }

    /// The event's data for the caller, in pieces: without the usage, which the gateway sends itself once the call is
    /// settled, and with the caller's name of the model, given as JSON. `None` where that cannot be done by cutting.
    pub(super) fn cut(&self, data: &'a str, model: &'a str) -> Option<[&'a str; 5]> {
        let usage = match self.usage {
            Some(usage) => Some(member(data, span(data, usage)?)?),
            None => None,
        };
        let name = match self.model.filter(|name| name.get() != model) {
            Some(name) => Some(span(data, name)?),
            None => None,
        };
        Some(match (usage, name) {
            (None, None) => [data, "", "", "", ""],
            (Some((from, to)), None) => [&data[..from], &data[to..], "", "", ""],
            (None, Some((from, to))) => [&data[..from], model, &data[to..], "", ""],
            (Some((from, to)), Some((begin, end))) if end <= from => {
                [&data[..begin], model, &data[end..from], &data[to..], ""]
            }
            (Some((from, to)), Some((begin, end))) if to <= begin => {
                [&data[..from], &data[to..begin], model, &data[end..], ""]
            }
            _ => return None,
        })
    }
}

impl Choice<'_> {
    /// The provider has said why this answer ended.
    pub(super) fn is_finished(&self) -> bool {
        self.finish_reason.is_some()
    }

    /// The bytes of everything in it that the provider counts as output: text, refusal, reasoning, arguments of calls,
    /// and sound as the text that it costs as much as.
    pub(super) fn bytes(&self) -> u64 {
        [&self.delta, &self.message].into_iter().flatten().map(Delta::bytes).sum()
    }
}

impl Delta<'_> {
    fn bytes(&self) -> u64 {
        let texts = [self.content, self.refusal, self.reasoning_content, self.reasoning];
        let texts: u64 = texts.into_iter().map(text_bytes).sum();
        let calls = self.tool_calls.iter().flatten().filter_map(|call| call.function.as_ref());
        let calls = calls.chain(&self.function_call);
        let calls: u64 = calls.map(|call| text_bytes(call.name) + text_bytes(call.arguments)).sum();
        let sound = self
            .audio
            .as_ref()
            .map_or(0, |audio| text_bytes(audio.data).div_ceil(SOUND_BYTES) + text_bytes(audio.transcript));
        texts + calls + sound
    }
}

/// No content and no end: the chunk is there for its usage alone.
pub(super) fn is_bare(data: &str) -> bool {
    let Ok(chunk) = serde_json::from_str::<Value>(data) else { return false };
    let choices = chunk.get("choices").and_then(Value::as_array);
    choices.into_iter().flatten().all(|choice| {
        let empty = |value: &Value| value.is_null() || value.as_str().is_some_and(str::is_empty);
        let delta = choice.get("delta").and_then(Value::as_object);
        choice.get("finish_reason").is_none_or(Value::is_null)
            && delta.into_iter().flatten().all(|(name, value)| name == "role" || empty(value))
    })
}

/// An event that [`Chunk`] cannot read though it is JSON, such as one that names a field twice, written anew.
pub(super) fn normal(data: &str) -> Option<String> {
    let value: Value = serde_json::from_str(data).ok()?;
    value.is_object().then(|| value.to_string())
}

/// Tells `null` from nothing at all.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

/// The bytes of a JSON string's text; nothing for any other value.
fn text_bytes(value: Option<&RawValue>) -> u64 {
    let text = value.and_then(|value| value.get().strip_prefix('"')?.strip_suffix('"')).unwrap_or_default();
    if !text.contains('\\') {
        return text.len() as u64;
    }
    let (mut count, mut bytes) = (0, text.bytes());
    while let Some(byte) = bytes.next() {
        count += 1;
        if byte == b'\\' && bytes.next() == Some(b'u') {
            // Most of what is written like this takes three bytes.
            count += 2;
            bytes.by_ref().take(4).for_each(drop);
        }
    }
    count
}

/// Where a value that was read from `data` stands in it.
fn span(data: &str, value: &RawValue) -> Option<(usize, usize)> {
    let from = (value.get().as_ptr() as usize).checked_sub(data.as_ptr() as usize)?;
    let to = from + value.get().len();
    (data.get(from..to)? == value.get()).then_some((from, to))
}

/// Where the member `usage` with that value stands, together with one comma.
fn member(data: &str, (from, to): (usize, usize)) -> Option<(usize, usize)> {
    let before = data[..from].trim_end().strip_suffix(':')?.trim_end().strip_suffix("\"usage\"")?.trim_end();
    if let Some(before) = before.strip_suffix(',') {
        return Some((before.len(), to));
    }
    let after = data[to..].trim_start();
    let after = after.strip_prefix(',').unwrap_or(after);
    Some((before.len(), data.len() - after.len()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn cut(data: &str) -> String {
        Chunk::parse(data).unwrap().cut(data, "\"ours\"").unwrap().concat()
    }

    #[test]
    fn usage_and_the_providers_model_are_cut_out_wherever_they_stand() {
        for (data, out) in [
            (r#"{"id":"a","model":"m","usage":null}"#, r#"{"id":"a","model":"ours"}"#),
            (
                r#"{"usage" : {"x":[1]} , "model":"m","z":{"usage":1}}"#,
                r#"{ "model":"ours","z":{"usage":1}}"#,
            ),
            (r#"{"usage":null}"#, "{}"),
            (r#"{"model":"ours","x":1}"#, r#"{"model":"ours","x":1}"#),
            (r#"{"model":null,"a":"\ud83d"}"#, r#"{"model":"ours","a":"\ud83d"}"#),
        ] {
            assert_eq!(cut(data), out);
        }
    }

    #[test]
    fn a_field_that_is_there_twice_is_still_read() {
        let data = r#"{"model":"a","model":"b","choices":[]}"#;
        assert!(Chunk::parse(data).is_none());
        assert!(Chunk::parse(&normal(data).unwrap()).is_some());
        assert_eq!(normal("[1]"), None);
    }

    #[test]
    fn escapes_count_as_what_they_stand_for() {
        let bytes = |data: &str| text_bytes(Some(serde_json::from_str(data).unwrap()));
        assert_eq!(bytes(r#""a\nb""#), 3);
        assert_eq!(bytes(r#""\u20ac""#), 3);
        assert_eq!(bytes("\"\u{20ac}\""), 3);
        assert_eq!(bytes("7"), 0);
    }

    #[test]
    fn a_chunk_with_an_empty_choice_is_there_for_its_usage() {
        let bare = |chunk: Value| is_bare(&chunk.to_string());
        assert!(bare(json!({"choices": []})));
        assert!(bare(json!({"choices": [{"delta": {"content": "", "role": "assistant"}}]})));
        assert!(!bare(json!({"choices": [{"delta": {"content": "x"}}]})));
        assert!(!bare(json!({"choices": [{"delta": {}, "finish_reason": "stop"}]})));
    }

    proptest! {
        #[test]
        fn what_is_cut_is_the_same_json_without_usage(
            order in Just(vec!["id", "model", "usage", "choices", "x"]).prop_shuffle(), text in ".{0,12}", null: bool,
        ) {
            let member = |name: &&str| match *name {
                "usage" if null => "\"usage\":null".to_owned(),
                "usage" => "\"usage\":{\"prompt_tokens\":1}".to_owned(),
                "choices" => format!("\"choices\":{}", json!([{"delta": {"content": text}}])),
                name => format!("\"{name}\":{}", json!(text)),
            };
            let data = format!("{{{}}}", order.iter().map(member).collect::<Vec<_>>().join(", "));
            let mut expected: Value = serde_json::from_str(&data).unwrap();
            expected["model"] = json!("ours");
            expected.as_object_mut().unwrap().remove("usage");
            prop_assert_eq!(serde_json::from_str::<Value>(&cut(&data)).unwrap(), expected);
        }
    }
}
