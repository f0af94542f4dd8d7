//! A formula as tokens.

use crate::Error;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    End,
    Char(char),
    /// Its name: letters, or one character of another kind.
    Command(&'a str),
}

impl Token<'_> {
    /// The token as it was written.
    pub(crate) fn written(self) -> String {
        match self {
            Token::End => String::from("…"),
            Token::Char(character) => String::from(character),
            Token::Command(name) => String::from("\\") + name,
        }
    }
}

/// Whether a character is set as a variable. By ranges: the tables that know it for all would weigh more than is gained.
pub(crate) fn is_letter(character: char) -> bool {
    let beyond = matches!(character, '\u{c0}'..='\u{1fff}' | '\u{2100}'..='\u{214f}' | '\u{2c00}'..='\u{fffc}'
        | '\u{1d400}'..='\u{1d7ff}' | '\u{20000}'..);
    character.is_ascii_alphabetic() || beyond && !matches!(character, '×' | '÷')
}

#[derive(Clone, Copy)]
pub(crate) struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        Self { rest: source }
    }

    fn skip(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Leaves out white space and comments.
    fn space(&mut self) {
        loop {
            self.rest = self.rest.trim_ascii_start();
            if !self.rest.starts_with('%') {
                return;
            }
            let line = self.rest.find('\n').unwrap_or(self.rest.len());
            self.skip(line);
        }
    }

    pub(crate) fn next(&mut self) -> Token<'a> {
        self.space();
        let Some(first) = self.rest.chars().next() else {
            return Token::End;
        };
        self.skip(first.len_utf8());
        if first != '\\' {
            return Token::Char(first);
        }
        let letters = self.rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let one = self.rest.chars().next().map_or(0, char::len_utf8);
        Token::Command(self.skip(if letters > 0 { letters } else { one }))
    }

    pub(crate) fn peek(&self) -> Token<'a> {
        Tokens { rest: self.rest }.next()
    }

    /// Takes the next token if it is this one.
    pub(crate) fn take(&mut self, token: Token<'_>) -> bool {
        let found = self.peek() == token;
        if found {
            self.next();
        }
        found
    }

    /// The next digits, with points between them.
    pub(crate) fn digits(&mut self) -> &'a str {
        self.space();
        let bytes = self.rest.as_bytes();
        let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        let mut end = 0;
        while digit(end) || (bytes.get(end) == Some(&b'.') && digit(end + 1)) {
            end += 1;
        }
        self.skip(end)
    }

    /// What stands in the braces that come next, as it is.
    pub(crate) fn raw(&mut self) -> Result<&'a str, Error> {
        self.space();
        let before = self.rest;
        match self.next() {
            Token::Char('{') => self.until(b'}'),
            // A single letter needs none.
            Token::Char(letter) if (letter.is_ascii_digit() || is_letter(letter)) => {
                Ok(before.get(..letter.len_utf8()).unwrap_or_default())
            }
            other => Err(Error::Unexpected(other.written())),
        }
    }

    /// What stands in brackets, if those come next.
    pub(crate) fn optional(&mut self) -> Result<Option<&'a str>, Error> {
        if self.take(Token::Char('[')) { self.until(b']').map(Some) } else { Ok(None) }
    }

    fn until(&mut self, close: u8) -> Result<&'a str, Error> {
        let (mut depth, mut escaped) = (0_usize, false);
        for (at, byte) in self.rest.bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                _ if byte == close && depth == 0 => {
                    let inner = self.skip(at);
                    self.skip(1);
                    return Ok(inner);
                }
                b'{' => depth += 1,
                b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        Err(Error::Unexpected(String::from(if close == b'}' { "{" } else { "[" })))
    }
}
