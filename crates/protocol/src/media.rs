//! The arithmetic of pictures, clips and sound.

use crate::tokens::{hold_at, token_cost};
use crate::{Bound, Credits, EstimateError, Price, PricedItem, TokenBound, Usage};

/// Pictures that are asked for, with everything chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PictureOrder<'a> {
    /// A size of the price list.
    pub size: &'a str,
    /// A quality of the price list; `None` for a model without a choice of it.
    pub quality: Option<&'a str>,
    /// How many.
    pub n: u32,
    /// Pictures sent along to be changed.
    pub input_images: u32,
    /// Unfinished pictures shown on the way to each.
    pub partial_images: u32,
    /// A bound of the tokens of the prompt, for models that are charged by tokens.
    pub prompt_tokens: u64,
}

/// A clip that is asked for, with everything chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClipOrder<'a> {
    /// A resolution of the price list.
    pub resolution: &'a str,
    /// Its length.
    pub seconds: u32,
    /// With sound or without; `None` where nobody said, which costs the higher of the two.
    pub audio: Option<bool>,
    /// Pictures sent along to begin from.
    pub input_images: u32,
}

/// What pictures hold, and whether that is also what they cost: not where the provider counts tokens.
///
/// # Errors
/// Where the price is another one, the size is not on it, or the amount does not fit.
pub fn pictures_hold(price: &Price, order: &PictureOrder<'_>) -> Result<(Credits, Bound), EstimateError> {
    let fixed = pictures_cost(price, order)?;
    match price {
        Price::Image(price) => match &price.tokens {
            None => Ok((fixed, Bound::Exact)),
            Some(tokens) => {
                let prompt = TokenBound { text: order.prompt_tokens, ..TokenBound::default() };
                let prompt = hold_at(tokens, &prompt)?;
                Ok((fixed.checked_add(prompt).ok_or(EstimateError::Overflow)?, Bound::AtMost))
            }
        },
        _ => Err(EstimateError::WrongUnit),
    }
}

/// What pictures cost in the end; `order.n` is how many there are. By the provider's tokens where the price has them
/// and the provider said, else by the price list, and never more than was held for the whole order.
///
/// # Errors
/// As [`pictures_hold`].
pub fn pictures_charge(
    price: &Price,
    order: &PictureOrder<'_>,
    usage: Option<&Usage>,
) -> Result<Credits, EstimateError> {
    match (price, usage) {
        (Price::Image(image), Some(usage)) if image.tokens.is_some() => {
            let tokens = image.tokens.as_ref().ok_or(EstimateError::WrongUnit)?;
            // Providers that give no details draw what they write.
            let mut usage = *usage;
            let mut written = usage.completion_tokens_details.unwrap_or_default();
            written.image_tokens.get_or_insert(usage.completion_tokens);
            usage.completion_tokens_details = Some(written);
            token_cost(tokens, &usage)
        }
        _ => pictures_cost(price, order),
    }
}

fn pictures_cost(price: &Price, order: &PictureOrder<'_>) -> Result<Credits, EstimateError> {
    let Price::Image(price) = price else { return Err(EstimateError::WrongUnit) };
    let fits = |item: &&PricedItem| {
        item.value == order.size
            && item.quality.as_deref().is_none_or(|quality| Some(quality) == order.quality)
    };
    let named = |item: &&PricedItem| item.value == order.size && order.quality.is_none();
    let item = price.sizes.iter().find(fits).or_else(|| price.sizes.iter().find(named));
    let each = item.ok_or(EstimateError::NoSuchItem)?.credits;
    let shown = times(price.partial_image.unwrap_or_default(), order.partial_images)?;
    let sent = times(price.input_image.unwrap_or_default(), order.input_images)?;
    let each = each.checked_add(shown).ok_or(EstimateError::Overflow)?;
    times(each, order.n)?.checked_add(sent).ok_or(EstimateError::Overflow)
}

/// The price of `n` pictures of a size and, where the model has a choice of it, a quality.
///
/// # Errors
/// As [`pictures_hold`].
pub fn image_cost(
    price: &Price,
    size: &str,
    quality: Option<&str>,
    n: u32,
) -> Result<Credits, EstimateError> {
    pictures_cost(price, &PictureOrder { size, quality, n, ..PictureOrder::default() })
}

/// The price of a clip.
///
/// # Errors
/// Where the price is another one, the resolution is not on it, or the amount does not fit.
pub fn clip_cost(price: &Price, order: &ClipOrder<'_>) -> Result<Credits, EstimateError> {
    let Price::VideoSecond(price) = price else { return Err(EstimateError::WrongUnit) };
    let fits = |item: &&PricedItem| {
        item.value == order.resolution
            && (item.audio.is_none() || order.audio.is_none() || item.audio == order.audio)
    };
    let second = price.resolutions.iter().filter(fits).map(|item| item.credits).max();
    let second = second.ok_or(EstimateError::NoSuchItem)?;
    let sent = times(price.input_image.unwrap_or_default(), order.input_images)?;
    times(second, order.seconds)?.checked_add(sent).ok_or(EstimateError::Overflow)
}

/// The price of a clip of a resolution and a length in seconds.
///
/// # Errors
/// As [`clip_cost`].
pub fn video_cost(price: &Price, resolution: &str, seconds: u32) -> Result<Credits, EstimateError> {
    clip_cost(price, &ClipOrder { resolution, seconds, ..ClipOrder::default() })
}

/// The price of reading so many characters aloud, rounded up once.
///
/// # Errors
/// Where the price is another one or the amount does not fit.
pub fn characters_cost(price: &Price, characters: u64) -> Result<Credits, EstimateError> {
    match price {
        Price::Characters { credits } => part(*credits, characters, 1_000_000),
        _ => Err(EstimateError::WrongUnit),
    }
}

/// The price of sound of that length in milliseconds, rounded up once.
///
/// # Errors
/// Where the price is another one or the amount does not fit.
pub fn minutes_cost(price: &Price, milliseconds: u64) -> Result<Credits, EstimateError> {
    match price {
        Price::Minute { credits } => part(*credits, milliseconds, 60_000),
        _ => Err(EstimateError::WrongUnit),
    }
}

fn times(credits: Credits, count: u32) -> Result<Credits, EstimateError> {
    credits.checked_mul(i64::from(count)).ok_or(EstimateError::Overflow)
}

fn part(rate: Credits, count: u64, of: i128) -> Result<Credits, EstimateError> {
    let total = i128::from(rate.micro()) * i128::from(count);
    let micro = total.div_euclid(of) + i128::from(total.rem_euclid(of) != 0);
    i64::try_from(micro).map(Credits::from_micro).map_err(|_| EstimateError::Overflow)
}
