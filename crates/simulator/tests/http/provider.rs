use reqwest::{Client, Response};
use serde_json::{Value, json};
use triptych_simulator::{Config, Running, spawn};

pub(crate) struct Provider {
    pub(crate) running: Running,
    pub(crate) client: Client,
}

impl Provider {
    pub(crate) async fn start(config: Config) -> Self {
        // A second test of this binary finds it installed already.
        rustls::crypto::ring::default_provider().install_default().ok();
        Self { running: spawn(config).await.expect("a free port"), client: Client::new() }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.base_url())
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> reqwest::Result<Response> {
        self.client.post(self.url(path)).json(&body).send().await
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.expect("an answer")
    }

    pub(crate) async fn get_json(&self, path: &str) -> Value {
        self.get(path).await.json().await.expect("JSON")
    }

    pub(crate) async fn chat(&self, prompt: &str, stream: bool) -> reqwest::Result<Response> {
        self.post("/v1/chat/completions", chat_body(prompt, stream)).await
    }

    pub(crate) async fn video(&self, prompt: &str) -> reqwest::Result<Response> {
        let body = json!({"model": "sora-2", "prompt": prompt, "duration": 5, "resolution": "480p"});
        self.post("/v1/video/generations", body).await
    }
}

pub(crate) fn chat_body(prompt: &str, stream: bool) -> Value {
    json!({
        "model": "gpt-5.4", "stream": stream, "stream_options": {"include_usage": true},
        "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": prompt}],
    })
}

/// The data of all events, as far as they came; and whether the stream ended cleanly.
pub(crate) async fn events(mut response: Response) -> (Vec<String>, bool) {
    let mut text = Vec::new();
    let clean = loop {
        match response.chunk().await {
            Ok(Some(bytes)) => text.extend(bytes),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    let text = String::from_utf8(text).expect("UTF-8");
    (text.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).map(str::to_owned).collect(), clean)
}

pub(crate) fn content(events: &[String]) -> Vec<String> {
    let chunks = events.iter().filter_map(|event| serde_json::from_str::<Value>(event).ok());
    let delta = |chunk: Value| chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned);
    chunks.filter_map(delta).filter(|piece| !piece.is_empty()).collect()
}

/// The JSON of all events, whatever lines come before their data.
pub(crate) fn values(text: &str) -> Vec<Value> {
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).expect("JSON")).collect()
}

impl Provider {
    pub(crate) async fn post_json(&self, path: &str, body: Value) -> Value {
        let response = self.post(path, body).await.expect("an answer");
        assert!(response.status().is_success(), "{}", response.text().await.expect("a body"));
        response.json().await.expect("JSON")
    }

    pub(crate) async fn put_faults(&self, body: Value) {
        let response = self.client.put(self.url("/sim/faults")).json(&body).send().await.expect("an answer");
        assert!(response.status().is_success(), "{}", response.text().await.expect("a body"));
    }

    /// A clip of the short shape; the answer to its creation.
    pub(crate) async fn clip(&self, prompt: &str) -> Value {
        self.video(prompt).await.expect("an answer").json().await.expect("JSON")
    }

    pub(crate) async fn poll(&self, job: &Value) -> Value {
        let id = ["job_id", "task_id"].iter().find_map(|field| job[*field].as_str()).expect("an id");
        self.get_json(&format!("/v1/video/generations/{id}")).await
    }
}
