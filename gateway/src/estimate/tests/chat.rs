//! Bounds of chats: what is counted, and what a small balance does to an answer.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};
use triptych_protocol::{
    CompletionDetails, Credits, LongContext, Model, Price, PromptDetails, ServiceTier, TokenPrice, Tokenizer,
    Usage,
};

use super::super::count::{json_tokens, tokens};
use super::super::{Quote, charge, quote_chat};
use super::{catalogue, hold};

fn model(change: impl FnOnce(&mut Model)) -> Model {
    let mut model = catalogue().model("gpt-5.4").unwrap().clone();
    change(&mut model);
    model
}

fn quote(model: &Model, body: Value) -> Quote {
    quote_chat(model, &body).unwrap()
}

fn said(text: &str) -> Value {
    json!({"messages": [{"role": "user", "content": text}]})
}

#[test]
fn counting_is_quick_for_a_megabyte_of_anything() {
    tokens(Tokenizer::O200k, "ready");
    for (piece, tokenizer) in [
        ("a", Tokenizer::O200k),
        (" ", Tokenizer::O200k),
        ("\n", Tokenizer::O200k),
        (" \t", Tokenizer::O200k),
        ("1", Tokenizer::O200k),
        ("!", Tokenizer::O200k),
        (" a", Tokenizer::O200k),
        ("語", Tokenizer::O200k),
        ("\u{200d}", Tokenizer::O200k),
        ("a", Tokenizer::Cl100k),
        (" ", Tokenizer::Cl100k),
    ] {
        let text = piece.repeat((1 << 20) / piece.len());
        let start = Instant::now();
        let count = tokens(tokenizer, &text);
        // A tenth of a second optimised; a tokenizer that is quadratic takes hours.
        assert!(start.elapsed() < Duration::from_secs(10), "{piece:?} took {:?}", start.elapsed());
        assert!(count > 0 && count <= text.len() as u64, "{piece:?}");
    }
}

#[test]
fn what_is_too_long_to_be_counted_counts_its_bytes() {
    let text = "a ".repeat((4 << 20) / 2 + 1);
    assert_eq!(tokens(Tokenizer::O200k, &text), text.len() as u64);
    assert_eq!(tokens(Tokenizer::Bytes, "Grüße"), 7);
    assert_eq!(json_tokens(Tokenizer::O200k, &Value::Null), 0);
}

#[test]
fn a_model_reads_no_more_than_its_context() {
    let model = model(|model| model.triptych.tokenizer = None);
    let long = quote(&model, said(&"x".repeat(400_000)));
    assert_eq!(long.estimate.prompt_tokens, Some(256_000));
    assert_eq!(quote(&model, said("hello")).estimate.prompt_tokens, Some(5 + 8 + 64));
}

#[test]
fn a_balance_that_covers_a_shorter_answer_gets_one() {
    let model = model(|_| {});
    let full = quote(&model, said("hello"));
    assert_eq!(full.within(full.estimate.amount), full);
    let shorter = full.within(Credits::from_whole(1));
    let cap = shorter.max_completion_tokens.unwrap();
    assert!(shorter.estimate.amount <= Credits::from_whole(1) && (1_000..2_048).contains(&cap), "{cap}");
    assert_eq!(shorter.estimate.amount, hold(&model, 73, u64::from(cap)));
    assert!(hold(&model, 73, u64::from(cap) + 1) > Credits::from_whole(1));
    // Less than 128 tokens are no answer: then the least that would be enough is what is needed.
    let poor = full.within(Credits::from_micro(100_000));
    assert_eq!(poor.max_completion_tokens, Some(128));
    assert_eq!(poor.estimate.amount, hold(&model, 73, 128));
    // Who asked for less than that gets what they asked for.
    let mut brief = said("hello");
    brief["max_tokens"] = json!(10);
    assert_eq!(quote(&model, brief).within(Credits::ZERO).max_completion_tokens, Some(10));
}

