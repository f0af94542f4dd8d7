//! A line as block structure sees it: in columns, with tabs as wide as they reach.

use crate::text::{find, from, is_blank, run, to, trim_start};

/// A place in a line.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a> {
    line: &'a str,
    at: usize,
    column: usize,
    /// Columns of a tab before `at` that have not been taken.
    pad: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(line: &'a str) -> Self {
        Self { line, at: 0, column: 0, pad: 0 }
    }

    /// What is left, without the columns that a tab left over.
    pub(crate) fn rest(&self) -> &'a str {
        from(self.line, self.at)
    }

    /// What is left, without white space at its start.
    pub(crate) fn trimmed(&self) -> &'a str {
        trim_start(self.rest())
    }

    /// Columns that a tab left over.
    pub(crate) fn pad(&self) -> usize {
        self.pad
    }

    pub(crate) fn is_blank(&self) -> bool {
        is_blank(self.rest())
    }

    /// Columns of white space from here.
    pub(crate) fn indent(&self) -> usize {
        let mut column = self.column;
        for byte in self.rest().bytes() {
            match byte {
                b' ' => column += 1,
                b'\t' => column += 4 - column % 4,
                _ => break,
            }
        }
        column - self.column + self.pad
    }

    /// Takes up to `columns` of white space.
    pub(crate) fn skip(&mut self, mut columns: usize) {
        loop {
            let pad = self.pad.min(columns);
            self.pad -= pad;
            columns -= pad;
            if columns == 0 {
                return;
            }
            match self.line.as_bytes().get(self.at) {
                Some(b' ') => self.pad = 1,
                Some(b'\t') => self.pad = 4 - self.column % 4,
                _ => return,
            }
            self.column += self.pad;
            self.at += 1;
        }
    }

    /// Takes all white space, and then `bytes` of a marker.
    pub(crate) fn take(&mut self, bytes: usize) {
        self.skip(usize::MAX);
        self.at += bytes;
        self.column += bytes;
    }
}

/// A thematic break.
pub(crate) fn is_rule(text: &str) -> bool {
    let Some(mark @ (b'*' | b'-' | b'_')) = text.bytes().next() else {
        return false;
    };
    let mut marks = 0;
    for byte in text.bytes() {
        match byte {
            b' ' | b'\t' => {}
            _ if byte == mark => marks += 1,
            _ => return false,
        }
    }
    marks >= 3
}

/// The level of a heading that begins with number signs.
pub(crate) fn heading(text: &str) -> Option<u8> {
    let level = run(text, b'#');
    let ends = matches!(text.as_bytes().get(level), None | Some(b' ' | b'\t'));
    (ends && (1..=6).contains(&level)).then_some(level as u8)
}

/// The level of the heading that a line under a paragraph makes of it.
pub(crate) fn underline(text: &str) -> Option<u8> {
    let mark = text.bytes().next()?;
    let level = match mark {
        b'=' => 1,
        b'-' => 2,
        _ => return None,
    };
    is_blank(from(text, run(text, mark))).then_some(level)
}

/// The character and length of a fence that opens a block of code.
pub(crate) fn fence(text: &str) -> Option<(u8, usize)> {
    let mark @ (b'`' | b'~') = text.bytes().next()? else {
        return None;
    };
    let length = run(text, mark);
    (length >= 3 && (mark == b'~' || find(text, "`", length).is_none())).then_some((mark, length))
}

/// The marker of a list's item: its last character, its number and its width.
pub(crate) fn marker(text: &str) -> Option<(u8, u64, usize)> {
    let digits = text.bytes().take(10).take_while(u8::is_ascii_digit).count();
    let mark = *text.as_bytes().get(digits)?;
    let fits = match mark {
        b'-' | b'+' | b'*' => digits == 0,
        b'.' | b')' => (1..=9).contains(&digits),
        _ => false,
    };
    let ends = matches!(text.as_bytes().get(digits + 1), None | Some(b' ' | b'\t'));
    let number = to(text, digits).bytes().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
    (fits && ends).then_some((mark, number, digits + 1))
}
