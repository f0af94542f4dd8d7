//! JSON for the widget, where a general library's weight would be paid by every page: a reader that goes through a text
//! once, the tree it makes, and a writer. Numbers are integers, as all of ours are; a fraction is cut off.

mod reader;

pub use reader::Reader;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, cut to its integer and to the range of one.
    Number(i64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object, its fields in their order.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a text that is one value and nothing else.
    pub fn parse(text: &str) -> Option<Json> {
        let mut reader = Reader::new(text);
        let value = reader.value(0)?;
        reader.is_done().then_some(value)
    }

    /// A field of an object: the last one of its name, as browsers have it.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(fields) => fields.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// A string.
    pub fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Writes objects field by field.
#[derive(Debug, Default)]
pub struct Writer {
    text: String,
}

impl Writer {
    /// What was written.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Something that is JSON already.
    pub fn raw(&mut self, json: &str) {
        self.text.push_str(json);
    }

    /// A name, ready for its value. The braces around the fields are the caller's, see [`Writer::begin`].
    pub fn key(&mut self, name: &str) {
        self.next();
        self.string(name);
        self.text.push(':');
    }

    /// `{` or `[`.
    pub fn begin(&mut self, bracket: char) {
        self.text.push(bracket);
    }

    /// `}` or `]`.
    pub fn end(&mut self, bracket: char) {
        self.text.push(bracket);
    }

    /// A comma where one is due.
    pub fn next(&mut self) {
        if !self.text.ends_with(['{', '[', ':']) && !self.text.is_empty() {
            self.text.push(',');
        }
    }

    /// A string.
    pub fn string(&mut self, text: &str) {
        self.text.push('"');
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
            self.text.push_str(&rest[..at]);
            match rest.as_bytes()[at] {
                b'\n' => self.text.push_str("\\n"),
                byte @ (b'"' | b'\\') => {
                    self.text.push('\\');
                    self.text.push(char::from(byte));
                }
                byte => {
                    self.text.push_str("\\u00");
                    for nibble in [byte >> 4, byte & 15] {
                        self.text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
                    }
                }
            }
            rest = &rest[at + 1..];
        }
        self.text.push_str(rest);
        self.text.push('"');
    }
}
