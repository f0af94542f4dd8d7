#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Gives one answer after the other, the last one again and again, and counts how often it was asked.
#[derive(Debug)]
struct Script(Mutex<(VecDeque<Vec<IpAddr>>, u32)>);

impl Script {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |list: &&[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Script(Mutex::new((answers.iter().map(parse).collect(), 0))))
    }

    fn asked(&self) -> u32 {
        self.0.lock().unwrap().1
    }
}

impl Lookup for Script {
    fn lookup(&self, _: String) -> Looking {
        let mut script = self.0.lock().unwrap();
        script.1 += 1;
        let answer = if script.0.len() > 1 { script.0.pop_front() } else { script.0.front().cloned() };
        Box::pin(async move { Ok(answer.unwrap_or_default()) })
    }
}

fn fetcher(rule: Rule, script: &Arc<Script>) -> Fetcher {
    crate::init_tls();
    Fetcher::with_lookup(rule, script.clone()).unwrap()
}

fn limits() -> Limits {
    Limits { bytes: 1000, idle: Duration::from_secs(5), total: Duration::from_secs(10) }
}

/// A server that answers every connection with the same bytes and then, if told to, stays silent.
async fn server(answer: &'static str, silent: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 2048];
                let length = socket.read(&mut request).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&request[..length]).to_ascii_lowercase();
                assert!(
                    !head.contains("authorization") && !head.contains("cookie") && !head.contains("referer")
                );
                socket.write_all(answer.as_bytes()).await.ok();
                if silent {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    port
}

async fn get(fetcher: &Fetcher, url: &str, limits: Limits) -> Result<Bytes, FetchError> {
    let answer = fetcher.open(url, limits.idle).await?;
    Download::new(answer, limits)?.whole().await
}

async fn failed(fetcher: &Fetcher, url: &str, limits: Limits) -> FetchError {
    get(fetcher, url, limits).await.unwrap_err()
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_connected_to() {
    for address in ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fd00::1"] {
        let script = Script::new(&[&[address]]);
        let fetcher = fetcher(Rule::default(), &script);
        let error = failed(&fetcher, "https://innocent.example/x", limits()).await;
        assert_eq!(error, FetchError::Blocked(Blocked::Private), "{address}");
        assert_eq!(fetcher.check("https://innocent.example/x").await, Err(Blocked::Private));
    }
}

#[tokio::test]
async fn a_name_that_changes_its_mind_after_the_check_gains_nothing() {
    let script = Script::new(&[&["1.1.1.1"], &["127.0.0.1"]]);
    let fetcher = fetcher(Rule::default(), &script);
    assert!(fetcher.check("https://rebind.example/x").await.is_ok());
    let error = failed(&fetcher, "https://rebind.example/x", limits()).await;
    assert_eq!(error, FetchError::Blocked(Blocked::Private));
    assert_eq!(script.asked(), 2);
}

#[tokio::test]
async fn the_connection_goes_to_the_checked_address_which_is_asked_for_once() {
    let port = server("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", false).await;
    let script = Script::new(&[&["127.0.0.1"], &["192.0.2.1"]]);
    let fetcher = fetcher(Rule::new(&["files.test".into()], false), &script);
    let body = get(&fetcher, &format!("http://files.test:{port}/x"), limits()).await;
    assert_eq!(body.unwrap(), "hello");
    assert_eq!(script.asked(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let port =
        server("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", false)
            .await;
    let fetcher = fetcher(Rule::new(&[], true), &Script::new(&[&[]]));
    let error = failed(&fetcher, &format!("http://127.0.0.1:{port}/"), limits()).await;
    assert_eq!(error, FetchError::Status(StatusCode::FOUND));
}

#[tokio::test]
async fn a_file_that_is_too_large_is_cut_whether_it_says_so_or_not() {
    let announced = server("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n", true).await;
    let chunked =
        server("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\nsecond\r\n6\r\nthirds\r\n", true)
            .await;
    let fetcher = fetcher(Rule::new(&[], true), &Script::new(&[&[]]));
    let small = Limits { bytes: 10, ..limits() };
    for port in [announced, chunked] {
        let error = failed(&fetcher, &format!("http://127.0.0.1:{port}/"), small).await;
        assert_eq!(error, FetchError::TooLarge);
    }
}

#[tokio::test]
async fn a_server_that_goes_silent_is_given_up() {
    let silent = server("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nhalf", true).await;
    let mute = server("", true).await;
    let fetcher = fetcher(Rule::new(&[], true), &Script::new(&[&[]]));
    let short = Limits { idle: Duration::from_millis(100), ..limits() };
    for port in [silent, mute] {
        assert_eq!(failed(&fetcher, &format!("http://127.0.0.1:{port}/"), short).await, FetchError::Timeout);
    }
}