#[test]
fn a_caller_can_refuse_a_shorter_answer() {
    let model = model(|_| {});
    let mut body = said("hello");
    body["triptych"] = json!({"min_completion_tokens": 2_048});
    let quoted = quote(&model, body.clone());
    assert_eq!(quoted.within(Credits::from_whole(1)), quoted);
    for wrong in [json!(0), json!(-1), json!("many"), json!(1.5)] {
        body["triptych"]["min_completion_tokens"] = wrong;
        let error = quote_chat(&model, &body).unwrap_err().body().error;
        assert_eq!(error.param.as_deref(), Some("triptych.min_completion_tokens"));
    }
}

#[test]
fn the_estimate_says_what_a_small_balance_would_hold() {
    let full = quote(&model(|_| {}), said("hello"));
    assert_eq!(full.estimate_for(Credits::from_whole(100)), full.estimate);
    assert_eq!(full.estimate_for(Credits::ZERO), full.estimate);
    let reduced = full.estimate_for(Credits::from_whole(1));
    assert_eq!(reduced.amount, full.estimate.amount);
    assert!(reduced.reduced.unwrap().amount <= Credits::from_whole(1));
}

#[test]
fn a_model_may_hold_only_so_much_for_a_call() {
    let model = model(|model| model.triptych.limits.max_hold = Some(Credits::from_whole(1)));
    let capped = quote(&model, said("hello"));
    assert!(capped.estimate.amount <= Credits::from_whole(1));
    assert!(capped.max_completion_tokens.unwrap() < 2_048);
    let error = quote_chat(&model, &said(&" word".repeat(3_000))).unwrap_err().body().error;
    assert_eq!(error.param.as_deref(), Some("messages"));
}

#[test]
fn a_priced_service_tier_scales_the_price_and_others_are_ignored() {
    let model = model(|model| {
        let tiers = vec![ServiceTier { value: "flex".into(), percent: 50 }];
        let price = TokenPrice::new(Credits::from_whole(500), Credits::from_whole(750));
        model.triptych.price = Price::Tokens(TokenPrice { service_tiers: tiers, ..price });
    });
    let at = |tier: &str| {
        let mut body = said("hello");
        body["service_tier"] = json!(tier);
        quote(&model, body)
    };
    let (flex, other) = (at("flex"), at("priority"));
    assert_eq!((flex.service_tier.as_deref(), other.service_tier), (Some("flex"), None));
    assert_eq!(flex.estimate.amount.micro() * 2, other.estimate.amount.micro());
    let used = Usage { prompt_tokens: 1_000, completion_tokens: 0, ..Usage::default() };
    assert_eq!(charge(&flex.price, &used, Credits::from_whole(1)), Credits::from_micro(250_000));
}

#[test]
fn a_long_prompt_holds_at_the_rates_for_long_prompts() {
    let model = model(|model| {
        let long = LongContext {
            above_tokens: 1_000,
            input: Credits::from_whole(1_000),
            output: Credits::from_whole(1_125),
            cached_input: None,
            cache_write: None,
            reasoning: None,
        };
        let price = TokenPrice::new(Credits::from_whole(500), Credits::from_whole(750));
        model.triptych.price = Price::Tokens(TokenPrice { long_context: Some(Box::new(long)), ..price });
    });
    let amount = |words: usize| quote(&model, said(&" word".repeat(words))).estimate.amount.micro();
    assert_eq!(amount(928), 1_000 * 500 + 2_048 * 750);
    assert_eq!(amount(929), 1_001 * 1_000 + 2_048 * 1_125);
}

#[test]
fn pictures_are_bounded_by_the_catalogue_and_come_as_data() {
    let body = |url: &str| {
        let picture = json!({"type": "image_url", "image_url": {"url": url}});
        json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}, picture]}]})
    };
    let sees = model(|model| model.triptych.limits.image_tokens = Some(4_096));
    let quoted = quote(&sees, body("data:image/png;base64,AAAA"));
    assert_eq!(quoted.estimate.prompt_tokens, Some(1 + 16 + 64 + 4_096));
    let link = quote_chat(&sees, &body("https://169.254.169.254/x.png")).unwrap_err().body().error;
    assert_eq!(link.param.as_deref(), Some("messages[0].content[1].image_url.url"));
    let blind = model(|model| model.triptych.limits.image_tokens = None);
    let blind = quote_chat(&blind, &body("data:image/png;base64,AAAA")).unwrap_err().body().error;
    assert_eq!(blind.param.as_deref(), Some("messages[0].content[1].type"));
}

