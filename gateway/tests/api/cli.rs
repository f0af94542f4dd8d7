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
    let output = gateway(&config).arg("check-config").output().unwrap();
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
    let telemetry = format!("{GOOD}[telemetry]\ntraces = \"collector:4318\"");
    let message = String::from_utf8(check(&telemetry).stderr).unwrap();
    assert!(message.contains("telemetry.traces: `collector:4318` is not a URL"), "{message}");
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
    triptych_gateway::init_tls();
    let client = reqwest::Client::new();
    let health = client.get(format!("{url}/healthz")).send().await;
    // The file says port 0, so this one asks where nobody listens, and the other one at the address that was bound.
    let lost = run(&config, &["health"]);
    let bound = GOOD.replace("127.0.0.1:0", url.strip_prefix("http://").unwrap());
    std::fs::write(&config, bound).unwrap();
    let well = run(&config, &["health"]);
    let wrong = client.get(format!("{url}/v1/credits?q=secret")).bearer_auth("secret").send().await;
    Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap();
    let output = child.wait_with_output().unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    assert!(health.unwrap().status().is_success());
    assert_eq!(well, (true, "well\n".to_owned()));
    assert!(!lost.0 && lost.1.contains("does not answer"), "{}", lost.1);
    assert_eq!(wrong.unwrap().status(), 401);
    assert!(output.status.success(), "{output:?}");
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.lines().count() >= 2, "{log}");
    for line in log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
    assert!(!log.contains("secret"), "{log}");
}

fn run(config: &Path, arguments: &[&str]) -> (bool, String) {
    let output = gateway(config).args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.success(), text)
}

#[test]
fn an_operator_grants_and_audits_beside_the_gateway() {
    let folder = new_folder();
    let config = folder.join("gateway.toml");
    std::fs::write(&config, GOOD).unwrap();
    let (done, text) = run(&config, &["audit"]);
    assert!(!done && text.contains("triptych.db"), "there is no database yet: {text}");
    assert_eq!(run(&config, &["migrate"]), (true, "the tables are up to date\n".to_owned()));
    let grant = ["grant", "--tenant", "acme", "--user", "ann", "--credits", "7.5", "--key", "first"];
    for _ in 0..2 {
        assert_eq!(run(&config, &grant), (true, "available 7.5, held 0\n".to_owned()));
    }
    let (done, text) =
        run(&config, &["grant", "--tenant", "none", "--user", "a", "--credits", "1", "--key", "k"]);
    assert!(!done && text.contains("there is no tenant `none`"), "{text}");
    let (done, text) = run(&config, &["token", "--tenant", "acme", "--user", "ann"]);
    assert!(done && text.trim().split('.').count() == 3, "{text}");
    let (done, text) = run(&config, &["audit"]);
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(done && report["ok"] == true, "{text}");
    assert_eq!(report["issued_total"], 7_500_000);
    let bill = folder.join("bill.jsonl");
    std::fs::write(&bill, "{\"id\": \"strange\"}\n").unwrap();
    let (done, text) = run(&config, &["audit", "--bill", bill.to_str().unwrap()]);
    assert!(done && text.contains("\"strange\""), "what the platform paid is no fault of the books: {text}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn tables_of_a_newer_program_are_left_alone() {
    let folder = new_folder();
    let config = folder.join("gateway.toml");
    std::fs::write(&config, GOOD).unwrap();
    assert!(run(&config, &["migrate"]).0);
    sqlx::any::install_default_drivers();
    let url = format!("sqlite:{}", folder.join("triptych.db").display());
    let mut database = <sqlx::AnyConnection as sqlx::Connection>::connect(&url).await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'of tomorrow', TRUE, x'00', 0)";
    sqlx::query(newer).execute(&mut database).await.unwrap();
    for verb in ["migrate", "serve"] {
        let (done, text) = run(&config, &[verb]);
        assert!(!done && text.contains("newer than this program"), "{verb}: {text}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
