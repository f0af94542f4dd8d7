//! The program itself, as an operator starts it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::app::new_folder;

const GOOD: &str = r#"
listen = "127.0.0.1:0"
database = "sqlite:triptych.db"
media = "media"
log_format = "json"
[[tenants]]
id = "acme"
secret_env = "ACME_SECRET"
[[providers]]
id = "one"
kind = "openai"
base_url = "http://127.0.0.1:9/v1"
"#;
const SECRET: &str = "0123456789-0123456789-0123456789-secret";

fn gateway(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_triptych-gateway"));
    command.arg("--config").arg(config).env_remove("RUST_LOG");
    for name in ["TRIPTYCH_TOKEN_KEY", "TRIPTYCH_ADMIN_SECRET", "ACME_SECRET"] {
        command.env(name, SECRET);
    }
    command
}

fn check(text: &str) -> Output {
    let folder = new_folder();
    let config = folder.join("gateway.toml");
    std::fs::write(&config, text).unwrap();
    let output = gateway(&config).arg("--check").output().unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    output
}

#[test]
fn a_good_file_passes_the_check_and_a_wrong_one_says_why() {
    let good = check(GOOD);
    assert!(good.status.success(), "{good:?}");
    let wrong = check(&GOOD.replace("http://127.0.0.1:9/v1", "nowhere"));
    assert_eq!(wrong.status.code(), Some(1));
    let message = String::from_utf8(wrong.stderr).unwrap();
    assert!(message.contains("gateway.toml: providers[0].base_url: `nowhere` is not a URL"), "{message}");
    let missing = check(&GOOD.replace("media =", "catalogue = \"none.toml\"\nmedia ="));
    assert!(String::from_utf8(missing.stderr).unwrap().contains("none.toml"));
}

#[cfg(unix)]
#[tokio::test]
async fn it_says_where_it_listens_and_ends_when_it_is_told_to() {
    let folder = new_folder();
    let config = folder.join("gateway.toml");
    std::fs::write(&config, GOOD).unwrap();
    let mut child = gateway(&config).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("listening on ").unwrap().to_owned();
    let client = reqwest::Client::new();
    let health = client.get(format!("{url}/healthz")).send().await;
    let wrong = client.get(format!("{url}/v1/credits?q=secret")).bearer_auth("secret").send().await;
    Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap();
    let output = child.wait_with_output().unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    assert!(health.unwrap().status().is_success());
    assert_eq!(wrong.unwrap().status(), 401);
    assert!(output.status.success(), "{output:?}");
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.lines().count() >= 2, "{log}");
    for line in log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
    assert!(!log.contains("secret"), "{log}");
}
