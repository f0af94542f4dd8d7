//! The price of a chat call: a bound, since nobody knows the answer's length yet.

use serde_json::{Map, Value};
use triptych_protocol::{
    AUDIO_TOKENS_PER_SECOND, Bound, Modality, Model, Price, TokenBound, Tokenizer, framed_tokens,
};

use super::audio::longest_seconds;
use super::count::{json_tokens, tokens};
use super::{Answer, Quote, priced};
use crate::error::Error;

const MOST_CHOICES: u64 = 4;
/// The cap of an answer where the catalogue names none.
const DEFAULT_CAP: u32 = 1024;
/// The shortest cap that a small balance may bring about, where the catalogue names none.
const DEFAULT_LEAST: u32 = 128;
/// What templates say around tools and forms of answer, in tokens.
const TOKENS_FOR_TOOLS: u64 = 256;
/// Fields besides the messages that become part of the prompt.
pub(crate) const PROMPT_FIELDS: [&str; 4] = ["tools", "functions", "response_format", "prediction"];

/// The most that a chat call can cost.
///
/// # Errors
/// `invalid_request` naming the field that is wrong.
pub(crate) fn quote_chat(model: &Model, body: &Value) -> Result<Quote, Error> {
    let modality = model.triptych.modality;
    if !matches!(modality, Modality::Chat | Modality::Audio) {
        let message = format!("`{}` is not a model for chat completions.", model.id);
        return Err(Error::invalid("model", message));
    }
    let body = body.as_object().ok_or_else(|| Error::invalid("", "The body must be a JSON object."))?;
    if model.triptych.tools == Some(false)
        && let Some(field) = ["tools", "functions"].into_iter().find(|field| offers(body, field))
    {
        let message =
            format!("`{}` calls no functions. Leave `{field}` out, or ask another model.", model.id);
        return Err(Error::invalid(field, message));
    }
    let messages = body.get("messages").and_then(Value::as_array).filter(|messages| !messages.is_empty());
    let messages =
        messages.ok_or_else(|| Error::invalid("messages", "Send a list of at least one message."))?;
    let limits = &model.triptych.limits;
    if let Some(most) = limits.max_prompt_chars
        && messages.iter().map(characters).sum::<usize>() > most as usize
    {
        return Err(Error::invalid("messages", format!("The messages have more than {most} characters.")));
    }
    let mut prompt = Prompt::of(model);
    for (index, message) in messages.iter().enumerate() {
        prompt.message(message, &format!("messages[{index}]"))?;
    }
    prompt.fields(body);
    let cap = completion_cap(model, body)?;
    let choices = whole(body, "n")?.unwrap_or(1);
    if !(1..=MOST_CHOICES).contains(&choices) {
        return Err(Error::invalid("n", format!("`n` must be 1 to {MOST_CHOICES}.")));
    }
    let mut rest = prompt.bound();
    // What was predicted wrongly is paid like an answer, on top of its cap.
    rest.completion = body
        .get("prediction")
        .map_or(0, |value| json_tokens(prompt.tokenizer, value))
        .saturating_mul(choices);
    rest.speaks = body
        .get("modalities")
        .and_then(Value::as_array)
        .is_some_and(|modalities| modalities.iter().any(|word| word == "audio"));
    let asked = least_asked(body)?;
    let least = asked.or(limits.min_completion_tokens).unwrap_or(DEFAULT_LEAST).min(cap);
    let (price, service_tier) = tier(model, body)?;
    let answer = Answer { rest, choices: choices as u32, least };
    let amount = priced(answer.hold(&price, cap), "model")?;
    let mut quote = Quote { price, service_tier, ..Quote::new(model, amount, Bound::AtMost) };
    quote.answer = Some(answer);
    quote.max_completion_tokens = Some(cap);
    quote.estimate.max_completion_tokens = Some(cap);
    quote.estimate.prompt_tokens = Some(rest.prompt());
    match limits.max_hold {
        Some(most) if amount > most => {
            let shorter = quote.within(most);
            if shorter.estimate.amount > most {
                let message = format!(
                    "`{}` holds at most {most} credits for a call, and these messages need {}. Send less.",
                    model.id, shorter.estimate.amount
                );
                return Err(Error::invalid("messages", message));
            }
            Ok(shorter)
        }
        _ => Ok(quote),
    }
}

