//! The files that operators start from.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use triptych_gateway::config::{Config, MediaPlace};

const CONFIG: &str = include_str!("../../../deploy/gateway.toml");
const COMPOSE: &str = include_str!("../../../deploy/compose.yaml");
const EXAMPLE: &str = include_str!("../../../deploy/.env.example");

/// Reads the configuration of the two nodes, and tells which variables it asked for.
fn read() -> (Config, BTreeSet<String>) {
    let asked = RefCell::default();
    let env = |name: &str| {
        BTreeSet::insert(&mut *asked.borrow_mut(), name.to_owned());
        Some(match name {
            "TRIPTYCH_DATABASE" => "postgres://triptych:secret@postgres:5432/triptych".to_owned(),
            name => format!("{name}-0123456789-0123456789-0123456789"),
        })
    };
    let config = Config::parse("gateway.toml", CONFIG, Path::new("/etc/triptych"), &env).unwrap();
    config.check_catalogue().unwrap();
    (config, asked.into_inner())
}

/// The names in `${NAME}`, `${NAME:?…}` and `${NAME:-…}`.
fn variables(text: &str) -> BTreeSet<&str> {
    let starts = text.match_indices("${").map(|(at, _)| &text[at + 2..]);
    starts.map(|rest| &rest[..rest.find([':', '}']).unwrap()]).collect()
}

#[test]
fn the_configuration_of_the_two_nodes_is_good_and_compose_gives_it_all_that_it_asks_for() {
    let (config, asked) = read();
    for name in &asked {
        assert!(COMPOSE.contains(&format!("\n    {name}: ")), "compose.yaml sets no {name}");
    }
    let given: BTreeSet<_> =
        EXAMPLE.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    assert_eq!(variables(COMPOSE), given, "what compose.yaml asks for and what .env.example gives");
    // What several gateways need.
    assert!(config.database.starts_with("postgres://"));
    assert!(matches!(config.media.place, MediaPlace::Bucket(_)));
    assert!(CONFIG.contains("stream_log = \"redis://valkey:"));
}

#[test]
fn operators_are_not_reached_from_outside_and_calls_have_time_to_end() {
    let (config, _) = read();
    let admin = config.admin_listen.unwrap().port().to_string();
    let ports: Vec<&str> =
        COMPOSE.lines().filter(|line| line.trim_start().starts_with("- \"${HTTP")).collect();
    assert_eq!(COMPOSE.matches("ports:").count(), 1, "only the balancer is published");
    assert!(!ports.is_empty() && ports.iter().all(|line| !line.contains(&admin)), "{ports:?}");
    let grace: u64 =
        COMPOSE.split_once("\n  stop_grace_period: ").unwrap().1.split_once('s').unwrap().0.parse().unwrap();
    assert!(grace > config.shutdown_grace.as_secs(), "{grace}");
}
