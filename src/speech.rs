//! What a screen reader says of an answer while it comes: whole sentences, and of code and tables how long they are.
//! Markdown goes in as it comes; what is ready to be said comes out.

mod plain;

use plain::plain;

/// A text without an end of a sentence is said in pieces of about so many bytes.
const LONGEST: usize = 400;

/// Something to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// Words of the answer, without their marks.
    Sentence(String),
    /// A block of code with so many lines.
    Code(usize),
    /// A table with so many rows, that of its head not counted.
    Table(usize),
}

/// An answer that is being said.
#[derive(Clone, Debug, Default)]
pub struct Speech {
    /// The line that is not complete.
    line: String,
    /// Some of it was said already.
    begun: bool,
    /// Words of complete lines that belong to no complete sentence.
    rest: String,
    block: Block,
}

#[derive(Clone, Debug, Default, PartialEq)]
enum Block {
    #[default]
    Words,
    /// The mark that ends it, and the lines so far.
    Code(String, usize),
    Table(usize),
}

impl Speech {
    /// Takes in what came; answers with what can be said now.
    pub fn push(&mut self, text: &str) -> Vec<Spoken> {
        let mut spoken = Vec::new();
        for piece in text.split_inclusive('\n') {
            self.line.push_str(piece);
            if piece.ends_with('\n') {
                self.end_line(&mut spoken);
            }
        }
        // A paragraph is one long line: its sentences are said before it ends.
        while self.block == Block::Words && (self.begun || is_words(&self.line)) {
            let Some(end) = sentence_end(&self.line) else { break };
            if !self.begun && begins_block(self.line.trim_start()) {
                self.say_rest(&mut spoken);
            }
            self.begun = true;
            let said: String = self.line.drain(..end).collect();
            self.add(&said);
            self.say_rest(&mut spoken);
        }
        spoken
    }

    /// Nothing more comes.
    pub fn finish(&mut self) -> Vec<Spoken> {
        let mut spoken = Vec::new();
        self.end_line(&mut spoken);
        self.end_block(&mut spoken);
        spoken
    }

    fn end_line(&mut self, spoken: &mut Vec<Spoken>) {
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.begun) {
            self.add_line(line.trim(), spoken);
        } else {
            self.take_line(line.trim_end(), spoken);
        }
    }

    fn take_line(&mut self, line: &str, spoken: &mut Vec<Spoken>) {
        let bare = line.trim_start();
        if let Block::Code(mark, lines) = &mut self.block {
            if bare.starts_with(mark.as_str()) && bare.trim_matches(['`', '~']).is_empty() {
                self.end_block(spoken);
            } else {
                *lines += 1;
            }
            return;
        }
        if let Some(mark) = fence(bare) {
            self.end_block(spoken);
            self.block = Block::Code(mark, 0);
        } else if bare.starts_with('|') {
            if !matches!(self.block, Block::Table(_)) {
                self.end_block(spoken);
                self.block = Block::Table(0);
            }
            if let Block::Table(rows) = &mut self.block {
                *rows += 1;
            }
        } else {
            if bare.is_empty() || begins_block(bare) || self.block != Block::Words {
                self.end_block(spoken);
            }
            self.add_line(bare, spoken);
            if bare.starts_with('#') {
                self.say_rest(spoken);
            }
        }
    }

    fn end_block(&mut self, spoken: &mut Vec<Spoken>) {
        match std::mem::take(&mut self.block) {
            Block::Words => self.say_rest(spoken),
            Block::Code(_, lines) => spoken.push(Spoken::Code(lines)),
            // The head and the line below it are no rows.
            Block::Table(rows) => spoken.push(Spoken::Table(rows.saturating_sub(2))),
        }
    }

    fn add_line(&mut self, text: &str, spoken: &mut Vec<Spoken>) {
        self.add(text);
        while let Some(end) = sentence_end(&self.rest) {
            let later = self.rest.split_off(end);
            self.say_rest(spoken);
            self.rest = later;
        }
    }

    fn add(&mut self, text: &str) {
        if !self.rest.is_empty() && !self.rest.ends_with(' ') {
            self.rest.push(' ');
        }
        self.rest.push_str(text);
    }

    fn say_rest(&mut self, spoken: &mut Vec<Spoken>) {
        let words = plain(&std::mem::take(&mut self.rest));
        // A rule, or a mark alone, is nothing to be said.
        if words.chars().any(char::is_alphanumeric) {
            spoken.push(Spoken::Sentence(words));
        }
    }
}

/// The mark of a line that begins a block of code.
fn fence(line: &str) -> Option<String> {
    let first = line.chars().next().filter(|first| ['`', '~'].contains(first))?;
    let length = line.chars().take_while(|found| *found == first).count();
    let info = line.get(length..).unwrap_or_default();
    (length >= 3 && !(first == '`' && info.contains('`'))).then(|| first.to_string().repeat(length))
}

/// An unfinished line that is certainly no code, no table and no heading.
fn is_words(line: &str) -> bool {
    !line.trim_start().starts_with(['`', '~', '|', '#']) && !line.trim().is_empty()
}

/// A heading, a quotation or an item of a list.
fn begins_block(line: &str) -> bool {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    line.starts_with(['#', '>'])
        || ["- ", "* ", "+ "].iter().any(|mark| line.starts_with(mark))
        || (digits > 0
            && line.get(digits..).is_some_and(|rest| rest.starts_with(". ") || rest.starts_with(") ")))
}

/// Where the first complete sentence of a text ends. At the end of a text that may go on nobody knows whether a dot
/// ends a sentence: what follows decides.
fn sentence_end(text: &str) -> Option<usize> {
    let mut last_space = 0;
    for (place, character) in text.char_indices() {
        let after = place + character.len_utf8();
        match character {
            '。' | '！' | '？' => return Some(after),
            '.' | '!' | '?' | '…' | '؟' | '۔' => {
                let rest = text.get(after..).unwrap_or_default();
                let rest = rest.trim_start_matches(['"', '\'', '”', '’', '»', ')', ']', '*', '_', '“']);
                let later = rest.trim_start();
                let upper = later.chars().next().is_some_and(|next| !next.is_lowercase());
                if upper && later.len() < rest.len() && !abbreviates(&text[..place], character) {
                    return Some(text.len() - later.len());
                }
            }
            ' ' => last_space = after,
            _ => {}
        }
        if place > LONGEST && last_space > 0 {
            return Some(last_space);
        }
    }
    None
}

/// A dot after a single letter or a number ends no sentence: `e. g.`, `3.`, `J. S. Bach`.
fn abbreviates(before: &str, mark: char) -> bool {
    let word = before.rsplit(|c: char| c.is_whitespace() || c == '.' || c == '(').next().unwrap_or_default();
    let title =
        ["Dr", "Mr", "Mrs", "Ms", "Prof", "St", "Nr", "No", "bzw", "usw", "ca", "vs", "etc"].contains(&word);
    let short = word.chars().count() <= 1 && word.chars().all(char::is_alphabetic);
    mark == '.' && (title || short || word.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
#[path = "speech/tests.rs"]
mod tests;
