//! What an open stream takes of the gateway's memory. Not run by default: it wants a machine to itself, and counts most
//! when optimised: `cargo test --release -p triptych-gateway --test api memory -- --ignored --nocapture`.

#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use reqwest::Client;
use serde_json::{Value, json};

use crate::app::{ADMIN_SECRET, TENANT_SECRET, new_folder, ok};
use crate::cuts::hanging;
use crate::support::streamed;

const STREAMS: usize = 2_000;
/// Of the process, for each stream: 20,000 streams fit in a gibibyte.
const MOST: usize = 53 * 1024;

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Process {
    /// Bytes that the process has in memory.
    fn resident(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<usize>().unwrap() * 1024
    }
}

#[tokio::test]
#[ignore = "measures a process that has the machine to itself"]
#[allow(clippy::print_stdout)]
async fn an_open_stream_takes_no_more_memory_than_it_may() {
    let word = "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\
                \"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"},\"finish_reason\":null}],\"usage\":null}\n\n";
    let upstream = hanging(word.repeat(20)).await;
    let folder = new_folder();
    let config = folder.join("gateway.toml");
    let text = format!(
        r#"
listen = "127.0.0.1:0"
database = "sqlite:triptych.db"
media = "media"
[[tenants]]
id = "acme"
secret_env = "ACME_SECRET"
[[providers]]
id = "one"
kind = "openai"
base_url = "{upstream}"
first_byte_timeout_ms = 600000
idle_timeout_ms = 600000
[limits]
streams_per_user = 100000
"#
    );
    std::fs::write(&config, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_triptych-gateway"));
    command.arg("--config").arg(&config).env("RUST_LOG", "warn").stdout(Stdio::piped());
    command.env("TRIPTYCH_TOKEN_KEY", "token-key-0123456789-0123456789-0123456789");
    command.env("TRIPTYCH_ADMIN_SECRET", ADMIN_SECRET).env("ACME_SECRET", TENANT_SECRET);
    let mut process = Process(command.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().rsplit(' ').next().unwrap().to_owned();
    triptych_gateway::init_tls();
    let client = Client::new();
    let post = |secret: &str, path: &str, body: &Value| {
        client.post(format!("{url}{path}")).bearer_auth(secret).json(body).send()
    };
    let grant = json!({"tenant": "acme", "user": "ada", "amount": 1_000_000_000_000_i64, "key": "k", "reason": "test"});
    ok(post(ADMIN_SECRET, "/admin/v1/grants", &grant).await.unwrap()).await;
    let session = ok(post(TENANT_SECRET, "/v1/sessions", &json!({"user": "ada"})).await.unwrap()).await;
    let token = session["client_secret"].as_str().unwrap().to_owned();
    let mut open = Vec::new();
    let mut before = 0;
    for number in 0..STREAMS + 100 {
        if number == 100 {
            before = process.resident();
        }
        let mut response = post(&token, "/v1/chat/completions", &streamed("Hello.")).await.unwrap();
        assert_eq!(response.status(), 200);
        response.chunk().await.unwrap().unwrap();
        open.push(response);
    }
    let each = (process.resident() - before) / STREAMS;
    println!("{} KiB of memory for each of {STREAMS} open streams", each / 1024);
    std::fs::remove_dir_all(&folder).ok();
    assert!(each <= MOST, "{each} bytes");
}
