//! The price of a chat call: a bound, since nobody knows the answer's length yet.

use serde_json::{Map, Value};
use triptych_protocol::{Bound, Modality, Model, chat_hold};

use super::{Quote, priced};
use crate::error::Error;

const MOST_CHOICES: u64 = 4;
/// The cap of an answer where the catalogue names none.
const DEFAULT_CAP: u32 = 1024;
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
    let messages = body.get("messages").and_then(Value::as_array).filter(|messages| !messages.is_empty());
    let messages =
        messages.ok_or_else(|| Error::invalid("messages", "Send a list of at least one message."))?;
    let mut sizes = Vec::with_capacity(messages.len() + 1);
    for (index, message) in messages.iter().enumerate() {
        sizes.push(message_bytes(message, &format!("messages[{index}]"), modality)?);
    }
    if let Some(most) = model.triptych.limits.max_prompt_chars
        && messages.iter().map(characters).sum::<usize>() > most as usize
    {
        return Err(Error::invalid("messages", format!("The messages have more than {most} characters.")));
    }
    let extra: usize = PROMPT_FIELDS.iter().filter_map(|field| body.get(*field)).map(json_bytes).sum();
    if extra > 0 {
        sizes.push(extra);
    }
    let cap = completion_cap(model, body)?;
    let choices = whole(body, "n")?.unwrap_or(1);
    if !(1..=MOST_CHOICES).contains(&choices) {
        return Err(Error::invalid("n", format!("`n` must be 1 to {MOST_CHOICES}.")));
    }
    let choices = choices as u32;
    let amount = priced(chat_hold(&model.triptych.price, &sizes, cap.saturating_mul(choices)), "model")?;
    Ok(Quote { max_completion_tokens: Some(cap), ..Quote::new(model, amount, Bound::AtMost) })
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

/// What a message can add to the prompt, in bytes.
fn message_bytes(message: &Value, at: &str, modality: Modality) -> Result<usize, Error> {
    let wrong = |message: &str| Err(Error::invalid(at, message));
    let Some(message) = message.as_object() else {
        return wrong("A message is an object with `role` and `content`.");
    };
    if !message.get("role").is_some_and(Value::is_string) {
        return Err(Error::invalid(format!("{at}.role"), "A message needs a role, such as `user`."));
    }
    let others = message.iter().filter(|(name, _)| !matches!(name.as_str(), "role" | "content"));
    let others: usize = others.map(|(name, value)| name.len() + json_bytes(value)).sum();
    let content = match message.get("content") {
        None | Some(Value::Null) => 0,
        Some(Value::String(text)) => text.len(),
        Some(Value::Array(parts)) => {
            let mut sum = 0;
            for (index, part) in parts.iter().enumerate() {
                sum += part_bytes(part, &format!("{at}.content[{index}]"), modality)?;
            }
            sum
        }
        Some(_) => {
            return Err(Error::invalid(format!("{at}.content"), "Content is text or a list of parts."));
        }
    };
    Ok(content + others)
}

fn part_bytes(part: &Value, at: &str, modality: Modality) -> Result<usize, Error> {
    match part.get("type").and_then(Value::as_str) {
        Some("text") => match part.get("text").and_then(Value::as_str) {
            Some(text) => Ok(text.len()),
            None => Err(Error::invalid(format!("{at}.text"), "A text part needs `text`.")),
        },
        Some(_) if modality == Modality::Audio => Ok(json_bytes(part)),
        Some(kind) => {
            // Nothing here knows how many tokens a picture takes, so nothing could bound the price.
            let kind: String = kind.chars().take(40).collect();
            Err(Error::invalid(
                format!("{at}.type"),
                format!("This model takes text parts only, not `{kind}`."),
            ))
        }
        None => Err(Error::invalid(format!("{at}.type"), "A part needs a `type`, such as `text`.")),
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

fn json_bytes(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        other => other.to_string().len(),
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
