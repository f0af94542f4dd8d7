use serde::{Deserialize, Serialize};

use crate::json::{Json, Writer};
use crate::wire::{Read, Write};
use crate::{record, tagged};

/// What a message says: text, or text with other things beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum Content {
    /// Text alone.
    Text(String),
    /// Parts, in their order.
    Parts(Vec<Part>),
}

impl Content {
    /// The text, where there is nothing else.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Content::Text(text) => Some(text),
            Content::Parts(_) => None,
        }
    }

    /// True where it says nothing.
    pub fn is_empty(&self) -> bool {
        self.as_text() == Some("")
    }
}

impl Default for Content {
    fn default() -> Self {
        Content::Text(String::new())
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Content::Text(text)
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Content::Text(text.to_owned())
    }
}

/// One part of a message, in OpenAI's shapes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    /// Text.
    Text {
        /// The text.
        text: String,
    },
    /// A picture.
    ImageUrl {
        /// Where it is.
        image_url: ImageUrl,
    },
    /// A file, such as a PDF.
    File {
        /// Its name and content.
        file: FileData,
    },
    /// A recording.
    InputAudio {
        /// Its content.
        input_audio: InputAudio,
    },
}

/// A picture of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImageUrl {
    /// A `data:image/…;base64,…` URL: the gateway follows no links.
    pub url: String,
}

/// A file of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileData {
    /// Its name.
    pub filename: String,
    /// A `data:` URL in base64.
    pub file_data: String,
}

/// A recording of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InputAudio {
    /// The recording in base64.
    pub data: String,
    /// `wav` or `mp3`.
    pub format: String,
}

tagged!(Part by "type" {
    Text = "text" { text },
    ImageUrl = "image_url" { image_url },
    File = "file" { file },
    InputAudio = "input_audio" { input_audio },
});
record!(ImageUrl { url });
record!(FileData { filename, file_data });
record!(InputAudio { data, format });

impl Read for Content {
    fn read(json: &Json) -> Option<Self> {
        match json {
            Json::Text(text) => Some(Content::Text(text.clone())),
            parts => Read::read(parts).map(Content::Parts),
        }
    }
}

impl Write for Content {
    fn write(&self, out: &mut Writer) {
        match self {
            Content::Text(text) => text.write(out),
            Content::Parts(parts) => parts.write(out),
        }
    }

    fn is_missing(&self) -> bool {
        self.is_empty()
    }
}
