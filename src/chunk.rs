//! The words of a chunk of an answer, read without making a tree of it: almost every chunk is one word of one answer.

use triptych_protocol::json::Reader;

/// What a chunk adds to the first answer, where it does nothing else.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// What the model says.
    pub(crate) said: String,
    /// What it thinks.
    pub(crate) thought: String,
}

/// Reads the words of a chunk. `None` wherever there is anything more to it, and wherever it is no JSON: the whole of it
/// is then to be read.
pub(crate) fn words(data: &str) -> Option<Words> {
    let mut reader = Reader::new(data);
    let mut words = None;
    reader.object(&mut |reader, key| match key.as_str() {
        "choices" => {
            reader.expect(b'[')?;
            words = Some(choice(reader)?);
            reader.expect(b']')
        }
        "usage" | "triptych" | "error" | "citations" => reader.word("null"),
        _ => skip(reader),
    })?;
    words.filter(|_| reader.is_done())
}

fn choice(reader: &mut Reader<'_>) -> Option<Words> {
    let (mut said, mut thought, mut again) = (None, None, None);
    reader.object(&mut |reader, key| match key.as_str() {
        "index" => reader.expect(b'0'),
        "delta" => reader.object(&mut |reader, key| match key.as_str() {
            "content" => maybe(reader, &mut said),
            "reasoning_content" => maybe(reader, &mut thought),
            "reasoning" => maybe(reader, &mut again),
            // The same thoughts once more, with signatures.
            "role" | "reasoning_details" => skip(reader),
            // A refusal, a call of a tool, or what a newer server has.
            _ => reader.word("null"),
        }),
        "finish_reason" => reader.word("null"),
        _ => skip(reader),
    })?;
    let thought = thought.or(again);
    (said.is_some() || thought.is_some())
        .then(|| Words { said: said.unwrap_or_default(), thought: thought.unwrap_or_default() })
}

/// A string, or `null`, which says nothing.
fn maybe(reader: &mut Reader<'_>, text: &mut Option<String>) -> Option<()> {
    if reader.word("null").is_none() {
        *text = Some(reader.string()?);
    }
    Some(())
}

fn skip(reader: &mut Reader<'_>) -> Option<()> {
    reader.value(0).map(drop)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;
    use serde_json::json;
    use triptych_protocol::ChatChunk;

    use super::*;

    #[test]
    fn a_word_is_read_from_each_of_the_shapes_that_servers_send() {
        for (data, word) in [
            (
                r#"{"choices":[{"index":0,"delta":{"content":" \"so\u00e9\\n\ud83d\ude00\""},"finish_reason":null}]}"#,
                " \"soé\\n😀\"",
            ),
            (
                r#"{"id":"c","created":1e3,"x":{"y":[1,{"z":true}]},"usage":null,"choices":[{"delta":{"role":"assistant","content":"a","refusal":null},"logprobs":null,"index":0}]}"#,
                "a",
            ),
            (" { \"choices\" : [ { \"delta\" : { \"content\" : \"a b\" } } ] } \n", "a b"),
            // Half of a pair is no character; some servers cut in the middle of one.
            (r#"{"choices":[{"index":0,"delta":{"content":"a\ud83d"}}]}"#, "a\u{fffd}"),
            (r#"{"choices":[{"index":0,"delta":{"content":""}}]}"#, ""),
        ] {
            assert_eq!(words(data), Some(Words { said: word.into(), thought: String::new() }), "{data}");
        }
    }

    #[test]
    fn thoughts_are_read_by_each_of_their_names_and_once() {
        for (delta, said, thought) in [
            (r#"{"role":"assistant","content":null,"reasoning_content":"Hm"}"#, "", "Hm"),
            (r#"{"content":"","reasoning":"Hm","reasoning_details":[{"text":"Hm"}]}"#, "", "Hm"),
            (r#"{"reasoning":"Hm","reasoning_content":"Hm"}"#, "", "Hm"),
            (r#"{"content":"Yes","reasoning_content":null}"#, "Yes", ""),
            (r#"{"content":"Yes","reasoning":"so"}"#, "Yes", "so"),
        ] {
            let data = format!(r#"{{"choices":[{{"index":0,"delta":{delta}}}]}}"#);
            assert_eq!(words(&data), Some(Words { said: said.into(), thought: thought.into() }), "{data}");
        }
    }

    #[test]
    fn whatever_has_more_to_it_is_left_to_be_read_whole() {
        for data in [
            r#"{"choices":[]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":null}}]}"#,
            r#"{"choices":[{"index":1,"delta":{"content":"a"}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"b"}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"a","tool_calls":[]}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"refusal":"no"}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"a"}}],"citations":["https://a.example"]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{}}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"a"}}],"error":{"message":"m"}}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"a"}}]"#,
            r#"{"choices":[{"index":0,"delta":{"content":"a"}}]}}"#,
            "[DONE]",
            "",
        ] {
            assert_eq!(words(data), None, "{data}");
        }
        assert_eq!(words(&format!("{{\"x\":{}", "[".repeat(100_000))), None);
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_the_whole_reading_gives(content in any::<Option<String>>(), index in 0u32..2, end in any::<bool>(), other in ".*") {
            let chunk = json!({
                "id": other,
                "choices": [{"index": index, "delta": {"role": "assistant", "content": content}, "finish_reason": end.then_some("stop")}],
            });
            let data = chunk.to_string();
            if let Some(words) = words(&data) {
                let whole: ChatChunk = serde_json::from_str(&data).unwrap();
                prop_assert_eq!(Some(&words.said), whole.choices[0].delta.content.as_ref());
                prop_assert!(index == 0 && !end);
            } else {
                prop_assert!(content.is_none() || index != 0 || end);
            }
        }

        #[test]
        fn nothing_that_comes_breaks_it(data in ".*", cut in 0usize..200) {
            words(&data);
            let whole = r#"{"choices":[{"index":0,"delta":{"content":"a\u00e9\n"},"finish_reason":null}]}"#;
            words(whole.get(..cut).unwrap_or(whole));
        }
    }
}
