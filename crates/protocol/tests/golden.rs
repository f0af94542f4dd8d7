//! The wire as it is written down: each file in `golden/` is one message. A type that stops reading its file, or
//! writes it back otherwise, has changed the protocol. `BLESS=1 cargo test -p triptych-protocol` writes the files anew.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use shared::*;
use triptych_protocol::*;

mod shared;

#[test]
fn sessions_keep_their_shape() {
    golden(
        "session_request",
        SessionRequest {
            user: "ada".into(),
            expires_after: Some(ExpiresAfter { anchor: "created_at".into(), seconds: 300 }),
            scopes: Some(vec![Scope::Chat, Scope::CreditsRead]),
            models: Some(vec!["gpt-5.4".into()]),
            origins: Some(vec!["https://app.example".into()]),
            rate_limits: Some(SessionRateLimits { max_requests_per_1_minute: 10 }),
            max_cost: Some(Credits::from_whole(5)),
        },
    );
    golden(
        "session",
        Session {
            id: "sess_1".into(),
            object: "triptych.session".into(),
            client_secret: "header.claims.signature".into(),
            expires_at: 1_790_000_600,
            user: "ada".into(),
            scopes: Scope::ALL.to_vec(),
            rate_limits: None,
            max_cost: None,
        },
    );
}

#[test]
fn credits_keep_their_shape() {
    golden("balance", balance());
    golden(
        "entries",
        EntriesPage {
            object: "list".into(),
            data: vec![LedgerEntry {
                id: "tx_1".into(),
                kind: EntryKind::Settle,
                available: Credits::from_micro(750_000),
                held: Credits::from_whole(-2),
                created_at: 1_790_000_000,
                model: Some("gpt-5.4".into()),
                reservation: Some("res_1".into()),
            }],
            has_more: false,
        },
    );
    golden("estimate", Estimate::new(Credits::from_whole(40), Bound::Exact, 1));
    golden(
        "estimate_chat",
        Estimate {
            prompt_tokens: Some(1_100),
            max_completion_tokens: Some(2_048),
            reduced: Some(Reduced { amount: Credits::from_whole(1), max_completion_tokens: 600 }),
            ..Estimate::new(Credits::from_micro(2_086_000), Bound::AtMost, 1)
        },
    );
}

#[test]
fn errors_keep_their_shape() {
    let code = ErrorCode::InsufficientCredits;
    golden(
        "error",
        ErrorBody {
            error: ErrorDetail {
                message: "This needs 40 credits and 12 are free. Top up, or choose a shorter clip.".into(),
                kind: code.kind().into(),
                param: None,
                code: Some(code.as_str().into()),
                needed: Some(Credits::from_whole(40)),
                available: Some(Credits::from_whole(12)),
                top_up_url: None,
            },
        },
    );
}

#[test]
fn a_code_on_the_wire_is_the_one_that_is_documented() {
    for code in [
        ErrorCode::InsufficientCredits,
        ErrorCode::TokenExpired,
        ErrorCode::IdempotencyMismatch,
        ErrorCode::InFlight,
    ] {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
    }
}

