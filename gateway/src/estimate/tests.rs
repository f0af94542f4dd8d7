#![allow(clippy::unwrap_used)]

mod chat;
mod sound;

use serde_json::json;
use triptych_protocol::{ErrorCode, ImageRequest, TokenBound, chat_hold, tokens_hold};

use super::*;
use crate::catalogue::Catalogue;

fn catalogue() -> Catalogue {
    Catalogue::load(None).unwrap()
}

fn refused(model: &str, body: Value) -> (String, String) {
    let catalogue = catalogue();
    let error = quote_body(catalogue.model(model).unwrap(), &body).unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidRequest);
    let detail = error.body().error;
    (detail.param.unwrap_or_default(), detail.message)
}

fn hold(model: &Model, text: u64, completion: u64) -> Credits {
    tokens_hold(&model.triptych.price, &TokenBound { text, completion, ..TokenBound::default() }).unwrap()
}

#[test]
fn a_plain_chat_holds_its_tokens_and_an_answer_of_full_length() {
    let catalogue = catalogue();
    let model = catalogue.model("gpt-5.4").unwrap();
    let text = "The quick brown fox jumps over the lazy dog.";
    let quote = quote_chat(model, &json!({"messages": [{"role": "user", "content": text}]})).unwrap();
    // Ten tokens of text, eight for the message, 64 for the template.
    assert_eq!(quote.estimate.amount, hold(model, 10 + 8 + 64, 2048));
    assert_eq!(quote.estimate.bound, Bound::AtMost);
    assert_eq!((quote.estimate.prompt_tokens, quote.max_completion_tokens), (Some(82), Some(2048)));
    // The widget knows no vocabulary and shows a bound of that.
    assert!(quote.estimate.amount < chat_hold(&model.triptych.price, &[text.len()], 2048).unwrap());
}

#[test]
fn text_parts_count_like_text_and_everything_else_in_a_message_counts_too() {
    let catalogue = catalogue();
    let model = catalogue.model("gpt-5.4").unwrap();
    let price = |body: Value| quote_chat(model, &body).unwrap().estimate.amount;
    let plain = price(json!({"messages": [{"role": "user", "content": "hello"}]}));
    let part = price(json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}]}));
    assert_eq!(plain, part);
    let parts = price(
        json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}]}]}),
    );
    let named = price(json!({"messages": [{"role": "user", "content": "hello", "name": "ann"}]}));
    let tools =
        price(json!({"messages": [{"role": "user", "content": "hello"}], "tools": [{"type": "function"}]}));
    assert!(parts > plain && named > plain && tools > plain);
}

#[test]
fn functions_are_not_offered_to_a_model_that_calls_none() {
    let catalogue = catalogue();
    let mut model = catalogue.model("gpt-5.4").unwrap().clone();
    model.triptych.tools = Some(false);
    let asked = |more: Value| {
        let mut body = json!({"messages": [{"role": "user", "content": "hello"}]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        quote_chat(&model, &body)
    };
    for field in ["tools", "functions"] {
        let error = asked(json!({field: [{"type": "function"}]})).err().unwrap();
        assert_eq!(error.param_name(), Some(field));
        assert!(error.to_string().contains("Leave `"), "{error}");
        assert!(asked(json!({field: []})).is_ok() && asked(json!({field: null})).is_ok());
    }
}

#[test]
fn calls_of_tools_and_what_came_of_them_are_in_the_price() {
    let catalogue = catalogue();
    let model = catalogue.model("gpt-5.4").unwrap();
    let bound = |arguments: &str, result: &str| {
        let call =
            json!({"id": "call_1", "type": "function", "function": {"name": "f", "arguments": arguments}});
        let messages = json!([
            {"role": "user", "content": "hello"},
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "content": result, "tool_call_id": "call_1"},
        ]);
        quote_chat(model, &json!({"messages": messages})).unwrap().estimate.prompt_tokens.unwrap()
    };
    let (word, words) = ("tide ", "tide ".repeat(100));
    assert!(bound(&words, word) >= bound(word, word) + 99);
    assert!(bound(word, &words) >= bound(word, word) + 99);
}

#[test]
fn more_answers_hold_more_and_no_more_than_four_are_sold() {
    let catalogue = catalogue();
    let model = catalogue.model("gpt-5.4").unwrap();
    let body = |n: u32| json!({"messages": [{"role": "user", "content": ""}], "max_tokens": 100, "n": n});
    let three = quote_chat(model, &body(3)).unwrap();
    assert_eq!(three.estimate.amount, hold(model, 72, 300));
    assert_eq!(three.max_completion_tokens, Some(100));
    assert_eq!(refused("gpt-5.4", body(5)).0, "n");
}

#[test]
fn the_longest_prompt_is_counted_in_characters() {
    let mut model = catalogue().model("gpt-5.4").unwrap().clone();
    model.triptych.limits.max_prompt_chars = Some(10);
    let quote = |text: &str| quote_chat(&model, &json!({"messages": [{"role": "user", "content": text}]}));
    for letter in ["x", "é", "語"] {
        assert!(quote(&letter.repeat(10)).is_ok(), "{letter}");
        assert!(quote(&letter.repeat(11)).is_err(), "{letter}");
    }
}

#[test]
fn a_wrong_chat_is_told_which_field() {
    let message = json!([{"role": "user", "content": "x"}]);
    for (body, param) in [
        (json!({}), "messages"),
        (json!({"messages": []}), "messages"),
        (json!({"messages": ["x"]}), "messages[0]"),
        (json!({"messages": [{"content": "x"}]}), "messages[0].role"),
        (json!({"messages": [{"role": "user", "content": 1}]}), "messages[0].content"),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}),
            "messages[0].content[0].image_url.url",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "smell"}]}]}),
            "messages[0].content[0].type",
        ),
        (json!({"messages": message, "max_completion_tokens": 16_385}), "max_completion_tokens"),
        (json!({"messages": message, "max_tokens": 0}), "max_tokens"),
        (json!({"messages": message, "max_tokens": "9"}), "max_tokens"),
    ] {
        assert_eq!(refused("gpt-5.4", body.clone()).0, param, "{body}");
    }
}

