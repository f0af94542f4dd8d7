use js_sys::Object;
use triptych_protocol::{CompletionDetails, Credits, PromptDetails, Receipt, Usage};
use wasm_bindgen::JsValue;

use super::{get, number_of, object};

pub(super) fn usage_line(usage: &Usage) -> Object {
    let cached = usage.prompt_tokens_details.and_then(|details| details.cached_tokens);
    let thought = usage.completion_tokens_details.and_then(|details| details.reasoning_tokens);
    let count = |tokens: Option<u64>| tokens.map_or(JsValue::UNDEFINED, |tokens| (tokens as f64).into());
    object(&[
        ("prompt", count(Some(usage.prompt_tokens))),
        ("completion", count(Some(usage.completion_tokens))),
        ("total", count(Some(usage.total_tokens))),
        ("cached", count(cached)),
        ("reasoning", count(thought)),
    ])
}

pub(super) fn usage(line: &JsValue) -> Option<Usage> {
    let count = |name| number_of(line, name).map(|count| count as u64);
    Some(Usage {
        prompt_tokens: count("prompt")?,
        completion_tokens: count("completion")?,
        total_tokens: count("total")?,
        prompt_tokens_details: count("cached")
            .map(|count| PromptDetails { cached_tokens: Some(count), ..PromptDetails::default() }),
        completion_tokens_details: count("reasoning")
            .map(|count| CompletionDetails { reasoning_tokens: Some(count), ..CompletionDetails::default() }),
    })
}

pub(super) fn receipt_line(receipt: &Receipt) -> Object {
    let micro = |credits: Credits| JsValue::from_f64(credits.micro() as f64);
    object(&[
        ("held", micro(receipt.held)),
        ("charged", micro(receipt.charged)),
        ("returned", micro(receipt.returned)),
        ("estimated", receipt.estimated.into()),
    ])
}

pub(super) fn receipt(line: &JsValue) -> Option<Receipt> {
    let micro = |name| number_of(line, name).map(|micro| Credits::from_micro(micro as i64));
    Some(Receipt {
        held: micro("held")?,
        charged: micro("charged")?,
        returned: micro("returned")?,
        estimated: get(line, "estimated").is_truthy(),
    })
}