#[test]
fn models_keep_their_shape() {
    let parameters = vec![
        Parameter {
            name: "resolution".into(),
            label: "Resolution".into(),
            kind: ParameterKind::Choice {
                choices: vec![Choice { value: "720p".into(), label: "720p HD".into() }],
                default: "720p".into(),
            },
        },
        Parameter {
            name: "duration".into(),
            label: "Length".into(),
            kind: ParameterKind::Integer {
                min: 4,
                max: 20,
                step: 4,
                default: 8,
                unit: Some("seconds".into()),
            },
        },
    ];
    assert!(parameters[1].allows("12") && !parameters[1].allows("13") && !parameters[1].allows("24"));
    let price = Price::video_second(vec![PricedItem::new("720p", Credits::from_whole(4))]);
    let info = ModelInfo {
        name: "Sora 2".into(),
        description: Some("Short clips.".into()),
        modality: Modality::Video,
        parameters,
        price,
        price_version: 1,
        limits: Limits { max_prompt_chars: Some(4_000), ..Limits::default() },
        tokenizer: None,
        replacement: None,
        tools: None,
        warning: None,
    };
    let model = Model {
        id: "sora-2".into(),
        object: "model".into(),
        created: 0,
        owned_by: "openai".into(),
        shutdown_date: None,
        triptych: info,
    };
    let chat = Model {
        id: "gpt-5.4".into(),
        shutdown_date: Some("2027-01-31".into()),
        triptych: ModelInfo {
            name: "GPT-5.4".into(),
            modality: Modality::Chat,
            parameters: Vec::new(),
            price: Price::tokens(Credits::from_whole(500), Credits::from_whole(750)),
            limits: Limits {
                context_tokens: Some(256_000),
                max_completion_tokens: Some(16_384),
                default_completion_tokens: Some(2_048),
                max_prompt_chars: None,
                min_completion_tokens: Some(128),
                max_hold: Some(Credits::from_whole(20)),
                image_tokens: Some(4_096),
                max_seconds: Some(7_200),
                body_bytes: Some(1_048_576),
            },
            tokenizer: Some(Tokenizer::O200k),
            tools: Some(false),
            replacement: Some("gpt-6".into()),
            warning: Some("GPT-5.4 goes on 2027-01-31.".into()),
            ..model.triptych.clone()
        },
        ..model.clone()
    };
    golden("models", ModelList { object: "list".into(), data: vec![model] });
    golden("model_chat", chat);
}

#[test]
fn prices_keep_their_shape() {
    // As the first version stored them with its holds: they must be read for as long as there are such rows.
    let items = |value: &str, credits| vec![PricedItem::new(value, Credits::from_whole(credits))];
    golden(
        "prices",
        vec![
            Price::tokens(Credits::from_whole(500), Credits::from_whole(750)),
            Price::image(items("1024x1024", 2)),
            Price::video_second(items("720p", 4)),
        ],
    );
}

#[test]
fn prices_with_everything_keep_their_shape() {
    let some = |credits| Some(Credits::from_whole(credits));
    let tokens = TokenPrice {
        cached_input: some(13),
        cache_write: some(156),
        reasoning: some(900),
        audio_input: some(2_000),
        audio_output: some(4_000),
        image_input: some(400),
        image_output: some(1_600),
        long_context: Some(Box::new(LongContext {
            above_tokens: 272_000,
            input: Credits::from_whole(250),
            output: Credits::from_whole(1_125),
            cached_input: some(25),
            cache_write: some(312),
            reasoning: some(1_350),
        })),
        service_tiers: vec![ServiceTier { value: "flex".into(), percent: 50 }],
        ..TokenPrice::new(Credits::from_whole(125), Credits::from_whole(750))
    };
    let high =
        PricedItem { quality: Some("high".into()), ..PricedItem::new("1024x1024", Credits::from_whole(7)) };
    let silent = PricedItem { audio: Some(false), ..PricedItem::new("720p", Credits::from_whole(4)) };
    let image = ImagePrice {
        sizes: vec![high],
        input_image: some(1),
        partial_image: some(2),
        tokens: Some(Box::new(TokenPrice::new(Credits::from_whole(250), Credits::from_whole(500)))),
    };
    golden(
        "prices_full",
        vec![
            Price::Tokens(tokens),
            Price::Image(image),
            Price::VideoSecond(VideoPrice { resolutions: vec![silent], input_image: some(1) }),
            Price::Characters { credits: Credits::from_whole(750) },
            Price::Minute { credits: Credits::from_micro(300_000) },
        ],
    );
}

