//! The price of pictures and clips: exact, from what the catalogue allows.

use serde_json::Value;
use triptych_protocol::{
    Bound, ClipOrder, Credits, EstimateError, Frame, ImageRequest, Modality, Model, ParameterKind,
    PictureOrder, Price, Usage, VideoRequest, clip_cost, framed_tokens, pictures_charge, pictures_hold,
};

use super::count::tokens;
use super::{Quote, priced};
use crate::error::Error;

/// Most unfinished pictures that can be asked for.
const MOST_PARTIAL: u32 = 3;
/// Most pictures that can be sent along.
const MOST_INPUT: u64 = 16;

/// A picture call with everything chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResolvedImage {
    pub(crate) size: String,
    /// `None` for a model without a choice of it.
    pub(crate) quality: Option<String>,
    pub(crate) n: u32,
    /// Pictures that are sent along to be changed.
    pub(crate) input_images: u32,
    /// Unfinished pictures that are shown on the way.
    pub(crate) partial_images: u32,
}

/// A clip with everything chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResolvedVideo {
    pub(crate) seconds: u32,
    pub(crate) resolution: String,
    pub(crate) aspect_ratio: String,
    pub(crate) frame: Frame,
}

impl ResolvedImage {
    /// What `n` pictures of this order cost in the end, by the provider's usage where the price goes by tokens.
    ///
    /// # Errors
    /// Where the price is no longer one that fits the order.
    pub(crate) fn charge(
        &self,
        price: &Price,
        n: u32,
        usage: Option<&Usage>,
    ) -> Result<Credits, EstimateError> {
        pictures_charge(price, &PictureOrder { n, ..self.order(0) }, usage)
    }

    fn order(&self, prompt_tokens: u64) -> PictureOrder<'_> {
        PictureOrder {
            size: &self.size,
            quality: self.quality.as_deref(),
            n: self.n,
            input_images: self.input_images,
            partial_images: self.partial_images,
            prompt_tokens,
        }
    }
}

/// # Errors
/// As [`quote_image_edit`].
#[cfg(test)]
pub(crate) fn quote_image(model: &Model, request: &ImageRequest) -> Result<(Quote, ResolvedImage), Error> {
    quote_image_edit(model, request, 0)
}

/// The price of pictures, made from so many others or from none.
///
/// # Errors
/// `invalid_request` naming the field and what it may be.
pub(crate) fn quote_image_edit(
    model: &Model,
    request: &ImageRequest,
    input_images: u32,
) -> Result<(Quote, ResolvedImage), Error> {
    expect(model, Modality::Image, "pictures")?;
    check_prompt(model, &request.prompt)?;
    if let Some(format) =
        request.response_format.as_deref().filter(|format| !matches!(*format, "url" | "b64_json"))
    {
        let format: String = format.chars().take(40).collect();
        let message = format!("`response_format` must be `url` or `b64_json`, not `{format}`.");
        return Err(Error::invalid("response_format", message));
    }
    let size = choose(model, "size", request.size.as_deref().filter(|size| *size != "auto"), "1024x1024")?;
    let n = choose(model, "n", request.n.map(|n| n.to_string()).as_deref(), "1")?;
    let n: u32 = n.parse().map_err(Error::internal)?;
    let given = request.quality.as_deref().filter(|quality| *quality != "auto");
    let quality = match (model.triptych.parameter("quality"), given) {
        (None, None) => None,
        (_, given) => Some(choose(model, "quality", given, "auto")?),
    };
    let partial_images = request.partial_images.unwrap_or(0);
    if partial_images > MOST_PARTIAL {
        let message = format!("`partial_images` must be 0 to {MOST_PARTIAL}.");
        return Err(Error::invalid("partial_images", message));
    }
    let resolved = ResolvedImage { size, quality, n, input_images, partial_images };
    // Pictures that are sent along are covered by the price list's worst case.
    let prompt_tokens = if by_tokens(&model.triptych.price) {
        framed_tokens(tokens(model.triptych.tokenizer.unwrap_or_default(), &request.prompt), 1)
    } else {
        0
    };
    let (amount, bound) =
        priced(pictures_hold(&model.triptych.price, &resolved.order(prompt_tokens)), "size")?;
    Ok((Quote::new(model, amount, bound), resolved))
}

/// # Errors
/// `invalid_request` naming the field and what it may be, or which two fields disagree.
pub(crate) fn quote_video(model: &Model, request: &VideoRequest) -> Result<(Quote, ResolvedVideo), Error> {
    expect(model, Modality::Video, "clips")?;
    check_prompt(model, &request.prompt)?;
    let duration = request.duration.map(|seconds| seconds.to_string());
    let seconds = match (request.seconds.as_deref(), duration.as_deref()) {
        (Some(seconds), Some(duration)) if seconds != duration => {
            return Err(disagree("seconds", "duration"));
        }
        (Some(seconds), _) => choose_as(model, "duration", "seconds", Some(seconds), "5")?,
        (None, duration) => choose(model, "duration", duration, "5")?,
    };
    let seconds: u32 = seconds
        .parse()
        .map_err(|_| Error::invalid("seconds", "`seconds` must be a whole number written as a string."))?;
    let (resolution, aspect_ratio) = match &request.size {
        None => (
            choose(model, "resolution", request.resolution.as_deref(), "720p")?,
            choose(model, "aspect_ratio", request.aspect_ratio.as_deref(), "16:9")?,
        ),
        Some(size) => {
            let (resolution, aspect_ratio) = from_size(model, size)?;
            if request.resolution.as_ref().is_some_and(|given| *given != resolution) {
                return Err(disagree("size", "resolution"));
            }
            if request.aspect_ratio.as_ref().is_some_and(|given| *given != aspect_ratio) {
                return Err(disagree("size", "aspect_ratio"));
            }
            (resolution, aspect_ratio)
        }
    };
    let frame = Frame::new(&resolution, &aspect_ratio).ok_or_else(|| {
        Error::internal(format!("the catalogue has a frame of {resolution} at {aspect_ratio}"))
    })?;
    let order = ClipOrder { resolution: &resolution, seconds, ..ClipOrder::default() };
    let amount = priced(clip_cost(&model.triptych.price, &order), "resolution")?;
    let resolved = ResolvedVideo { seconds, resolution, aspect_ratio, frame };
    Ok((Quote::new(model, amount, Bound::Exact), resolved))
}