#[test]
fn an_audio_model_takes_parts_that_are_not_text() {
    let catalogue = catalogue();
    let part = json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}});
    let body = json!({"messages": [{"role": "user", "content": [part]}]});
    assert!(quote_body(catalogue.model("gpt-4o-audio").unwrap(), &body).is_ok());
}

#[test]
fn pictures_are_priced_by_size_and_count() {
    let catalogue = catalogue();
    let model = catalogue.model("gpt-image-1.5").unwrap();
    let request = ImageRequest {
        model: "gpt-image-1.5".to_owned(),
        prompt: "a fox".to_owned(),
        n: Some(3),
        size: Some("1536x1024".to_owned()),
        ..ImageRequest::default()
    };
    let (quote, resolved) = quote_image(model, &request).unwrap();
    assert_eq!((quote.estimate.amount, quote.estimate.bound), (Credits::from_whole(9), Bound::Exact));
    assert_eq!((resolved.size.as_str(), resolved.n, resolved.quality.as_deref()), ("1536x1024", 3, None));
    let (param, message) = refused("gpt-image-1.5", json!({"model": "m", "prompt": "x", "size": "1x1"}));
    assert_eq!(param, "size");
    assert!(message.contains("`2048x2048`"), "{message}");
    assert_eq!(refused("gpt-image-1.5", json!({"model": "m", "prompt": "x", "n": 5})).0, "n");
    assert_eq!(refused("gpt-image-1.5", json!({"model": "m", "prompt": " "})).0, "prompt");
    assert_eq!(refused("gpt-image-1.5", json!({"model": "m"})).0, "prompt");
}

#[test]
fn both_ways_to_ask_for_a_clip_cost_the_same() {
    let catalogue = catalogue();
    let model = catalogue.model("sora-2").unwrap();
    let price = |body: Value| quote_body(model, &body).unwrap().estimate.amount;
    let openai = json!({"model": "sora-2", "prompt": "x", "seconds": "10", "size": "1920x1080"});
    let others = json!({"model": "sora-2", "prompt": "x", "duration": 10, "resolution": "1080p"});
    assert_eq!(price(openai), Credits::from_whole(75));
    assert_eq!(price(others), Credits::from_whole(75));
    assert_eq!(price(json!({"model": "sora-2", "prompt": "x"})), Credits::from_whole(20));
}

#[test]
fn a_clip_that_is_not_on_offer_is_refused_by_field() {
    for (body, param) in [
        (json!({"seconds": "4", "duration": 5}), "seconds"),
        (json!({"seconds": "21"}), "seconds"),
        (json!({"duration": 1}), "duration"),
        (json!({"resolution": "4320p"}), "resolution"),
        (json!({"aspect_ratio": "21:9"}), "aspect_ratio"),
        (json!({"size": "1x1"}), "size"),
        (json!({"size": "1280x720", "resolution": "1080p"}), "size"),
        (json!({"duration": "5"}), "duration"),
    ] {
        let mut whole = json!({"model": "sora-2", "prompt": "x"});
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        assert_eq!(refused("sora-2", whole).0, param, "{body}");
    }
}

#[test]
fn a_model_is_not_sold_as_another_kind() {
    assert_eq!(
        quote_chat(catalogue().model("sora-2").unwrap(), &json!({})).unwrap_err().code(),
        ErrorCode::InvalidRequest
    );
}