/// Whether a list of functions has any.
fn offers(body: &Map<String, Value>, field: &str) -> bool {
    body.get(field).and_then(Value::as_array).is_some_and(|offered| !offered.is_empty())
}

/// What a prompt comes to, part by part.
struct Prompt<'a> {
    model: &'a Model,
    tokenizer: Tokenizer,
    text: u64,
    /// Parts that the chat format frames.
    frames: u64,
    audio: u64,
    image: u64,
}

impl<'a> Prompt<'a> {
    fn of(model: &'a Model) -> Self {
        let tokenizer = model.triptych.tokenizer.unwrap_or_default();
        Prompt { model, tokenizer, text: 0, frames: 0, audio: 0, image: 0 }
    }

    fn bound(&self) -> TokenBound {
        let framed = framed_tokens(self.text, self.frames);
        // More than its context a model cannot read, however it was counted.
        let most = self.model.triptych.limits.context_tokens.map_or(u64::MAX, u64::from);
        TokenBound {
            text: framed.min(most),
            audio: self.audio.min(most),
            image: self.image.min(most),
            ..TokenBound::default()
        }
    }

    fn fields(&mut self, body: &Map<String, Value>) {
        for value in
            PROMPT_FIELDS.iter().filter_map(|field| body.get(*field)).filter(|value| !value.is_null())
        {
            self.text += json_tokens(self.tokenizer, value) + TOKENS_FOR_TOOLS;
            self.frames += value.as_array().map_or(1, |items| items.len() as u64);
        }
    }

    fn message(&mut self, message: &Value, at: &str) -> Result<(), Error> {
        let Some(message) = message.as_object() else {
            return Err(Error::invalid(at, "A message is an object with `role` and `content`."));
        };
        if !message.get("role").is_some_and(Value::is_string) {
            return Err(Error::invalid(format!("{at}.role"), "A message needs a role, such as `user`."));
        }
        self.frames += 1;
        for (name, value) in message {
            match name.as_str() {
                "role" | "content" => {}
                // An earlier spoken answer is heard again.
                "audio" if !value.is_null() => {
                    self.audio +=
                        u64::from(self.model.triptych.limits.max_completion_tokens.unwrap_or(DEFAULT_CAP));
                }
                _ => self.text += tokens(self.tokenizer, name) + json_tokens(self.tokenizer, value),
            }
        }
        match message.get("content") {
            None | Some(Value::Null) => Ok(()),
            Some(Value::String(text)) => {
                self.text += tokens(self.tokenizer, text);
                Ok(())
            }
            Some(Value::Array(parts)) => {
                // The message's own frame covers one part.
                self.frames += (parts.len() as u64).saturating_sub(1);
                for (index, part) in parts.iter().enumerate() {
                    self.part(part, &format!("{at}.content[{index}]"))?;
                }
                Ok(())
            }
            Some(_) => Err(Error::invalid(format!("{at}.content"), "Content is text or a list of parts.")),
        }
    }

