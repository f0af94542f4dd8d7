//! The widget's reader and writer agree with serde about every message that is written down, and about broken ones.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Debug;
use std::path::Path;

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use triptych_protocol::json::Json;
use triptych_protocol::wire::{Read, Write, from_json, to_json};
use triptych_protocol::*;

fn golden(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.json"));
    std::fs::read_to_string(path).unwrap()
}

fn reads_alike<T: Read + DeserializeOwned + PartialEq + Debug>(name: &str) -> T {
    let text = golden(name);
    let value = from_json::<T>(&text).expect(name);
    assert_eq!(value, serde_json::from_str::<T>(&text).unwrap(), "{name}");
    value
}

fn writes_alike<T: Read + Write + Serialize + DeserializeOwned + PartialEq + Debug>(name: &str) {
    let value = reads_alike::<T>(name);
    let mut whole = serde_json::to_value(&value).unwrap();
    drop_nulls(&mut whole);
    assert_eq!(serde_json::from_str::<Value>(&to_json(&value)).unwrap(), whole, "{name}");
}

/// Serde writes some absent fields as `null`, which means the same.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(values) => values.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[test]
fn messages_are_read_as_serde_reads_them() {
    reads_alike::<ModelList>("models");
    reads_alike::<Model>("model_chat");
    reads_alike::<Vec<Price>>("prices");
    reads_alike::<Vec<Price>>("prices_full");
}

#[test]
fn messages_are_written_as_serde_writes_them() {
    writes_alike::<Balance>("balance");
    writes_alike::<ChatChunk>("chat_delta");
    writes_alike::<ChatChunk>("chat_delta_whole");
    writes_alike::<ChatChunk>("chat_finish");
    writes_alike::<ChatChunk>("chat_usage");
    writes_alike::<ChatChunk>("chat_usage_details");
    writes_alike::<ChatRequest>("chat_request");
    writes_alike::<ChatMessage>("chat_parts");
    writes_alike::<Vec<ChatMessage>>("chat_tools");
    writes_alike::<ErrorBody>("error");
    writes_alike::<Estimate>("estimate");
    writes_alike::<Estimate>("estimate_chat");
    writes_alike::<ImageRequest>("image_request");
    writes_alike::<ImageResponse>("image_response");
    writes_alike::<Video>("video");
    writes_alike::<VideoRequest>("video_request");
}

#[test]
fn what_a_newer_server_says_is_understood_as_far_as_it_goes() {
    let text = |json: &str| from_json::<Modality>(json);
    assert_eq!((text(r#""smell""#), text("1")), (Some(Modality::Other), None));
    let price = from_json::<Price>(r#"{"unit":"moon","credits":{}}"#);
    assert_eq!(price, Some(Price::Other));
    let usage = from_json::<Usage>(r#"{"prompt_tokens":3,"completion_tokens":null,"later":[1.5e3]}"#);
    assert_eq!(usage, Some(Usage { prompt_tokens: 3, ..Usage::default() }));
}

#[test]
fn words_are_not_lost_over_what_stands_beside_them() {
    let delta = from_json::<Delta>(
        r#"{"content":"a","reasoning":{"effort":1},"tool_calls":"none","annotations":{}}"#,
    );
    assert_eq!(delta, Some(Delta { content: Some("a".into()), ..Delta::default() }));
    assert_eq!(from_json::<Delta>(r#"{"content":1}"#), None);
}

#[test]
fn numbers_are_cut_to_integers_and_to_their_range() {
    let number = |text: &str| Json::parse(text);
    for (text, value) in [
        ("0", 0),
        ("-7", -7),
        ("1.9", 1),
        ("-1.9", -1),
        ("1e3", 1_000),
        ("1.5E+3", 1_500),
        ("2500e-2", 25),
        ("0.00012e5", 12),
        ("9223372036854775807", i64::MAX),
        ("92233720368547758.07999", 92_233_720_368_547_758),
        ("1e99", i64::MAX),
        ("-1e99", -i64::MAX),
        ("1e-99", 0),
        ("1e99999999999", i64::MAX),
        ("0.000000000000000000000000000001", 0),
    ] {
        assert_eq!(number(text), Some(Json::Number(value)), "{text}");
    }
    for text in ["", "-", ".5", "1e", "+1", "0x1", "NaN", "1 2", "--1"] {
        assert_eq!(number(text), None, "{text}");
    }
    assert_eq!(from_json::<u8>("256"), None);
    assert_eq!(from_json::<u32>("-1"), None);
}

#[test]
fn depth_is_bounded_and_the_last_of_equal_names_counts() {
    assert_eq!(Json::parse(&"[".repeat(100_000)), None);
    let deep = format!("{}{}", "[".repeat(60), "]".repeat(60));
    assert!(Json::parse(&deep).is_some());
    let twice = Json::parse(r#"{"a":1,"a":2}"#).unwrap();
    assert_eq!(twice.get("a"), Some(&Json::Number(2)));
}

fn tree(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(number) => Json::Number(number.as_i64().unwrap()),
        Value::String(text) => Json::Text(text.clone()),
        Value::Array(values) => Json::List(values.iter().map(tree).collect()),
        Value::Object(fields) => {
            Json::Object(fields.iter().map(|(key, value)| (key.clone(), tree(value))).collect())
        }
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-i64::MAX..i64::MAX).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|fields| Value::from(fields.into_iter().collect::<serde_json::Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_that_a_general_library_writes_is_read_the_same(value in any_value(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        prop_assert_eq!(Json::parse(&text), Some(tree(&value)));
    }

    #[test]
    fn any_string_that_is_written_is_read_back_by_both(text in any::<String>()) {
        let written = to_json(&text);
        prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text.clone());
        prop_assert_eq!(from_json::<String>(&written), Some(text));
    }

    #[test]
    fn what_is_no_json_is_refused_and_breaks_nothing(text in r#"[\[\]{}",:a1\\u .e-]{0,24}"#) {
        let ours = Json::parse(&text).is_some();
        if serde_json::from_str::<Value>(&text).is_ok() {
            prop_assert!(ours, "{}", text);
        }
    }
}
