//! What the user says where the browser cannot write it down: it is recorded, and the gateway's model writes it.

use triptych_protocol::{Bound, Credits, ErrorCode, Estimate, Model, RecordingBound, recording_hold};

use crate::dictation::{Problem, joined};
use crate::error::{Failure, FailureKind};

/// Longest recording, in seconds; longer than anybody says in one go, and no surprise on the bill.
pub const LONGEST: u32 = 120;
/// Shorter than a word, in milliseconds.
const SHORTEST: u32 = 300;
/// The loudest that a room is in which nobody speaks, of a full scale of one.
const QUIET: f32 = 0.01;

/// A recording as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Take {
    /// Its length in milliseconds.
    pub length: u32,
    /// Its loudest sample, from 0 to 1.
    pub loudest: f32,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The user begins to speak, or has spoken.
    Press,
    /// The browser records.
    Began,
    /// The browser does not record.
    Refused(Problem),
    /// It may not become longer.
    Full,
    /// The recording is there. The key is fresh.
    Taken(Take, String),
    /// There is no recording, or none that can be read.
    Broken,
    /// It was written down.
    Written(String),
    /// It was not.
    Failed(Failure),
    /// The user wants it written down once more. The key is fresh.
    Retry(String),
    /// The user does not want it written down.
    Discard,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// The browser is to record.
    Record,
    /// The browser is to hand over what it has recorded.
    Finish,
    /// The browser is to forget it all.
    Forget,
    /// Ask the gateway, which is paid, with this idempotency key.
    Ask(String),
    /// Put the words where the cursor is.
    Write(String),
    /// Show how far it is.
    Show(Stage),
    /// Tell the user of it.
    Tell(Problem),
    /// Tell the user that there is no recording to be read.
    TellBroken,
    /// Tell the user that the longest recording is reached.
    TellFull,
    /// Tell the user why it was not written down.
    TellFailed(Failure),
}

/// How far a recording is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// There is none.
    #[default]
    Idle,
    /// The browser asks the user whether it may.
    Asking,
    /// It goes on.
    On,
    /// It is made ready.
    Ending,
    /// It is being written down.
    Writing,
    /// It was not written down and can be once more.
    Kept,
}

/// A recording.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    stage: Stage,
    key: String,
    /// Nobody knows whether the gateway has heard of the call with that key.
    lost: bool,
}

impl Recording {
    /// How far it is.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Takes in what happened; answers with what is to be done.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        use Stage::{Asking, Ending, Idle, Kept, On, Writing};
        match (input, self.stage) {
            (Input::Press, Idle | Kept) => [self.to(Asking), vec![Effect::Forget, Effect::Record]].concat(),
            (Input::Press | Input::Discard, Asking) | (Input::Discard, On | Ending | Kept) => {
                [vec![Effect::Forget], self.to(Idle)].concat()
            }
            (Input::Began, Asking) => self.to(On),
            (Input::Refused(problem), Asking) => {
                [vec![Effect::Forget], self.to(Idle), vec![Effect::Tell(problem)]].concat()
            }
            (Input::Press, On) => [vec![Effect::Finish], self.to(Ending)].concat(),
            (Input::Full, On) => [vec![Effect::Finish], self.to(Ending), vec![Effect::TellFull]].concat(),
            // A microphone that is unplugged ends by itself, and what was said until then counts.
            (Input::Taken(take, _), On | Ending) if take.length < SHORTEST || take.loudest < QUIET => {
                [vec![Effect::Forget], self.to(Idle), vec![Effect::Tell(Problem::Silence)]].concat()
            }
            (Input::Taken(_, key), On | Ending) => self.ask(key),
            (Input::Broken, On | Ending) => {
                [vec![Effect::Forget], self.to(Idle), vec![Effect::TellBroken]].concat()
            }
            (Input::Written(words), Writing) => {
                let words = words.trim().to_owned();
                let last =
                    if words.is_empty() { Effect::Tell(Problem::Silence) } else { Effect::Write(words) };
                [vec![Effect::Forget], self.to(Idle), vec![last]].concat()
            }
            (Input::Failed(failure), Writing) => {
                self.lost = failure.kind == FailureKind::Network || failure.code == Some(ErrorCode::InFlight);
                [self.to(Kept), vec![Effect::TellFailed(failure)]].concat()
            }
            // Where nothing came back the same key makes sure that it is paid for once.
            (Input::Retry(fresh), Kept) => {
                let key = if self.lost { std::mem::take(&mut self.key) } else { fresh };
                self.ask(key)
            }
            (_, _) => Vec::new(),
        }
    }

    fn ask(&mut self, key: String) -> Vec<Effect> {
        self.key.clone_from(&key);
        [self.to(Stage::Writing), vec![Effect::Ask(key)]].concat()
    }

    fn to(&mut self, stage: Stage) -> Vec<Effect> {
        self.stage = stage;
        vec![Effect::Show(stage)]
    }
}

/// The longest recording that a model takes, in seconds.
pub fn longest(model: &Model) -> u32 {
    model.triptych.limits.max_seconds.map_or(LONGEST, |most| most.min(LONGEST))
}

/// What the longest recording holds. None where the model has no price that is known here.
pub fn estimate(model: &Model) -> Option<Estimate> {
    let info = &model.triptych;
    let seconds = u64::from(longest(model));
    let order = RecordingBound { seconds, tokens: 0, most: info.limits.max_completion_tokens };
    let amount: Credits = recording_hold(&info.price, &order).ok()?;
    Some(Estimate::new(amount, Bound::AtMost, info.price_version))
}

/// The head of a WAV file with so many samples: 16 bits each, one channel.
pub fn wav_head(rate: u32, samples: u32) -> Vec<u8> {
    let bytes = samples.saturating_mul(2);
    let mut head = b"RIFF".to_vec();
    head.extend(bytes.saturating_add(36).to_le_bytes());
    head.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    head.extend(rate.to_le_bytes());
    head.extend((rate * 2).to_le_bytes());
    head.extend(b"\x02\0\x10\0data");
    head.extend(bytes.to_le_bytes());
    head
}

/// A draft with words put in after so many UTF-16 units of it, and where the cursor is then, in the same units.
pub fn put_in(draft: &str, cursor: u32, words: &str) -> (String, u32) {
    let mut units = 0;
    let place = draft.char_indices().find(|(_, letter)| {
        let found = units >= cursor;
        units += letter.len_utf16() as u32;
        found
    });
    let (before, after) = draft.split_at(place.map_or(draft.len(), |(place, _)| place));
    let before = joined(before, words);
    let cursor = before.encode_utf16().count() as u32;
    (joined(&before, after), cursor)
}

#[cfg(test)]
#[path = "recording/tests.rs"]
mod tests;