    fn part(&mut self, part: &Value, at: &str) -> Result<(), Error> {
        let kind = part.get("type").and_then(Value::as_str);
        let kind = kind
            .ok_or_else(|| Error::invalid(format!("{at}.type"), "A part needs a `type`, such as `text`."))?;
        let limits = &self.model.triptych.limits;
        match (kind, limits.image_tokens) {
            ("text" | "refusal", _) => {
                let text = part.get(kind).and_then(Value::as_str).ok_or_else(|| {
                    Error::invalid(format!("{at}.{kind}"), format!("A {kind} part needs `{kind}`."))
                })?;
                self.text += tokens(self.tokenizer, text);
                Ok(())
            }
            ("image_url", Some(most)) => {
                let url = part.pointer("/image_url/url").and_then(Value::as_str).unwrap_or_default();
                if !url.starts_with("data:image/") {
                    // A provider would fetch a link from inside of its own network.
                    let message = "Send the picture itself, as a `data:image/…` URL; links are not followed.";
                    return Err(Error::invalid(format!("{at}.image_url.url"), message));
                }
                self.image += u64::from(most);
                Ok(())
            }
            ("input_audio", _) if self.model.triptych.modality == Modality::Audio => {
                let data = part.pointer("/input_audio/data").and_then(Value::as_str).ok_or_else(|| {
                    Error::invalid(format!("{at}.input_audio.data"), "A recording needs `data` in base64.")
                })?;
                let format = part.pointer("/input_audio/format").and_then(Value::as_str).unwrap_or_default();
                let seconds = longest_seconds(format, (data.len() as u64).div_ceil(4).saturating_mul(3));
                let seconds = seconds.min(limits.max_seconds.map_or(u64::MAX, u64::from));
                self.audio += seconds.saturating_mul(AUDIO_TOKENS_PER_SECOND);
                Ok(())
            }
            _ => {
                // Nothing here knows how many tokens such a part takes, so nothing could bound the price.
                let kind: String = kind.chars().take(40).collect();
                let message = match (self.model.triptych.modality, limits.image_tokens) {
                    (Modality::Audio, None) => "text and `input_audio` parts",
                    (Modality::Audio, Some(_)) => "text, `input_audio` and `image_url` parts",
                    (_, None) => "text parts only",
                    (_, Some(_)) => "text and `image_url` parts",
                };
                Err(Error::invalid(
                    format!("{at}.type"),
                    format!("This model takes {message}, not `{kind}`."),
                ))
            }
        }
    }
}

fn completion_cap(model: &Model, body: &Map<String, Value>) -> Result<u32, Error> {
    let limits = &model.triptych.limits;
    let field = if body.get("max_completion_tokens").is_some_and(|value| !value.is_null()) {
        "max_completion_tokens"
    } else {
        "max_tokens"
    };
    let most = limits.max_completion_tokens;
    match whole(body, field)? {
        None => Ok(limits.default_completion_tokens.or(most).unwrap_or(DEFAULT_CAP)),
        Some(asked) => {
            let most = most.unwrap_or(u32::MAX);
            match u32::try_from(asked) {
                Ok(cap) if (1..=most).contains(&cap) => Ok(cap),
                _ => Err(Error::invalid(field, format!("`{field}` must be 1 to {most} for `{}`.", model.id))),
            }
        }
    }
}

/// `triptych.min_completion_tokens`: a caller that has no use for a shorter answer says so.
fn least_asked(body: &Map<String, Value>) -> Result<Option<u32>, Error> {
    const FIELD: &str = "triptych.min_completion_tokens";
    match body.get("triptych").and_then(|ours| ours.get("min_completion_tokens")) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64().and_then(|number| u32::try_from(number).ok()) {
            Some(number) if number > 0 => Ok(Some(number)),
            _ => Err(Error::invalid(FIELD, format!("`{FIELD}` must be a whole number above zero."))),
        },
    }
}

/// The price at the `service_tier` that was asked for, and its name where it has a price of its own.
fn tier(model: &Model, body: &Map<String, Value>) -> Result<(Price, Option<String>), Error> {
    let price = &model.triptych.price;
    let asked = body.get("service_tier").and_then(Value::as_str);
    let (Price::Tokens(rates), Some(asked)) = (price, asked) else { return Ok((price.clone(), None)) };
    match rates.service_tiers.iter().find(|tier| tier.value == asked) {
        None => Ok((price.clone(), None)),
        Some(tier) => {
            let scaled = rates.at_percent(tier.percent);
            let scaled = scaled.ok_or_else(|| Error::internal("a service tier's price does not fit"))?;
            Ok((Price::Tokens(scaled), Some(tier.value.clone())))
        }
    }
}

/// The length of a message's text, as its writer counts it.
fn characters(message: &Value) -> usize {
    match message.get("content") {
        Some(Value::String(text)) => text.chars().count(),
        Some(Value::Array(parts)) => {
            let texts = parts.iter().filter_map(|part| part.get("text")?.as_str());
            texts.map(|text| text.chars().count()).sum()
        }
        _ => 0,
    }
}

fn whole(body: &Map<String, Value>, field: &str) -> Result<Option<u64>, Error> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64() {
            Some(number) => Ok(Some(number)),
            None => Err(Error::invalid(field, format!("`{field}` must be a whole number."))),
        },
    }
}
