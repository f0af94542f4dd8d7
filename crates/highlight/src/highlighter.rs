use crate::Class;
use crate::language;
use crate::state::State;

/// What is decided at once: a token depends on so many bytes from its first one on, and never on the next line. What
/// is longer is taken in parts.
const WINDOW: usize = 512;

/// Reads one block of code as it comes.
#[derive(Clone, Debug)]
pub struct Highlighter {
    state: State,
    /// The end of the code, which may still turn out to be something else.
    rest: String,
}

/// Text of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its length in UTF-16 units.
    pub length: u32,
    /// What it is.
    pub class: Class,
}

/// What the text is made of that came, from the end of the settled text before it on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// How many of the spans will never change.
    pub settled: usize,
    /// All spans; those that are not settled come again with the next update.
    pub spans: Vec<Span>,
}

impl Highlighter {
    /// A highlighter for code in a language, by its name or one of the usual short ones; case does not matter. `None`
    /// where the language is not known.
    pub fn new(language: &str) -> Option<Self> {
        Some(Self { state: State::new(language::find(language)?), rest: String::new() })
    }

    /// Takes more of the code.
    pub fn push(&mut self, text: &str) -> Update {
        self.rest.push_str(text);
        let mut update = Update::default();
        let done = read(&mut self.state, &self.rest, false, &mut update.spans);
        self.rest.drain(..done);
        update.settled = update.spans.len();
        read(&mut self.state.clone(), &self.rest, true, &mut update.spans);
        update
    }

    /// Takes so many UTF-16 units off the end of the code, and says whether it can: not what is settled.
    pub fn cut(&mut self, units: usize) -> bool {
        let mut left = units;
        let mut end = self.rest.len();
        for character in self.rest.chars().rev() {
            if left == 0 {
                break;
            }
            left = left.saturating_sub(character.len_utf16());
            end -= character.len_utf8();
        }
        if left == 0 {
            self.rest.truncate(end);
        }
        left == 0
    }

    /// The language's own name.
    pub fn language(&self) -> &'static str {
        self.state.base().name
    }
}

/// Reads what can be told for sure, or everything, and says how many bytes that is.
fn read(state: &mut State, text: &str, all: bool, spans: &mut Vec<Span>) -> usize {
    let (mut at, mut line_end, mut ended, mut joins) = (0, 0, false, false);
    while at < text.len() {
        if at >= line_end {
            let end = text[at..].find('\n');
            (line_end, ended) = (end.map_or(text.len(), |length| at + length + 1), end.is_some());
            joins = false;
        }
        let rest = line_end - at;
        // The same bytes are looked at whatever the pieces were: to the line's end or a whole window.
        if !all && !ended && rest < WINDOW {
            break;
        }
        let window = &text[at..text.floor_char_boundary(at + rest.min(WINDOW))];
        let (length, class) = state.token(window);
        let length = window.ceil_char_boundary(length.clamp(1, window.len()));
        let units = window[..length].encode_utf16().count() as u32;
        match spans.last_mut() {
            Some(last) if joins && last.class == class => last.length += units,
            _ => spans.push(Span { length: units, class }),
        }
        // What is far from its line's end is settled by itself, so it stays by itself.
        joins = rest < WINDOW;
        at += length;
    }
    at
}
