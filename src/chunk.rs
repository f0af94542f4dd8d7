//! The words of a chunk of an answer, read without the browser's JSON: almost every chunk is one word of one answer, and
//! crossing over to JavaScript and back for it would cost more than all that is done with it.

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
    let mut reader = Reader { bytes: data.as_bytes(), at: 0 };
    let mut words = None;
    reader.object(&mut |reader, key| match key {
        b"choices" => {
            reader.expect(b'[')?;
            words = Some(choice(reader)?);
            reader.expect(b']')
        }
        b"usage" | b"triptych" | b"error" | b"citations" => reader.null(),
        _ => reader.skip(0),
    })?;
    reader.blank();
    if reader.at == reader.bytes.len() { words } else { None }
}

fn choice(reader: &mut Reader<'_>) -> Option<Words> {
    let (mut said, mut thought, mut again) = (None, None, None);
    reader.object(&mut |reader, key| match key {
        b"index" => reader.expect(b'0'),
        b"delta" => reader.object(&mut |reader, key| match key {
            b"content" => reader.maybe(&mut said),
            b"reasoning_content" => reader.maybe(&mut thought),
            b"reasoning" => reader.maybe(&mut again),
            // The same thoughts once more, with signatures.
            b"role" | b"reasoning_details" => reader.skip(0),
            // A refusal, a call of a tool, or what a newer server has.
            _ => reader.null(),
        }),
        b"finish_reason" => reader.null(),
        _ => reader.skip(0),
    })?;
    let thought = thought.or(again);
    (said.is_some() || thought.is_some())
        .then(|| Words { said: said.unwrap_or_default(), thought: thought.unwrap_or_default() })
}

/// Deeper values are left to the browser.
const DEEPEST: u32 = 16;

/// Every method gives `None` for what it was not made for.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn blank(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Option<u8> {
        self.blank();
        self.bytes.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn null(&mut self) -> Option<()> {
        self.blank();
        self.bytes.get(self.at..)?.starts_with(b"null").then(|| self.at += 4)
    }

    /// A string, or `null`, which says nothing.
    fn maybe(&mut self, text: &mut Option<String>) -> Option<()> {
        if self.null().is_none() {
            *text = Some(self.string()?);
        }
        Some(())
    }

    /// Calls for each field of an object with its key; the value is to be read there.
    fn object(&mut self, field: &mut dyn FnMut(&mut Self, &[u8]) -> Option<()>) -> Option<()> {
        self.expect(b'{')?;
        if self.expect(b'}').is_some() {
            return Some(());
        }
        loop {
            let key = self.string()?;
            self.expect(b':')?;
            field(self, key.as_bytes())?;
            if self.expect(b',').is_none() {
                return self.expect(b'}');
            }
        }
    }

    fn skip(&mut self, depth: u32) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match self.peek()? {
            b'"' => self.string().map(drop),
            b'{' => self.object(&mut |reader, _| reader.skip(depth + 1)),
            b'[' => {
                self.at += 1;
                if self.expect(b']').is_some() {
                    return Some(());
                }
                loop {
                    self.skip(depth + 1)?;
                    if self.expect(b',').is_none() {
                        return self.expect(b']');
                    }
                }
            }
            // A number or a word: whoever sent nonsense here has it skipped.
            _ => {
                let rest = self.bytes.get(self.at..)?;
                let end = rest
                    .iter()
                    .position(|byte| !matches!(byte, b'+' | b'-' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'E'));
                let length = end.unwrap_or(rest.len());
                self.at += length;
                (length > 0).then_some(())
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        self.expect(b'"')?;
        let mut text = Vec::new();
        loop {
            let rest = self.bytes.get(self.at..)?;
            let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
            text.extend_from_slice(&rest[..plain]);
            self.at += plain + 1;
            match rest[plain] {
                // It was cut out of a string at ASCII characters, so it is one.
                b'"' => return String::from_utf8(text).ok(),
                b'\\' => self.escape(&mut text)?,
                _ => return None,
            }
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Option<()> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        let plain = match byte {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'f' => 12,
            b'"' | b'\\' | b'/' => byte,
            b'u' => {
                let mut code = self.unit()?;
                if (0xd800..0xdc00).contains(&code) {
                    self.bytes.get(self.at..)?.starts_with(b"\\u").then(|| self.at += 2)?;
                    let low = self.unit()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                    code = 0x10000 + ((code - 0xd800) << 10) + low;
                }
                // Half of a pair is no character.
                let character = char::from_u32(code)?;
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                return Some(());
            }
            _ => return None,
        };
        text.push(plain);
        Some(())
    }

    fn unit(&mut self) -> Option<u32> {
        let mut code = 0;
        for _ in 0..4 {
            code = code * 16 + char::from(*self.bytes.get(self.at)?).to_digit(16)?;
            self.at += 1;
        }
        Some(code)
    }
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
            r#"{"choices":[{"index":0,"delta":{"content":"\ud800"}}]}"#,
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