#[test]
fn chat_keeps_its_shape() {
    golden(
        "chat_request",
        ChatRequest {
            model: "gpt-5.4".into(),
            messages: vec![ChatMessage::new(Role::User, "Hello")],
            stream: true,
            stream_options: Some(StreamOptions { include_usage: true }),
            max_completion_tokens: Some(1_024),
        },
    );
    let parts = vec![
        Part::Text { text: "What is this?".into() },
        Part::ImageUrl { image_url: ImageUrl { url: "data:image/png;base64,iVBORw0KGgo=".into() } },
        Part::File {
            file: FileData {
                filename: "report.pdf".into(),
                file_data: "data:application/pdf;base64,JVBERi0=".into(),
            },
        },
        Part::InputAudio { input_audio: InputAudio { data: "UklGRg==".into(), format: "wav".into() } },
    ];
    golden("chat_parts", ChatMessage::new(Role::User, Content::Parts(parts)));
    let call = ToolCall {
        id: "call_1".into(),
        kind: "function".into(),
        function: FunctionCall { name: "look_up".into(), arguments: r#"{"city":"Oslo"}"#.into() },
    };
    golden(
        "chat_tools",
        vec![
            ChatMessage { tool_calls: Some(vec![call]), ..ChatMessage::new(Role::Assistant, "") },
            ChatMessage { tool_call_id: Some("call_1".into()), ..ChatMessage::new(Role::Tool, "Rain") },
        ],
    );
    let choice = |content: Option<&str>, finish: Option<&str>| ChatChoice {
        index: 0,
        delta: Delta { content: content.map(String::from), ..Delta::default() },
        finish_reason: finish.map(String::from),
    };
    let chunk = |choices| ChatChunk { id: Some("chatcmpl-1".into()), choices, ..ChatChunk::default() };
    golden("chat_delta", chunk(vec![choice(Some("Hel"), None)]));
    let delta = Delta {
        reasoning_content: Some("Rain falls".into()),
        reasoning: Some("Rain falls".into()),
        tool_calls: Some(vec![ToolCallDelta {
            index: Some(0),
            id: Some("call_1".into()),
            function: Some(FunctionDelta {
                name: Some("weather".into()),
                arguments: Some("{\"city\":".into()),
            }),
        }]),
        annotations: Some(vec![Annotation {
            url_citation: Some(UrlCitation {
                url: "https://rain.example/why".into(),
                title: Some("Rain".into()),
            }),
        }]),
        ..Delta::default()
    };
    let whole = ChatChunk {
        choices: vec![ChatChoice { delta, ..ChatChoice::default() }],
        citations: Some(vec!["https://rain.example/how".into()]),
        ..ChatChunk::default()
    };
    golden("chat_delta_whole", whole);
    golden("chat_finish", chunk(vec![choice(None, Some("stop"))]));
    let usage =
        Usage { prompt_tokens: 500, completion_tokens: 1_000, total_tokens: 1_500, ..Usage::default() };
    let details = Usage {
        prompt_tokens_details: Some(PromptDetails {
            cached_tokens: Some(0),
            cache_write_tokens: Some(7),
            audio_tokens: Some(8),
            image_tokens: Some(9),
        }),
        completion_tokens_details: Some(CompletionDetails {
            reasoning_tokens: Some(400),
            audio_tokens: Some(0),
            image_tokens: None,
        }),
        ..usage
    };
    golden("chat_usage_details", details);
    golden("chat_usage", ChatChunk { usage: Some(usage), triptych: Some(extra()), ..chunk(Vec::new()) });
}

#[test]
fn a_providers_chunk_with_unknown_and_missing_fields_is_read() {
    for text in [
        r#"{"id":"x","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null}],"usage":null}"#,
        r#"{"choices":[{"delta":{"reasoning_content":"hm"}}],"service_tier":"default"}"#,
        r#"{"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}"#,
        r#"{}"#,
    ] {
        serde_json::from_str::<ChatChunk>(text).unwrap();
    }
}
