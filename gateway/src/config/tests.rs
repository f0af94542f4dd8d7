#![allow(clippy::unwrap_used)]

use super::*;

const EXAMPLE: &str = include_str!("../../gateway.example.toml");

const SMALL: &str = r#"
database = "sqlite:t.db"
media = "media"
[[tenants]]
id = "acme"
secret_env = "ACME"
origins = ["https://acme.example"]
[[providers]]
id = "one"
kind = "openai"
base_url = "https://api.openai.com/v1"
"#;

fn env(name: &str) -> Option<String> {
    if name == "TRIPTYCH_DATABASE" {
        return Some("postgres://triptych:secret@db.example/triptych".to_owned());
    }
    (name != "MISSING").then(|| format!("{name}-0123456789-0123456789-0123456789"))
}

fn parse(text: &str) -> Result<Config, String> {
    Config::parse("gateway.toml", text, Path::new("/etc/triptych"), &env).map_err(|error| error.to_string())
}

/// The example with every key that is commented out put to use.
fn uncommented() -> String {
    let is_key = |line: &str| {
        let Some(rest) = line.strip_prefix("# ") else { return false };
        let key = rest.split_once(" = ").map(|(key, _)| key);
        rest.starts_with("[[")
            || key.is_some_and(|key| key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
    };
    EXAMPLE.lines().map(|line| if is_key(line) { &line[2..] } else { line }).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_file_is_a_good_start() {
    let config = parse(EXAMPLE).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8787");
    assert_eq!(config.database, "sqlite:/etc/triptych/triptych.db");
    assert_eq!(config.tenants[0].origins, ["https://example.com"]);
}

#[test]
fn the_example_file_shows_the_defaults_and_knows_every_key() {
    // The keys of a bucket are refused beside a folder.
    let bucket = uncommented().replace("\nmedia = \"media\"\n", "\nmedia = \"s3://media/triptych\"\n");
    let (plain, full) = (parse(EXAMPLE).unwrap(), parse(&bucket).unwrap());
    assert_eq!(plain.media.orphan_age, full.media.orphan_age);
    let MediaPlace::Bucket(bucket) = full.media.place else { panic!("{:?}", full.media) };
    assert_eq!((bucket.path_style, bucket.presign), (true, None));
    assert!(full.database.starts_with("postgres://triptych:secret@"));
    assert_eq!(plain.jobs, full.jobs);
    assert_eq!(plain.limits, full.limits);
    assert_eq!(plain.shutdown_grace, full.shutdown_grace);
    assert_eq!(plain.providers[0].serves, full.providers[0].serves);
    assert_eq!(plain.providers[0].idle_timeout_ms, full.providers[0].idle_timeout_ms);
    assert_eq!(plain.demo.user, full.demo.user);
    assert_eq!(full.widget, Some(PathBuf::from("/etc/triptych/../pkg/dist")));
    assert_eq!(full.credits.low_at, Some(Credits::from_whole(20)));
}

#[test]
fn a_wrong_key_is_named_with_its_path_and_what_to_write() {
    for (from, to, expected) in [
        (
            "https://api.openai.com/v1",
            "api.openai.com",
            "gateway.toml: providers[0].base_url: `api.openai.com` is not a URL (write e.g. \"https://api.openai.com/v1\")",
        ),
        ("media = \"media\"\n", "media = 5\n", "gateway.toml: media: invalid type"),
        ("media = \"media\"\n", "", "gateway.toml: missing field `media`"),
        ("media = \"media\"\n", "media = \"m\"\nmedai = 1\n", "gateway.toml: medai: unknown field `medai`"),
        (
            "kind = \"openai\"",
            "kind = \"opneai\"",
            "gateway.toml: providers[0].kind: unknown variant `opneai`",
        ),
        (
            "sqlite:t.db",
            "mysql://me:pw@x/y",
            "gateway.toml: database: `mysql://me:…@x/y` is neither a SQLite file",
        ),
        ("sqlite:t.db", "sqlite::memory:", "gateway.toml: database:"),
        (
            "https://acme.example\"",
            "https://acme.example/\"",
            "gateway.toml: tenants[0].origins[0]: `https://acme.example/` is not an origin",
        ),
        ("https://acme.example\"", "*\"", "gateway.toml: tenants[0].origins[0]: `*` is not an origin"),
        (
            "\"ACME\"",
            "\"MISSING\"",
            "gateway.toml: the environment variable MISSING is not set: tenants[0].secret_env names it; set it with",
        ),
        (
            "\"ACME\"\n",
            "\"ACME\"\ninitial_grant = 1.5\n",
            "gateway.toml: tenants[0].initial_grant: not an amount",
        ),
        ("kind = ", "max_video_jobs = 0\nkind = ", "gateway.toml: providers[0].max_video_jobs"),
    ] {
        let message = parse(&SMALL.replace(from, to)).unwrap_err();
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn two_tenants_cannot_have_one_secret() {
    let two = format!("{SMALL}\n[[tenants]]\nid = \"other\"\nsecret_env = \"ACME\"\n");
    let message = parse(&two).unwrap_err();
    assert!(message.starts_with("gateway.toml: tenants[1].secret_env: holds the secret of"), "{message}");
}

#[test]
fn what_needs_a_public_address_says_so() {
    let open = format!("listen = \"0.0.0.0:80\"\n{SMALL}");
    assert!(parse(&open).unwrap_err().starts_with("gateway.toml: public_url: needed"));
    assert!(parse(&format!("public_url = \"https://ai.example.com/\"\n{open}")).is_ok());
    let demo = format!("public_url = \"https://ai.example.com\"\n{open}\n[demo]\nenabled = true\n");
    assert!(parse(&demo).unwrap_err().starts_with("gateway.toml: demo.enabled"));
}

#[test]
fn a_file_that_is_not_toml_is_told_the_line() {
    let message = parse("listen = \n").unwrap_err();
    assert!(message.contains("line 1"), "{message}");
}

#[test]
fn a_missing_file_is_told_where_to_start() {
    let message = Config::load(Path::new("/nowhere/gateway.toml"), &env).unwrap_err().to_string();
    assert!(
        message.contains("/nowhere/gateway.toml") && message.contains("gateway.example.toml"),
        "{message}"
    );
}

#[test]
fn a_secret_never_shows_in_debug_output() {
    assert!(!format!("{:?}", parse(SMALL).unwrap()).contains("0123456789"));
}

#[test]
fn a_route_names_providers_that_exist_and_a_pattern_that_means_something() {
    for (tables, complaint) in [
        ("[[routes]]\nmodel = \"gpt-5.4\"\nproviders = [\"two\"]", "no provider `two`"),
        ("[[routes]]\nmodel = \"gpt-5.4\"\nproviders = []", "one provider at least"),
        ("[[routes]]\nmodel = \"*-5.4\"\nproviders = [\"one\"]", "is no model"),
        ("file_hosts = [\"*.com\"]", "is no host"),
        ("file_hosts = [\"https://cdn.example\"]", "is no host"),
        ("breaker_failures = 0", "at least 1"),
    ] {
        let error = parse(&format!("{SMALL}{tables}\n")).unwrap_err();
        assert!(error.contains(complaint), "{error}");
    }
    let good = "file_hosts = [\"*.CDN.example\"]\n[[routes]]\nmodel = \"gpt-*\"\nproviders = [\"one\"]\n";
    assert!(parse(&format!("{SMALL}{good}")).is_ok());
}

#[test]
fn a_compatible_server_gets_the_older_name_of_the_cap() {
    let config = parse(&SMALL.replace("\"openai\"", "\"compatible\"")).unwrap();
    assert_eq!(config.providers[0].max_tokens_field, "max_tokens");
    assert_eq!(parse(SMALL).unwrap().providers[0].max_tokens_field, "max_completion_tokens");
}
