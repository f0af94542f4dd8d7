//! What a collector of OpenTelemetry traces gets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;
use reqwest::Method;
use serde_json::json;
use tokio::net::TcpListener;

use crate::app::{self, ADMIN_SECRET, Options, TENANT_SECRET, TOKEN_KEY, ok};
use crate::support::{Gateway, chunks, eventually, streamed, text_of};

const PROMPT: &str = "Nobody but the provider may read this";
const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A collector that keeps everything.
#[derive(Clone, Default)]
struct Collector {
    got: Arc<Mutex<Vec<(HeaderMap, ExportTraceServiceRequest)>>>,
}

impl Collector {
    async fn start() -> (Collector, String) {
        let collector = Collector::default();
        let take = async |State(collector): State<Collector>, headers: HeaderMap, body: Bytes| {
            let request = ExportTraceServiceRequest::decode(body).unwrap();
            collector.got.lock().unwrap().push((headers, request));
            StatusCode::OK
        };
        let app =
            axum::Router::new().route("/v1/traces", axum::routing::post(take)).with_state(collector.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (collector, url)
    }

    fn spans(&self) -> Vec<Span> {
        let got = self.got.lock().unwrap();
        let resources = got.iter().flat_map(|(_, request)| &request.resource_spans);
        resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| scope.spans.clone()).collect()
    }

    fn one(&self, name: &str) -> Span {
        let mut spans = self.spans();
        let names: Vec<String> = spans.iter().map(|span| span.name.clone()).collect();
        spans.retain(|span| span.name == name);
        assert_eq!(spans.len(), 1, "{name}: {names:?}");
        spans.remove(0)
    }

    /// Everything that was sent, as text: what must not be in it is looked for here.
    fn text(&self) -> String {
        format!("{:?}", self.got.lock().unwrap())
    }
}

