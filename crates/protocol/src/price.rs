use serde::{Deserialize, Serialize};

use crate::Credits;
use crate::json::Json;
use crate::record;
use crate::wire::{Read, field};

/// What a model costs. A price is stored with each hold, so what was written once is read for ever: fields are only
/// added, and only optional ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "unit", rename_all = "snake_case")]
pub enum Price {
    /// By tokens.
    Tokens(TokenPrice),
    /// By picture, depending on `size` and `quality`.
    Image(ImagePrice),
    /// By second of video, depending on `resolution`.
    VideoSecond(VideoPrice),
    /// By character read aloud.
    Characters {
        /// Per million characters.
        credits: Credits,
    },
    /// By minute of sound, heard or made.
    Minute {
        /// Per minute; a part of a minute costs its part.
        credits: Credits,
    },
    /// A kind of price that this version does not know.
    #[serde(other)]
    Other,
}

impl Price {
    /// A price by tokens with no other rates than these, both per million tokens.
    pub const fn tokens(input: Credits, output: Credits) -> Price {
        Price::Tokens(TokenPrice::new(input, output))
    }

    /// A price by picture that depends on the size alone.
    pub const fn image(sizes: Vec<PricedItem>) -> Price {
        Price::Image(ImagePrice { sizes, input_image: None, partial_image: None, tokens: None })
    }

    /// A price by second of video that depends on the resolution alone.
    pub const fn video_second(resolutions: Vec<PricedItem>) -> Price {
        Price::VideoSecond(VideoPrice { resolutions, input_image: None })
    }
}

/// Rates per million tokens. A rate that is missing is the one of its direction: `input` or `output`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenPrice {
    /// Text read.
    pub input: Credits,
    /// Text written.
    pub output: Credits,
    /// Text read that the provider still knew. A hold never counts on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<Credits>,
    /// Text read that the provider keeps for the next call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<Credits>,
    /// Thought that is not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Credits>,
    /// Sound heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_input: Option<Credits>,
    /// Sound made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_output: Option<Credits>,
    /// Pictures looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_input: Option<Credits>,
    /// Pictures drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_output: Option<Credits>,
    /// What calls with a long prompt cost instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long_context: Option<Box<LongContext>>,
    /// What `service_tier` may be, and what it does to the price. Without an entry the field is not passed on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_tiers: Vec<ServiceTier>,
}

/// Rates per million tokens of a call whose prompt is longer than a bound, for all of its tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LongContext {
    /// Tokens of prompt up to which the ordinary rates hold.
    pub above_tokens: u64,
    /// Text read.
    pub input: Credits,
    /// Text written.
    pub output: Credits,
    /// As in [`TokenPrice`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<Credits>,
    /// As in [`TokenPrice`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<Credits>,
    /// As in [`TokenPrice`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Credits>,
}

/// A value of `service_tier`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceTier {
    /// As the request has it, such as `flex`.
    pub value: String,
    /// Of the ordinary price, in percent.
    pub percent: u32,
}

/// The price of pictures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImagePrice {
    /// Per picture: one item a size, or one for each quality of it. With `tokens` it is the most that a picture may
    /// cost.
    pub sizes: Vec<PricedItem>,
    /// For each picture that is sent along to be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_image: Option<Credits>,
    /// For each unfinished picture that is shown on the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial_image: Option<Credits>,
    /// Where the provider counts tokens, they are what is charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Box<TokenPrice>>,
}

/// The price of clips.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VideoPrice {
    /// Per second: one item a resolution, or one with sound and one without.
    pub resolutions: Vec<PricedItem>,
    /// For each picture that is sent along to begin from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_image: Option<Credits>,
}

/// A value of a parameter and what one unit of it costs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PricedItem {
    /// The parameter's value.
    pub value: String,
    /// Per picture or per second.
    pub credits: Credits,
    /// With this quality only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<String>,
    /// With sound only, or without only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<bool>,
}

impl PricedItem {
    /// The price of a value, whatever else is chosen.
    pub fn new(value: impl Into<String>, credits: Credits) -> Self {
        PricedItem { value: value.into(), credits, quality: None, audio: None }
    }
}

impl TokenPrice {
    /// Only these two rates, both per million tokens.
    pub const fn new(input: Credits, output: Credits) -> Self {
        TokenPrice {
            input,
            output,
            cached_input: None,
            cache_write: None,
            reasoning: None,
            audio_input: None,
            audio_output: None,
            image_input: None,
            image_output: None,
            long_context: None,
            service_tiers: Vec::new(),
        }
    }

    /// The price at a percentage, each rate rounded up. `None` where a rate does not fit.
    pub fn at_percent(&self, percent: u32) -> Option<TokenPrice> {
        let one = |rate: Credits| {
            let scaled = i128::from(rate.micro()) * i128::from(percent);
            i64::try_from(scaled.div_euclid(100) + i128::from(scaled.rem_euclid(100) != 0))
                .ok()
                .map(Credits::from_micro)
        };
        let some = |rate: Option<Credits>| rate.map(one).map_or(Some(None), |scaled| scaled.map(Some));
        let long_context = match &self.long_context {
            None => None,
            Some(long) => Some(Box::new(LongContext {
                above_tokens: long.above_tokens,
                input: one(long.input)?,
                output: one(long.output)?,
                cached_input: some(long.cached_input)?,
                cache_write: some(long.cache_write)?,
                reasoning: some(long.reasoning)?,
            })),
        };
        Some(TokenPrice {
            input: one(self.input)?,
            output: one(self.output)?,
            cached_input: some(self.cached_input)?,
            cache_write: some(self.cache_write)?,
            reasoning: some(self.reasoning)?,
            audio_input: some(self.audio_input)?,
            audio_output: some(self.audio_output)?,
            image_input: some(self.image_input)?,
            image_output: some(self.image_output)?,
            long_context,
            service_tiers: Vec::new(),
        })
    }
}

record!(TokenPrice {
    input, output, cached_input, cache_write, reasoning, audio_input, audio_output, image_input, image_output, long_context;
    service_tiers
});
record!(LongContext { above_tokens, input, output, cached_input, cache_write, reasoning });
record!(ServiceTier { value, percent });
record!(ImagePrice { sizes, input_image, partial_image, tokens });
record!(VideoPrice { resolutions, input_image });
record!(PricedItem { value, credits, quality, audio });

impl Read for Price {
    fn read(json: &Json) -> Option<Self> {
        Some(match json.get("unit")?.text()? {
            "tokens" => Price::Tokens(Read::read(json)?),
            "image" => Price::Image(Read::read(json)?),
            "video_second" => Price::VideoSecond(Read::read(json)?),
            "characters" => Price::Characters { credits: field(json, "credits")? },
            "minute" => Price::Minute { credits: field(json, "credits")? },
            _ => Price::Other,
        })
    }
}
