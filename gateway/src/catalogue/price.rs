//! Prices and limits as the catalogue's file writes them: in credits, with fractions in quotes.

use serde::Deserialize;
use triptych_protocol::{
    Credits, ImagePrice, Limits, LongContext, Price, PricedItem, ServiceTier, TokenPrice, Tokenizer,
    VideoPrice,
};

use crate::config::Amount;

#[derive(Deserialize)]
#[serde(tag = "unit", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum WrittenPrice {
    Tokens(WrittenTokens),
    Image {
        sizes: Vec<WrittenItem>,
        input_image: Option<Amount>,
        partial_image: Option<Amount>,
        tokens: Option<WrittenTokens>,
    },
    VideoSecond {
        resolutions: Vec<WrittenItem>,
        input_image: Option<Amount>,
    },
    Characters {
        credits: Amount,
    },
    Minute {
        credits: Amount,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenTokens {
    input: Amount,
    output: Amount,
    cached_input: Option<Amount>,
    cache_write: Option<Amount>,
    reasoning: Option<Amount>,
    audio_input: Option<Amount>,
    audio_output: Option<Amount>,
    image_input: Option<Amount>,
    image_output: Option<Amount>,
    long_context: Option<WrittenLongContext>,
    #[serde(default)]
    service_tiers: Vec<WrittenTier>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenLongContext {
    above_tokens: u64,
    input: Amount,
    output: Amount,
    cached_input: Option<Amount>,
    cache_write: Option<Amount>,
    reasoning: Option<Amount>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTier {
    value: String,
    percent: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenItem {
    value: String,
    credits: Amount,
    quality: Option<String>,
    audio: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WrittenLimits {
    context_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
    default_completion_tokens: Option<u32>,
    min_completion_tokens: Option<u32>,
    max_prompt_chars: Option<u32>,
    max_hold: Option<Amount>,
    image_tokens: Option<u32>,
    max_seconds: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WrittenTokenizer {
    O200k,
    Cl100k,
    Bytes,
}

fn credits(amount: Option<Amount>) -> Option<Credits> {
    amount.map(|amount| amount.0)
}

fn items(items: Vec<WrittenItem>) -> Vec<PricedItem> {
    let item = |item: WrittenItem| PricedItem {
        value: item.value,
        credits: item.credits.0,
        quality: item.quality,
        audio: item.audio,
    };
    items.into_iter().map(item).collect()
}

impl From<WrittenPrice> for Price {
    fn from(written: WrittenPrice) -> Price {
        match written {
            WrittenPrice::Tokens(tokens) => Price::Tokens(tokens.into()),
            WrittenPrice::Image { sizes, input_image, partial_image, tokens } => Price::Image(ImagePrice {
                sizes: items(sizes),
                input_image: credits(input_image),
                partial_image: credits(partial_image),
                tokens: tokens.map(|tokens| Box::new(tokens.into())),
            }),
            WrittenPrice::VideoSecond { resolutions, input_image } => Price::VideoSecond(VideoPrice {
                resolutions: items(resolutions),
                input_image: credits(input_image),
            }),
            WrittenPrice::Characters { credits } => Price::Characters { credits: credits.0 },
            WrittenPrice::Minute { credits } => Price::Minute { credits: credits.0 },
        }
    }
}

impl From<WrittenTokens> for TokenPrice {
    fn from(written: WrittenTokens) -> TokenPrice {
        let long = written.long_context.map(|long| {
            Box::new(LongContext {
                above_tokens: long.above_tokens,
                input: long.input.0,
                output: long.output.0,
                cached_input: credits(long.cached_input),
                cache_write: credits(long.cache_write),
                reasoning: credits(long.reasoning),
            })
        });
        let tier = |tier: WrittenTier| ServiceTier { value: tier.value, percent: tier.percent };
        TokenPrice {
            input: written.input.0,
            output: written.output.0,
            cached_input: credits(written.cached_input),
            cache_write: credits(written.cache_write),
            reasoning: credits(written.reasoning),
            audio_input: credits(written.audio_input),
            audio_output: credits(written.audio_output),
            image_input: credits(written.image_input),
            image_output: credits(written.image_output),
            long_context: long,
            service_tiers: written.service_tiers.into_iter().map(tier).collect(),
        }
    }
}

impl From<WrittenLimits> for Limits {
    fn from(written: WrittenLimits) -> Limits {
        Limits {
            context_tokens: written.context_tokens,
            max_completion_tokens: written.max_completion_tokens,
            default_completion_tokens: written.default_completion_tokens,
            max_prompt_chars: written.max_prompt_chars,
            min_completion_tokens: written.min_completion_tokens,
            max_hold: credits(written.max_hold),
            image_tokens: written.image_tokens,
            max_seconds: written.max_seconds,
            body_bytes: None,
        }
    }
}

impl From<WrittenTokenizer> for Tokenizer {
    fn from(written: WrittenTokenizer) -> Tokenizer {
        match written {
            WrittenTokenizer::O200k => Tokenizer::O200k,
            WrittenTokenizer::Cl100k => Tokenizer::Cl100k,
            WrittenTokenizer::Bytes => Tokenizer::Bytes,
        }
    }
}