/// Pictures at that price are charged by what the provider counts.
pub(crate) fn by_tokens(price: &Price) -> bool {
    matches!(price, Price::Image(price) if price.tokens.is_some())
}

/// How many pictures an estimate says will be sent along.
///
/// # Errors
/// Where it is no number from 0 to 16.
pub(super) fn input_images(body: &Value) -> Result<u32, Error> {
    match body.get("input_images") {
        None | Some(Value::Null) => Ok(0),
        Some(value) => match value.as_u64() {
            Some(count) if count <= MOST_INPUT => Ok(count as u32),
            _ => Err(Error::invalid("input_images", format!("`input_images` must be 0 to {MOST_INPUT}."))),
        },
    }
}

fn expect(model: &Model, modality: Modality, makes: &str) -> Result<(), Error> {
    if model.triptych.modality == modality {
        return Ok(());
    }
    Err(Error::invalid("model", format!("`{}` is not a model for {makes}.", model.id)))
}

fn check_prompt(model: &Model, prompt: &str) -> Result<(), Error> {
    if prompt.trim().is_empty() {
        return Err(Error::invalid("prompt", "Say in `prompt` what to make."));
    }
    match model.triptych.limits.max_prompt_chars {
        Some(most) if prompt.chars().count() > most as usize => {
            Err(Error::invalid("prompt", format!("The prompt has more than {most} characters.")))
        }
        _ => Ok(()),
    }
}

fn choose(model: &Model, name: &str, given: Option<&str>, otherwise: &str) -> Result<String, Error> {
    choose_as(model, name, name, given, otherwise)
}

/// The value of a parameter: the given one where it is allowed, the default where none is given. `field` is what the
/// request calls it.
fn choose_as(
    model: &Model,
    name: &str,
    field: &str,
    given: Option<&str>,
    otherwise: &str,
) -> Result<String, Error> {
    match (model.triptych.parameter(name), given) {
        (Some(parameter), None) => Ok(parameter.default_value()),
        (Some(parameter), Some(given)) if parameter.allows(given) => Ok(canonical(&parameter.kind, given)),
        (Some(parameter), Some(_)) => {
            let message = format!("`{field}` must be {} for `{}`.", allowed(&parameter.kind), model.id);
            Err(Error::invalid(field, message))
        }
        (None, None) => Ok(otherwise.to_owned()),
        (None, Some(given)) if given == otherwise => Ok(otherwise.to_owned()),
        (None, Some(_)) => {
            Err(Error::invalid(field, format!("`{}` has no choice of `{field}`; leave it out.", model.id)))
        }
    }
}

/// Numbers lose signs and leading zeros, which parsing forgives and providers may not.
fn canonical(kind: &ParameterKind, given: &str) -> String {
    match kind {
        ParameterKind::Choice { .. } => given.to_owned(),
        ParameterKind::Integer { .. } => {
            given.parse::<u32>().map_or(given.to_owned(), |number| number.to_string())
        }
    }
}

fn allowed(kind: &ParameterKind) -> String {
    match kind {
        ParameterKind::Choice { choices, .. } => {
            let values: Vec<String> = choices.iter().map(|choice| format!("`{}`", choice.value)).collect();
            values.join(", ")
        }
        ParameterKind::Integer { min, max, step: 0 | 1, .. } => format!("a whole number from {min} to {max}"),
        ParameterKind::Integer { min, max, step, .. } => format!("{min} to {max} in steps of {step}"),
    }
}

/// The resolution and aspect ratio whose frame has that size.
fn from_size(model: &Model, size: &str) -> Result<(String, String), Error> {
    let values = |name: &str, otherwise: &str| match model.triptych.parameter(name).map(|found| &found.kind) {
        Some(ParameterKind::Choice { choices, .. }) => {
            choices.iter().map(|choice| choice.value.clone()).collect()
        }
        _ => vec![otherwise.to_owned()],
    };
    let mut sizes = Vec::new();
    for resolution in values("resolution", "720p") {
        for aspect_ratio in values("aspect_ratio", "16:9") {
            let Some(frame) = Frame::new(&resolution, &aspect_ratio) else { continue };
            if frame.to_string() == size {
                return Ok((resolution, aspect_ratio));
            }
            sizes.push(format!("`{frame}`"));
        }
    }
    Err(Error::invalid("size", format!("`size` must be {} for `{}`.", sizes.join(", "), model.id)))
}

fn disagree(one: &str, other: &str) -> Error {
    Error::invalid(one, format!("`{one}` and `{other}` disagree; send one of them."))
}
