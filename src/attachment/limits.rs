//! Who takes what, how much fits, and what is said where something does not.

use triptych_protocol::{Modality, Model, Price};

use super::{Attachment, Cargo, Kind};

/// Most files that go with one message.
pub const MOST_FILES: usize = 10;
/// The biggest file that is looked at, in bytes: a picture is made smaller, but it has to be opened first.
pub const MOST_BYTES: u64 = 32_000_000;
/// The longest text file, in bytes. What is longer is more than a question about it needs.
const MOST_TEXT: u64 = 400_000;
/// The longest side of a picture that is sent, in pixels.
pub const LONGEST_SIDE: u32 = 2_048;
/// What a call may carry where nobody says, in bytes: our gateway's usual bound, and OpenAI's with much to spare.
const USUAL_BODY: u64 = 1 << 20;
const BARE_BODY: u64 = 20_000_000;
/// What the rest of a call needs.
const RESERVE: u64 = 32_768;
/// The least that a picture can be told from in base64, and the most that it needs.
const LEAST_PICTURE: u64 = 48_000;
const MOST_PICTURE: u64 = 2_000_000;
const LONGEST_NAME: usize = 80;

/// What a model takes besides text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Takes {
    /// Pictures.
    pub pictures: bool,
    /// Recordings.
    pub sounds: bool,
    /// PDFs.
    pub documents: bool,
}

impl Takes {
    /// What a model takes. Where its server says nothing about it, the server is left to decide.
    pub fn of(model: &Model) -> Takes {
        let info = &model.triptych;
        let bare = info.price == Price::Other;
        Takes {
            pictures: bare || info.limits.image_tokens.is_some(),
            sounds: bare || info.modality == Modality::Audio,
            documents: bare,
        }
    }

    /// Whether it takes a kind.
    pub fn takes(self, kind: Kind) -> bool {
        match kind {
            Kind::Picture => self.pictures,
            Kind::Sound => self.sounds,
            Kind::Document => self.documents,
            Kind::Text => true,
        }
    }
}

/// Why a file cannot be sent along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There are too many already.
    TooMany,
    /// It is bigger than what still fits; both in bytes.
    TooBig {
        /// The file.
        name: String,
        /// Its size.
        size: u64,
        /// What fits.
        most: u64,
    },
    /// The conversation carries too much already.
    NoRoom {
        /// The file.
        name: String,
    },
    /// The model does not take its kind.
    NotTaken {
        /// The file.
        name: String,
        /// Its kind.
        kind: Kind,
        /// The model's name.
        model: String,
    },
    /// No model takes it.
    Unknown {
        /// The file.
        name: String,
    },
    /// Its content is not what its name promises, or it is gone.
    Unreadable {
        /// The file.
        name: String,
    },
}

/// What a file is, by its type and name; nobody has looked inside yet. None where no model takes such a file. What is
/// called text may turn out to be none.
pub fn kind_of(name: &str, mime: &str) -> Option<(Kind, &'static str)> {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    match (mime.to_ascii_lowercase().as_str(), ending.as_str()) {
        ("image/svg+xml", _) => Some((Kind::Text, "text/plain")),
        ("image/png", _) => Some((Kind::Picture, "image/png")),
        ("image/webp", _) => Some((Kind::Picture, "image/webp")),
        ("image/gif", _) => Some((Kind::Picture, "image/gif")),
        (mime, _) if mime.starts_with("image/") => Some((Kind::Picture, "image/jpeg")),
        ("application/pdf", _) | ("", "pdf") => Some((Kind::Document, "application/pdf")),
        ("audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave", _) | ("", "wav") => {
            Some((Kind::Sound, "audio/wav"))
        }
        ("audio/mpeg" | "audio/mp3", _) | ("", "mp3") => Some((Kind::Sound, "audio/mpeg")),
        (mime, _) if ["audio/", "video/", "font/"].iter().any(|start| mime.starts_with(start)) => {
            // Endings of programs that browsers take for clips.
            matches!(ending.as_str(), "ts" | "mts" | "cts").then_some((Kind::Text, "text/plain"))
        }
        _ => Some((Kind::Text, "text/plain")),
    }
}

/// True where a picture of this type can be sent as it is.
pub fn is_sent_as_it_is(mime: &str) -> bool {
    matches!(mime, "image/png" | "image/jpeg" | "image/webp" | "image/gif")
}

/// Bytes of attachments, as they are on the wire, that still fit into a call to the model.
pub fn room(model: &Model, cargo: &Cargo) -> u64 {
    let info = &model.triptych;
    let usual = if info.price == Price::Other { BARE_BODY } else { USUAL_BODY };
    let body = info.limits.body_bytes.map_or(usual, u64::from);
    // Some characters of a text take two bytes in JSON.
    body.saturating_sub(RESERVE + cargo.encoded + cargo.text + cargo.text / 4)
}

/// The biggest file of a kind that fits into so much room, in bytes; none where there is no use in trying. A picture
/// gets a quarter of the room, so that there is some for what comes later: all of it goes along with each question.
pub fn biggest(kind: Kind, room: u64) -> Option<u64> {
    match kind {
        Kind::Picture if room < LEAST_PICTURE => None,
        Kind::Picture => Some((room / 4).clamp(LEAST_PICTURE, MOST_PICTURE) / 4 * 3),
        Kind::Text => Some((room / 5 * 4).min(MOST_TEXT)),
        // Three bytes are four in base64.
        Kind::Sound | Kind::Document => Some(room / 4 * 3),
    }
    .filter(|most| *most > 0)
}

/// The sides of a picture, made smaller in the same proportion.
pub fn within(longest: u32, width: u32, height: u32) -> (u32, u32) {
    let side = u64::from(width.max(height));
    if side <= u64::from(longest) {
        return (width, height);
    }
    let scaled = |length: u32| ((u64::from(length) * u64::from(longest) + side / 2) / side).max(1) as u32;
    (scaled(width), scaled(height))
}

/// A file's name without what would make it look like another one.
pub fn clean_name(name: &str) -> String {
    let hidden = |c: &char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let clean: String = name.chars().filter(|c| !hidden(c)).collect();
    let clean = clean.trim();
    let count = clean.chars().count();
    if count <= LONGEST_NAME {
        return clean.to_owned();
    }
    // The ending says most.
    let head = clean.chars().take(LONGEST_NAME - 20);
    head.chain(['…']).chain(clean.chars().skip(count - 19)).collect()
}

/// What of these no model of that kind takes.
pub fn not_taken(attachments: &[Attachment], takes: Takes) -> Option<Kind> {
    attachments.iter().map(Attachment::kind).find(|kind| !takes.takes(*kind))
}

#[cfg(test)]
mod tests;
