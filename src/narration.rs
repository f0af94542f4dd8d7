//! Answers that the gateway's model reads aloud where the browser has no voice: what is asked for, what is played, and
//! what was paid and can be heard again.

mod price;

pub use price::estimate;

use crate::aloud::pieces;
use crate::dictation::joined;
use crate::error::{Failure, FailureKind};
use crate::session::MessageId;

/// Most characters of the first part, which is waited for, of the second, and of those after it.
const LENGTHS: [usize; 3] = [160, 320, 640];

/// Names a sound for as long as the page stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoundId(pub usize);

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The user wants to hear an answer, or no more of the one that is read. `key` is fresh.
    Press {
        /// Which one.
        message: MessageId,
        /// What is said of it.
        parts: Vec<String>,
        /// By whom: the model and its voice.
        voice: String,
        /// What the idempotency keys of calls begin with that are made once more.
        key: String,
    },
    /// A sound has come.
    Came(SoundId),
    /// A sound does not come.
    Failed(SoundId, Failure),
    /// The sound that was played is over.
    Over,
    /// The browser cannot play it.
    Unplayable,
    /// Nothing more is to be read.
    Stop,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Ask the gateway, which is paid.
    Ask {
        /// For which sound.
        sound: SoundId,
        /// What is to be said.
        words: String,
        /// The idempotency key.
        key: String,
    },
    /// Play it.
    Play(SoundId),
    /// Be silent.
    Hush,
    /// This one is read now, or none.
    Show(Option<MessageId>),
    /// Tell the user why it has ended.
    Tell(Failure),
    /// Tell the user that the browser cannot play it.
    TellUnplayable,
}

/// What was read and is read.
#[derive(Clone, Debug, Default)]
pub struct Narration {
    sounds: Vec<Sound>,
    reading: Option<Reading>,
}

#[derive(Clone, Debug)]
struct Sound {
    words: String,
    key: String,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not asked for.
    Missing,
    /// Asked for in vain.
    Refused,
    /// Asked for, and nobody knows whether the gateway has heard it.
    Lost,
    Coming,
    Here,
}

#[derive(Clone, Debug)]
struct Reading {
    message: MessageId,
    sounds: Vec<SoundId>,
    at: usize,
    playing: bool,
}

impl Narration {
    /// Whether the words were paid for already, or are about to be.
    pub fn has(&self, words: &str) -> bool {
        self.sounds.iter().any(|sound| {
            sound.words == words && matches!(sound.state, State::Here | State::Coming | State::Lost)
        })
    }

    /// Takes in what happened; answers with what is to be done.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Press { message, parts, voice, key } => self.press(message, &parts, &voice, &key),
            Input::Came(id) => {
                self.put(id, State::Here);
                if self.waits_for(id) { self.go_on() } else { Vec::new() }
            }
            Input::Failed(id, failure) => {
                // Where nothing came back the same key makes sure that it is paid for once.
                let lost = failure.kind == FailureKind::Network;
                self.put(id, if lost { State::Lost } else { State::Refused });
                // One that was asked for ahead is asked for again when it is due.
                if self.waits_for(id) { self.end(Some(Effect::Tell(failure))) } else { Vec::new() }
            }
            Input::Over => {
                let Some(reading) = &mut self.reading else { return Vec::new() };
                reading.at += 1;
                reading.playing = false;
                if reading.at < reading.sounds.len() { self.go_on() } else { self.end(None) }
            }
            Input::Unplayable => self.end(Some(Effect::TellUnplayable)),
            Input::Stop => self.end(None),
        }
    }

    fn press(&mut self, message: MessageId, parts: &[String], voice: &str, key: &str) -> Vec<Effect> {
        let before = self.reading.as_ref().map(|reading| reading.message);
        let mut effects = self.end(None);
        if before == Some(message) || parts.is_empty() {
            return effects;
        }
        let sounds = parts.iter().map(|words| self.sound(words, voice, key)).collect();
        self.reading = Some(Reading { message, sounds, at: 0, playing: false });
        effects.push(Effect::Show(Some(message)));
        effects.extend(self.go_on());
        effects
    }

    /// The sound of these words, with the key that it is asked for with.
    fn sound(&mut self, words: &str, voice: &str, key: &str) -> SoundId {
        let known = self.sounds.iter().position(|sound| sound.words == words);
        let id = known.unwrap_or(self.sounds.len());
        match self.sounds.get_mut(id) {
            Some(sound) if sound.state == State::Refused => sound.key = [key, "-", &id.to_string()].concat(),
            Some(_) => {}
            None => {
                let (words, key) = (words.to_owned(), lasting_key(voice, words));
                self.sounds.push(Sound { words, key, state: State::Missing });
            }
        }
        SoundId(id)
    }

    /// Plays what is due and asks for what comes after it, or asks for what is due.
    fn go_on(&mut self) -> Vec<Effect> {
        let Some(reading) = &mut self.reading else { return Vec::new() };
        let Some(due) = reading.sounds.get(reading.at).copied() else { return Vec::new() };
        if self.sounds.get(due.0).is_none_or(|sound| sound.state != State::Here) {
            return self.ask(due).into_iter().collect();
        }
        reading.playing = true;
        let next = reading.sounds.get(reading.at + 1).copied();
        let ahead = next.and_then(|next| self.ask(next));
        [Effect::Play(due)].into_iter().chain(ahead).collect()
    }

    fn ask(&mut self, id: SoundId) -> Option<Effect> {
        let sound = self.sounds.get_mut(id.0)?;
        if matches!(sound.state, State::Here | State::Coming) {
            return None;
        }
        sound.state = State::Coming;
        Some(Effect::Ask { sound: id, words: sound.words.clone(), key: sound.key.clone() })
    }

    fn put(&mut self, id: SoundId, state: State) {
        if let Some(sound) = self.sounds.get_mut(id.0) {
            sound.state = state;
        }
    }

    fn waits_for(&self, id: SoundId) -> bool {
        let due = |reading: &Reading| !reading.playing && reading.sounds.get(reading.at) == Some(&id);
        self.reading.as_ref().is_some_and(due)
    }

    fn end(&mut self, why: Option<Effect>) -> Vec<Effect> {
        match self.reading.take() {
            Some(_) => [Effect::Hush, Effect::Show(None)].into_iter().chain(why).collect(),
            None => Vec::new(),
        }
    }
}

/// The same for the same words in the same voice, so that a page that was loaded anew does not pay anew: the gateway
/// answers once more with what was paid. It need not be kept from anybody; keys are each user's own.
fn lasting_key(voice: &str, words: &str) -> String {
    // FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/. Where two texts had one key, the gateway would refuse the
    // second, and the next try has another one.
    let bytes = voice.bytes().chain([0]).chain(words.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    ["aloud-", &hash.to_string()].concat()
}

/// Sentences as calls: a few together, short at first so that it begins soon, and none longer than the model takes.
pub fn parts(sentences: &[String], most: Option<u32>) -> Vec<String> {
    let most = most.map_or(usize::MAX, |most| most as usize);
    let mut parts: Vec<String> = Vec::new();
    for piece in sentences.iter().flat_map(|sentence| pieces(sentence)) {
        let length =
            LENGTHS.get(parts.len().max(1) - 1).or(LENGTHS.last()).map_or(most, |one| most.min(*one));
        match parts.last_mut() {
            Some(last) if last.chars().count() + 1 + piece.chars().count() <= length => {
                *last = joined(last, &piece);
            }
            _ => parts.push(piece),
        }
    }
    parts
}

#[cfg(test)]
#[path = "narration/tests.rs"]
mod tests;