#[test]
fn a_wrong_prediction_is_paid_on_top_of_the_answer() {
    let model = model(|_| {});
    let mut body = said("hello");
    let plain = quote(&model, body.clone()).estimate.amount;
    body["prediction"] = json!({"type": "content", "content": " word".repeat(1_000)});
    // Once more than a thousand tokens read, and once written.
    let predicted = quote(&model, body).estimate.amount;
    assert!(predicted.micro() - plain.micro() > 1_000 * (500 + 750));
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,80}",
        "[a-z ,.]{0,200}",
        "[0-9 .,-]{0,60}",
        "[ \\t\\n]{0,60}",
        "[\u{4e00}-\u{4e40}a]{0,40}",
        ("[a-zA-Z!é]{1,3}", 0usize..60).prop_map(|(piece, times)| piece.repeat(times)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_conversation_in_a_plain_template_never_has_more_tokens_than_were_quoted(
        turns in prop::collection::vec((0usize..3, texts()), 1..6), vocabulary in 0usize..3,
    ) {
        let tokenizer = [Tokenizer::O200k, Tokenizer::Cl100k, Tokenizer::Bytes][vocabulary];
        let model = model(|model| model.triptych.tokenizer = Some(tokenizer));
        let roles = ["system", "user", "assistant"];
        let messages: Vec<Value> =
            turns.iter().map(|(role, text)| json!({"role": roles[*role], "content": text})).collect();
        let quoted = quote(&model, json!({"messages": messages})).estimate.prompt_tokens.unwrap();
        let template: String =
            turns.iter().map(|(role, text)| format!("### {}\n{text}\n", roles[*role])).collect();
        let real = match tokenizer {
            Tokenizer::Cl100k => bpe_openai::cl100k_base().count(template.as_str()),
            // Models whose vocabulary nobody knows have some vocabulary.
            _ => bpe_openai::o200k_base().count(template.as_str()),
        };
        prop_assert!(real as u64 <= quoted, "{real} > {quoted}");
    }

    #[test]
    fn what_an_answer_within_its_cap_costs_is_within_the_hold(
        text in texts(), cap in 1u32..4_000, choices in 1u64..5, available in 0i64..4_000_000,
        used in (0u64..400, 0u64..20_000), details in (0u64..500, 0u64..500, 0u64..20_000),
    ) {
        let model = model(|model| {
            model.triptych.price = Price::Tokens(TokenPrice {
                cached_input: Some(Credits::from_whole(50)),
                cache_write: Some(Credits::from_whole(625)),
                reasoning: Some(Credits::from_whole(800)),
                ..TokenPrice::new(Credits::from_whole(500), Credits::from_whole(750))
            });
        });
        let mut body = said(&text);
        body["max_completion_tokens"] = json!(cap);
        body["n"] = json!(choices);
        let full = quote(&model, body);
        let available = Credits::from_micro(available);
        let quoted = full.within(available);
        prop_assert!(quoted.estimate.amount <= full.estimate.amount);
        prop_assert!(quoted.max_completion_tokens <= full.max_completion_tokens);
        if full.estimate.amount <= available {
            prop_assert_eq!(&quoted, &full);
        }
        let most = u64::from(quoted.max_completion_tokens.unwrap()) * choices;
        let usage = Usage {
            prompt_tokens: used.0.min(quoted.estimate.prompt_tokens.unwrap()),
            completion_tokens: used.1.min(most),
            total_tokens: 0,
            prompt_tokens_details: Some(PromptDetails {
                cached_tokens: Some(details.0),
                cache_write_tokens: Some(details.1),
                ..PromptDetails::default()
            }),
            completion_tokens_details: Some(CompletionDetails {
                reasoning_tokens: Some(details.2),
                ..CompletionDetails::default()
            }),
        };
        let cost = triptych_protocol::usage_cost(&quoted.price, &usage).unwrap();
        prop_assert!(cost <= quoted.estimate.amount, "{cost} > {}", quoted.estimate.amount);
        prop_assert_eq!(charge(&quoted.price, &usage, quoted.estimate.amount), cost);
    }
}