fn attributes(span: &Span) -> HashMap<String, String> {
    let text = |value: &Any| match value {
        Any::StringValue(text) => text.clone(),
        Any::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    let value = |pair: &opentelemetry_proto::tonic::common::v1::KeyValue| {
        (pair.key.clone(), pair.value.as_ref().and_then(|value| value.value.as_ref()).map(text).unwrap())
    };
    span.attributes.iter().map(value).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn gateway(collector: &str, more: &str) -> Gateway {
    let tables = format!("[telemetry]\ntraces = \"{collector}\"\n{more}");
    Gateway::with(Options { tables, ..Options::default() }).await
}

#[tokio::test]
async fn a_streamed_chat_is_one_tree_below_its_caller_and_tells_nothing_that_was_said() {
    let (collector, url) = Collector::start().await;
    let mut gateway = gateway(&url, "headers_env = { x-collector-key = \"POLICY_SECRET\" }").await;
    let user = gateway.user("ann").await;
    let call = gateway.call(&user, Method::POST, "/v1/chat/completions").header("traceparent", CALLER);
    let answer = call.json(&streamed(PROMPT)).send().await.unwrap();
    let answer = text_of(&chunks(&answer.text().await.unwrap()));
    gateway.settled(&user).await;
    gateway.app.end().await;

    let request = collector.one("POST /v1/chat/completions");
    assert_eq!(
        (hex(&request.trace_id), hex(&request.parent_span_id)),
        (CALLER[3..35].to_owned(), CALLER[36..52].to_owned())
    );
    assert_eq!(request.kind(), SpanKind::Server);
    let about = attributes(&request);
    assert_eq!(about["http.route"], "/v1/chat/completions");
    assert_eq!(about["http.request.method"], "POST");
    assert_eq!(about["http.response.status_code"], "200");
    assert_eq!(about["triptych.tenant"], "acme");
    assert!(about["triptych.request.id"].starts_with("req_"));
    let stream = collector.one("stream");
    assert_eq!((&stream.trace_id, &stream.parent_span_id), (&request.trace_id, &request.span_id));
    assert_eq!(attributes(&stream)["triptych.stream.end"], "complete");
    assert!(stream.end_time_unix_nano >= stream.start_time_unix_nano);
    let chat = collector.one("chat gpt-5.4");
    assert_eq!((chat.kind(), &chat.parent_span_id), (SpanKind::Client, &stream.span_id));
    let about = attributes(&chat);
    assert_eq!(about["gen_ai.operation.name"], "chat");
    assert_eq!(about["gen_ai.provider.name"], "simulator");
    assert_eq!(about["gen_ai.request.model"], "gpt-5.4");
    assert_eq!(about["server.address"], "127.0.0.1");
    let spans = collector.spans();
    let ledger = |name: &str| {
        spans.iter().find(|span| span.name == name && span.trace_id == request.trace_id).unwrap().clone()
    };
    assert_eq!(ledger("ledger hold").parent_span_id, request.span_id);
    let settled = ledger("ledger settle");
    assert_eq!(settled.parent_span_id, stream.span_id);
    assert!(attributes(&settled)["gen_ai.usage.output_tokens"].parse::<u64>().unwrap() > 0);

    let sent = collector.text();
    for secret in [PROMPT, &answer, user.token(), TENANT_SECRET, ADMIN_SECRET, TOKEN_KEY, "\"ann\""] {
        assert!(!secret.is_empty() && !sent.contains(secret), "{secret}");
    }
    let got = collector.got.lock().unwrap();
    assert!(got.iter().all(|(headers, _)| headers["x-collector-key"] == app::POLICY_SECRET));
}

#[tokio::test]
async fn all_that_is_done_for_a_clip_is_one_trace_that_its_order_points_at() {
    let (collector, url) = Collector::start().await;
    let mut gateway = gateway(&url, "").await;
    let user = gateway.user("ann").await;
    let order = json!({"model": "sora-2", "prompt": PROMPT, "seconds": "4"});
    let job = ok(gateway.post(&user, "/v1/videos", order).await).await;
    let id = job["id"].as_str().unwrap().to_owned();
    eventually("the clip is ready", async || {
        let job = ok(gateway.get(&user, &format!("/v1/videos/{id}")).await).await;
        (job["status"] == "completed").then_some(())
    })
    .await;
    gateway.app.end().await;

    let whole = collector.one("video job");
    assert!(whole.parent_span_id.is_empty());
    let about = attributes(&whole);
    assert_eq!(
        (about["triptych.job.id"].as_str(), about["triptych.job.outcome"].as_str()),
        (&*id, "completed")
    );
    assert_eq!(about["gen_ai.request.model"], "sora-2");
    let ordered = collector.one("POST /v1/videos");
    assert_eq!(attributes(&ordered)["triptych.job.id"], id);
    assert_eq!((&ordered.links[0].trace_id, &ordered.links[0].span_id), (&whole.trace_id, &whole.span_id));
    assert_ne!(ordered.trace_id, whole.trace_id);
    let parts = collector.spans();
    let below = |name: &str, parent: &Span| {
        let found = parts.iter().find(|span| span.name == name && span.parent_span_id == parent.span_id);
        let found = found.unwrap_or_else(|| panic!("no {name} below {}", parent.name)).clone();
        assert_eq!(found.trace_id, parent.trace_id);
        found
    };
    below("ledger hold", &ordered);
    let submitted = below("job submit", &whole);
    assert_eq!(attributes(&submitted)["triptych.job.id"], id);
    below("video_create sora-2", &submitted);
    let polled = below("job poll", &whole);
    below("video_status", &polled);
    let stored = below("job store", &whole);
    below("video_file", &stored);
    below("ledger settle", &stored);
    assert!(!collector.text().contains(PROMPT));
}

#[tokio::test]
async fn a_failure_of_the_provider_is_named_by_its_kind_and_not_by_its_words() {
    let (collector, url) = Collector::start().await;
    let mut gateway = gateway(&url, "").await;
    let user = gateway.user("ann").await;
    gateway.fault(triptych_simulator::FaultRoute::Chat, &["500"]);
    let answer = gateway.post(&user, "/v1/chat/completions", crate::support::chat(PROMPT)).await;
    assert_eq!(answer.status(), 502);
    gateway.app.end().await;
    let chat = collector.one("chat gpt-5.4");
    let about = attributes(&chat);
    assert_eq!(
        (about["error.type"].as_str(), about["http.response.status_code"].as_str()),
        ("server_error", "500")
    );
    assert_eq!(chat.status.as_ref().map(|status| (status.code, status.message.as_str())), Some((2, "")));
    assert_eq!(attributes(&collector.one("POST /v1/chat/completions"))["error.type"], "502");
    assert!(collector.spans().iter().any(|span| span.name == "ledger release"));
}

/// A provider that tells the test which headers it has got.
async fn provider() -> (Arc<Mutex<Vec<HeaderMap>>>, String) {
    let seen: Arc<Mutex<Vec<HeaderMap>>> = Arc::default();
    let answer = async |State(seen): State<Arc<Mutex<Vec<HeaderMap>>>>, headers: HeaderMap| {
        seen.lock().unwrap().push(headers);
        let message = json!({"role": "assistant", "content": "Yes."});
        axum::Json(json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-5.4",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
        }))
    };
    let app = axum::Router::new().fallback(answer).with_state(seen.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (seen, url)
}

async fn told(collector: &str, more: &str) -> Vec<HeaderMap> {
    let (seen, upstream) = provider().await;
    let tables = format!("[telemetry]\ntraces = \"{collector}\"\n{more}");
    let options = Options { tables, upstream: Some(upstream), ..Options::default() };
    let mut gateway = Gateway::with(options).await;
    let user = gateway.user("ann").await;
    let call = gateway.call(&user, Method::POST, "/v1/chat/completions").header("traceparent", CALLER);
    let call = call.header("baggage", "user=ann").header("tracestate", "vendor=ann");
    ok(call.json(&crate::support::chat("Hello")).send().await.unwrap()).await;
    gateway.app.end().await;
    seen.lock().unwrap().clone()
}

#[tokio::test]
async fn a_provider_learns_of_the_trace_only_where_that_is_configured_and_never_more() {
    let (collector, url) = Collector::start().await;
    for headers in told(&url, "").await {
        assert!(!headers.contains_key("traceparent"));
    }
    let headers = told(&url, "propagate = true").await.remove(0);
    let parents: Vec<_> = collector
        .spans()
        .into_iter()
        .filter(|span| span.name == "chat gpt-5.4")
        .map(|span| hex(&span.span_id))
        .collect();
    let told = headers["traceparent"].to_str().unwrap().to_owned();
    assert!(parents.iter().any(|id| told == format!("00-{}-{id}-01", &CALLER[3..35])), "{told}");
    assert!(!headers.contains_key("baggage") && !headers.contains_key("tracestate"));
}

#[tokio::test]
async fn a_share_of_nothing_sends_nothing_whatever_the_caller_asks_for() {
    let (collector, url) = Collector::start().await;
    let headers = told(&url, "sample = 0.0\npropagate = true").await.remove(0);
    assert!(headers["traceparent"].to_str().unwrap().ends_with("-00"));
    assert!(collector.got.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_collector_that_is_gone_or_silent_keeps_no_call_and_no_end_waiting() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (silent_url, gone_url) = (silent.local_addr().unwrap(), gone.local_addr().unwrap());
    drop(gone);
    for address in [silent_url, gone_url] {
        let begun = Instant::now();
        let mut gateway = gateway(&format!("http://{address}"), "").await;
        let user = gateway.user("ann").await;
        ok(gateway.post(&user, "/v1/chat/completions", crate::support::chat("Hello")).await).await;
        gateway.check_books().await;
        gateway.app.end().await;
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}
