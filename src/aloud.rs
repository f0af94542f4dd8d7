//! Reads answers aloud: which one, and what of it comes next. One at a time, in pieces that every browser says whole.

use std::collections::VecDeque;

use crate::session::MessageId;

/// Browsers break off in the middle of what takes them more than about a quarter of a minute to say. So many letters
/// are well below it.
const LONGEST: usize = 180;
/// Where a sentence that is too long is best broken.
const BREAKS: [char; 10] = [',', ';', ':', '–', '—', '、', '，', '；', '：', '،'];

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The user wants to hear an answer, or no more of the one that is read.
    Press(MessageId, Vec<String>),
    /// The browser has said what it was given.
    Said,
    /// The browser cannot say it.
    Failed,
    /// Something else has made it silent.
    Silenced,
    /// Nothing more is to be read.
    Stop,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The browser is to say this.
    Say(String),
    /// The browser is to be silent.
    Hush,
    /// This one is read now, or none.
    Show(Option<MessageId>),
    /// The user is to be told that nothing can be read.
    Tell,
}

/// What is read.
#[derive(Clone, Debug, Default)]
pub struct Aloud {
    reading: Option<(MessageId, VecDeque<String>)>,
}

impl Aloud {
    /// Takes in what happened; answers with what is to be done.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Press(message, sentences) => {
                let before = self.reading.take().map(|(message, _)| message);
                let mut effects = Vec::new();
                if before.is_some() {
                    effects.push(Effect::Hush);
                }
                let pieces: VecDeque<String> =
                    sentences.iter().flat_map(|sentence| pieces(sentence)).collect();
                if before == Some(message) || pieces.is_empty() {
                    effects.push(Effect::Show(None));
                } else {
                    self.reading = Some((message, pieces));
                    effects.push(Effect::Show(Some(message)));
                    effects.extend(self.next());
                }
                effects
            }
            Input::Said => self.next(),
            Input::Failed => self.end([Effect::Show(None), Effect::Tell]),
            Input::Silenced => self.end([Effect::Show(None)]),
            Input::Stop => self.end([Effect::Hush, Effect::Show(None)]),
        }
    }

    fn next(&mut self) -> Vec<Effect> {
        let Some((_, rest)) = &mut self.reading else { return Vec::new() };
        match rest.pop_front() {
            Some(piece) => vec![Effect::Say(piece)],
            None => self.end([Effect::Show(None)]),
        }
    }

    fn end<const N: usize>(&mut self, effects: [Effect; N]) -> Vec<Effect> {
        self.reading.take().map_or_else(Vec::new, |_| effects.to_vec())
    }
}

/// A sentence in pieces that are not too long: broken after a comma if there is one in its later half, else between
/// words.
pub(crate) fn pieces(sentence: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = sentence.trim();
    while let Some(limit) = limit(rest) {
        let (head, _) = rest.split_at(limit);
        let after = |found: (usize, &str)| found.0 + found.1.len();
        let place = head.rmatch_indices(BREAKS).map(after).find(|end| *end > limit / 2);
        let end = place.or_else(|| head.rfind(' ')).filter(|end| *end > 0).unwrap_or(limit);
        let (piece, later) = rest.split_at(end);
        pieces.push(piece.trim_end().to_owned());
        rest = later.trim_start();
    }
    if !rest.is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces
}

/// Where a text becomes too long. A sign of Chinese or Japanese takes about as long to say as three letters.
fn limit(text: &str) -> Option<usize> {
    let mut length = 0;
    let over = |(place, sign): (usize, char)| {
        length += if sign < '\u{2e80}' { 1 } else { 3 };
        (length > LONGEST).then_some(place)
    };
    text.char_indices().find_map(over)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: MessageId = MessageId(1);
    const TWO: MessageId = MessageId(2);

    fn press(message: MessageId, sentences: &[&str]) -> Input {
        Input::Press(message, sentences.iter().map(|&sentence| sentence.to_owned()).collect())
    }

    fn say(words: &str) -> Effect {
        Effect::Say(words.to_owned())
    }

    #[test]
    fn an_answer_is_read_sentence_by_sentence_to_its_end() {
        let mut aloud = Aloud::default();
        assert_eq!(aloud.handle(press(ONE, &["One.", "Two."])), [Effect::Show(Some(ONE)), say("One.")]);
        assert_eq!(aloud.handle(Input::Said), [say("Two.")]);
        assert_eq!(aloud.handle(Input::Said), [Effect::Show(None)]);
        assert_eq!(aloud.handle(Input::Said), []);
    }

    #[test]
    fn the_same_again_stops_it_and_another_takes_its_place() {
        let mut aloud = Aloud::default();
        aloud.handle(press(ONE, &["One."]));
        let taken = aloud.handle(press(TWO, &["Two."]));
        assert_eq!(taken, [Effect::Hush, Effect::Show(Some(TWO)), say("Two.")]);
        assert_eq!(aloud.handle(press(TWO, &["Two."])), [Effect::Hush, Effect::Show(None)]);
        assert_eq!(aloud.handle(Input::Stop), [], "there is nothing to stop");
    }

    #[test]
    fn what_cannot_be_said_is_told_and_what_was_silenced_is_not() {
        let mut aloud = Aloud::default();
        aloud.handle(press(ONE, &["One.", "Two."]));
        assert_eq!(aloud.handle(Input::Failed), [Effect::Show(None), Effect::Tell]);
        aloud.handle(press(ONE, &["One."]));
        assert_eq!(aloud.handle(Input::Silenced), [Effect::Show(None)]);
        assert_eq!(aloud.handle(press(ONE, &[])), [Effect::Show(None)], "nothing to say");
    }

    #[test]
    fn a_long_sentence_is_broken_where_one_breathes_and_nothing_of_it_is_lost() {
        let sentence = ["word ".repeat(30).trim_end(), ", ", "more ".repeat(30).trim_end(), "."].concat();
        let found = pieces(&sentence);
        assert_eq!(found.len(), 2);
        assert!(found[0].ends_with("word,"), "{found:?}");
        assert_eq!(found.join(" "), sentence);
        assert_eq!(pieces(&"wide ".repeat(80)).join(" "), "wide ".repeat(80).trim_end());
        let unbroken = "文".repeat(200);
        assert_eq!(pieces(&unbroken).concat(), unbroken);
        assert!(pieces(&unbroken).iter().all(|piece| piece.chars().count() <= LONGEST / 3));
        assert_eq!(pieces(" "), [""; 0]);
    }
}
