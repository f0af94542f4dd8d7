use super::Json;

/// Deeper values are refused, so that nobody can exhaust the stack.
const DEEPEST: u32 = 64;

/// Goes through a text once. Every method gives `None` where something else stands there.
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// At the beginning of a text.
    pub fn new(text: &'a str) -> Self {
        Reader { text, at: 0 }
    }

    /// True where nothing but blanks is left.
    pub fn is_done(&mut self) -> bool {
        self.peek().is_none()
    }

    /// The next byte that is no blank.
    pub fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    /// Takes one byte.
    pub fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// Takes `null`, `true` or `false`.
    pub fn word(&mut self, word: &str) -> Option<()> {
        self.peek();
        self.text.get(self.at..)?.starts_with(word).then(|| self.at += word.len())
    }

    /// Calls for each field of an object with its key; the value is to be taken there.
    pub fn object(&mut self, field: &mut dyn FnMut(&mut Self, String) -> Option<()>) -> Option<()> {
        self.expect(b'{')?;
        if self.expect(b'}').is_some() {
            return Some(());
        }
        loop {
            let key = self.string()?;
            self.expect(b':')?;
            field(self, key)?;
            if self.expect(b',').is_none() {
                return self.expect(b'}');
            }
        }
    }

    /// Takes a string.
    pub fn string(&mut self) -> Option<String> {
        self.expect(b'"')?;
        let mut text = String::new();
        loop {
            let rest = self.text.get(self.at..)?;
            let plain = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
            text.push_str(&rest[..plain]);
            self.at += plain + 1;
            match rest.as_bytes()[plain] {
                b'"' => return Some(text),
                b'\\' => text.push(self.escape()?),
                _ => return None,
            }
        }
    }

    /// Takes a value of any kind.
    pub fn value(&mut self, depth: u32) -> Option<Json> {
        if depth > DEEPEST {
            return None;
        }
        match self.peek()? {
            b'"' => self.string().map(Json::Text),
            b'{' => {
                let mut fields = Vec::new();
                self.object(&mut |reader, key| {
                    let value = reader.value(depth + 1)?;
                    fields.push((key, value));
                    Some(())
                })?;
                Some(Json::Object(fields))
            }
            b'[' => {
                self.at += 1;
                let mut values = Vec::new();
                if self.expect(b']').is_some() {
                    return Some(Json::List(values));
                }
                loop {
                    values.push(self.value(depth + 1)?);
                    if self.expect(b',').is_none() {
                        self.expect(b']')?;
                        return Some(Json::List(values));
                    }
                }
            }
            b'n' => self.word("null").map(|()| Json::Null),
            b't' => self.word("true").map(|()| Json::Bool(true)),
            b'f' => self.word("false").map(|()| Json::Bool(false)),
            _ => self.number().map(Json::Number),
        }
    }

    fn number(&mut self) -> Option<i64> {
        let negative = self.expect(b'-').is_some();
        // Digits are kept as long as they fit; those after them only count, and so does the point.
        let (mut digits, mut shift) = (0i64, 0i32);
        let mut full = false;
        let mut any = false;
        let mut point = false;
        while let Some(byte) = self.text.as_bytes().get(self.at).copied() {
            match byte {
                b'0'..=b'9' => {
                    any = true;
                    let more = digits.checked_mul(10).and_then(|ten| ten.checked_add(i64::from(byte - b'0')));
                    match more.filter(|_| !full) {
                        Some(more) => {
                            digits = more;
                            shift -= i32::from(point);
                        }
                        None => {
                            full = true;
                            shift += i32::from(!point);
                        }
                    }
                }
                b'.' if any && !point => point = true,
                _ => break,
            }
            self.at += 1;
        }
        if !any {
            return None;
        }
        if let Some(b'e' | b'E') = self.text.as_bytes().get(self.at) {
            self.at += 1;
            let rest = self.text.get(self.at..)?;
            let signed = usize::from(rest.starts_with(['+', '-']));
            let length = rest[signed..].bytes().take_while(u8::is_ascii_digit).count();
            let exponent = rest[signed..signed + length].bytes().fold(0i32, |exponent, byte| {
                exponent.saturating_mul(10).saturating_add(i32::from(byte - b'0'))
            });
            if length == 0 {
                return None;
            }
            self.at += signed + length;
            shift = shift.saturating_add(if rest.starts_with('-') { -exponent } else { exponent });
        }
        // Beyond twenty places either way everything is nought or too much.
        for _ in 0..shift.unsigned_abs().min(20) {
            digits = if shift < 0 { digits / 10 } else { digits.saturating_mul(10) };
        }
        Some(if negative { -digits } else { digits })
    }

    fn escape(&mut self) -> Option<char> {
        let byte = *self.text.as_bytes().get(self.at)?;
        self.at += 1;
        Some(match byte {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'"' | b'\\' | b'/' => char::from(byte),
            b'u' => {
                let mut code = self.unit()?;
                if (0xd800..0xdc00).contains(&code) && self.text.get(self.at..)?.starts_with("\\u") {
                    let before = self.at;
                    self.at += 2;
                    match self.unit()?.checked_sub(0xdc00).filter(|low| *low < 0x400) {
                        Some(low) => code = 0x10000 + ((code - 0xd800) << 10) + low,
                        None => self.at = before,
                    }
                }
                // Half of a pair is no character; some providers cut answers in the middle of one.
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u32> {
        let mut code = 0;
        for _ in 0..4 {
            code = code * 16 + char::from(*self.text.as_bytes().get(self.at)?).to_digit(16)?;
            self.at += 1;
        }
        Some(code)
    }
}
