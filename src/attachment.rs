//! What is sent along with a message: pictures, files, recordings. Reading them is the client's work; here is what they
//! are, who takes them, how much fits, and what they become on the wire.

mod limits;

use std::sync::Arc;

use triptych_protocol::{Content, FileData, ImageUrl, InputAudio, Part};

pub use limits::{
    LONGEST_SIDE, MOST_BYTES, MOST_FILES, Refusal, Takes, biggest, clean_name, is_sent_as_it_is, kind_of,
    not_taken, room, within,
};

/// Something that is sent along with a message. Plain data, so that it can be kept with the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The file's name. Somebody else chose it: it is text and nothing more.
    pub name: String,
    /// Its type, such as `image/jpeg`; what the data is, where that was changed on the way.
    pub mime: String,
    /// The bytes of the file as it is sent.
    pub size: u64,
    /// The text of a text file; everything else in base64.
    pub data: Arc<str>,
}

/// What an attachment is to a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something to look at.
    Picture,
    /// Something to listen to.
    Sound,
    /// A PDF.
    Document,
    /// Text, whatever language it is in.
    Text,
}

impl Attachment {
    /// What it is to a model.
    pub fn kind(&self) -> Kind {
        match self.mime.as_str() {
            // A drawing in SVG is text to a model.
            "image/svg+xml" => Kind::Text,
            "application/pdf" => Kind::Document,
            mime if mime.starts_with("image/") => Kind::Picture,
            mime if mime.starts_with("audio/") => Kind::Sound,
            _ => Kind::Text,
        }
    }

    /// What it is on the wire.
    pub fn part(&self) -> Part {
        let url = || format!("data:{};base64,{}", self.mime, self.data);
        match self.kind() {
            Kind::Picture => Part::ImageUrl { image_url: ImageUrl { url: url() } },
            Kind::Document => Part::File { file: FileData { filename: self.name.clone(), file_data: url() } },
            Kind::Sound => {
                let format = if self.mime == "audio/wav" { "wav" } else { "mp3" };
                let input_audio = InputAudio { data: self.data.to_string(), format: format.into() };
                Part::InputAudio { input_audio }
            }
            Kind::Text => Part::Text { text: self.named_text() },
        }
    }

    /// How long a recording of its size can be: its bytes at the lowest rate that speech is recorded at.
    fn longest_seconds(&self) -> u64 {
        // Bytes a second: 8 kHz, one channel, 8 bits; or 8 kbit/s.
        self.size.div_ceil(if self.mime == "audio/wav" { 8_000 } else { 1_000 })
    }

    /// A text file as the model reads it: its name first, since that often says what it is.
    fn named_text(&self) -> String {
        ["File: ", self.name.as_str(), "\n\n", &self.data].concat()
    }
}

/// A message on the wire: text alone where there is nothing else.
pub fn content(text: &str, attachments: &[Attachment]) -> Content {
    if attachments.is_empty() {
        return text.into();
    }
    let mut parts: Vec<Part> = attachments.iter().map(Attachment::part).collect();
    if !text.is_empty() {
        parts.push(Part::Text { text: text.to_owned() });
    }
    Content::Parts(parts)
}

/// What a send would carry, as far as its price and its size go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cargo {
    /// Bytes of text.
    pub text: u64,
    /// Parts that the chat format frames.
    pub frames: u64,
    /// Pictures.
    pub pictures: u64,
    /// Bytes in base64, of whatever kind.
    pub encoded: u64,
    /// Seconds of recordings, at most.
    pub seconds: u64,
    /// PDFs, whose price nobody knows before the call.
    pub documents: u64,
}

impl Cargo {
    /// Adds a message.
    pub fn message(&mut self, text: &str, attachments: &[Attachment]) {
        self.text += text.len() as u64;
        // The frame of the message covers one part.
        self.frames += (attachments.len() as u64 + u64::from(!text.is_empty())).max(1);
        for attachment in attachments {
            match attachment.kind() {
                Kind::Text => {
                    self.text += (attachment.name.len() + attachment.data.len() + "File: \n\n".len()) as u64;
                    continue;
                }
                Kind::Picture => self.pictures += 1,
                Kind::Sound => self.seconds += attachment.longest_seconds(),
                Kind::Document => self.documents += 1,
            }
            self.encoded += attachment.data.len() as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attachment(name: &str, mime: &str, data: &str) -> Attachment {
        Attachment { name: name.into(), mime: mime.into(), size: data.len() as u64, data: data.into() }
    }

    #[test]
    fn a_message_without_attachments_is_text_alone() {
        assert_eq!(content("Hello", &[]), Content::Text("Hello".into()));
    }

    #[test]
    fn each_kind_becomes_the_part_that_models_know_and_the_question_comes_last() {
        let all = [
            attachment("cup.png", "image/png", "aGk="),
            attachment("report.pdf", "application/pdf", "JVBERi0="),
            attachment("note.wav", "audio/wav", "UklGRg=="),
            attachment("a.rs", "text/plain", "fn main() {}"),
        ];
        let Content::Parts(parts) = content("What is this?", &all) else { return };
        let url = "data:image/png;base64,aGk=".to_owned();
        assert_eq!(parts[0], Part::ImageUrl { image_url: ImageUrl { url } });
        let file_data = "data:application/pdf;base64,JVBERi0=".to_owned();
        assert_eq!(parts[1], Part::File { file: FileData { filename: "report.pdf".into(), file_data } });
        let input_audio = InputAudio { data: "UklGRg==".into(), format: "wav".into() };
        assert_eq!(parts[2], Part::InputAudio { input_audio });
        assert_eq!(parts[3], Part::Text { text: "File: a.rs\n\nfn main() {}".into() });
        assert_eq!(parts[4], Part::Text { text: "What is this?".into() });
    }

    #[test]
    fn what_is_counted_is_what_is_sent() {
        let mut cargo = Cargo::default();
        cargo.message(
            "four",
            &[attachment("a.rs", "text/plain", "12345"), attachment("b.png", "image/png", "aGk=")],
        );
        cargo.message("", &[attachment("c.mp3", "audio/mpeg", "12345678")]);
        let text = (4 + "File: a.rs\n\n12345".len()) as u64;
        assert_eq!(cargo, Cargo { text, frames: 4, pictures: 1, encoded: 12, seconds: 1, documents: 0 });
    }
}
