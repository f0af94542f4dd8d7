//! What the tests of the wire share.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use triptych_protocol::*;

pub(crate) fn golden<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(name: &str, value: T) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.json"));
    let written = serde_json::to_string_pretty(&value).unwrap() + "\n";
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let golden = std::fs::read_to_string(&path).expect("run with BLESS=1 to write the file");
    assert_eq!(serde_json::from_str::<T>(&golden).unwrap(), value, "{name}.json reads differently");
    assert_eq!(written, golden, "{name} is written differently");
}

pub(crate) fn balance() -> Balance {
    Balance {
        available: Credits::from_micro(968_123_456),
        held: Credits::from_whole(32),
        currency: "credits".into(),
        low_at: Some(Credits::from_whole(50)),
        top_up_url: Some("https://shop.example/credits".into()),
    }
}

pub(crate) fn extra() -> TriptychExtra {
    TriptychExtra {
        cost: Receipt::new(Credits::from_whole(2), Credits::from_micro(1_250_000)),
        credits: balance(),
        cut: None,
    }
}
