use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

mod marker;
mod suffer;

pub(crate) use marker::{from_headers, from_text};
pub(crate) use suffer::{Asked, Faults, broken_off, broken_pipe, cut, html};

/// A way in which the simulated provider misbehaves, read from its name.
///
/// **On every call**
///
/// | name | what happens | billed |
/// | --- | --- | --- |
/// | `delay=MS` | the answer starts MS milliseconds late (default 1000); nothing is made before | as without it |
/// | `hang` | no answer ever; nothing is made | no |
/// | `429=S` | `rate_limit_exceeded` with `Retry-After: S` (default 1) | no |
/// | `429-concurrency` | `concurrency_limit_error` with `Retry-After: 1` | no |
/// | `400` `401` `402` `403` `404` `408` `409` `410` `422` `500` `502` `503` `504` | that status with an error body | no |
/// | `reset=N` | a stream loses its connection after N pieces (default 5); any other call before its first byte, and nothing is made | pieces sent |
/// | `reset-in-body` | the work is done; head and half of the body come, then the connection is cut | yes |
/// | `malformed-json` | the work is done; the JSON stops half-way, the connection does not | yes |
/// | `html` | the work is done; the answer is a web page with status 200 | yes |
/// | `lost-create` | the work is done or accepted; the connection is cut before the first byte | yes |
/// | `slow-create=MS` | the work is done or accepted at once; the answer comes MS later (default 2000) | yes |
/// | `usage-missing` `usage-null` `usage-zero` `usage-huge=N` | what the answer says of usage (default N: a thousand million) | the truth |
/// | `usage-cached=N` | N prompt tokens come from a cache | and says so |
///
/// **On streams**, after N pieces (default 5) or at the end of a shorter one; the bill holds what was sent
///
/// | name | what happens |
/// | --- | --- |
/// | `error-mid-stream=N` | an event with an error object, then a clean end |
/// | `response-failed=N` | Responses: the event `response.failed`; elsewhere as `error-mid-stream` |
/// | `truncate=N` | a clean end without finish reason, usage or `[DONE]` |
/// | `non-json=N` | one event that is no JSON, then the rest |
/// | `stall=N` | nothing more, and the connection stays open |
/// | `pause=MS` | after five pieces MS milliseconds of silence (default 3000), then the rest |
/// | `surrogates=N` | an emoji whose two UTF-16 halves come in two events |
/// | `endless` | it goes on until the client leaves |
/// | `pings` | a comment line before every event |
///
/// **On jobs** (videos of all shapes and Atlas pictures); named in the create call, they go with the job
///
/// | name | what happens | billed |
/// | --- | --- | --- |
/// | `job-failed` | it ends `failed` with an error object | no |
/// | `done-with-error` | it ends `completed` but holds an error and no result | no |
/// | `no-url` | it ends `completed` without any address or file | yes |
/// | `unknown-status` | its status is `marinating` | yes |
/// | `out-of-order` | polls see in progress, queued, the truth, in progress, the truth | yes |
/// | `cancel-too-late` | cancelling is refused with 409 and the job goes on | yes |
/// | `cancel-billed` | cancelling works but costs the whole price | yes |
/// | `short-clip=N` | it comes out N seconds long (default 1) and says so | those seconds |
/// | `poll-NAME` | NAME from the first table on its status calls; `slow-poll=MS` is `poll-delay=MS` | – |
/// | `content-NAME` | NAME from the first table on its files; `expired-url=410` is `content-410` (default 403) | – |
/// | `content-truncated` | half of the file under the whole length, then a cut connection | – |
/// | `content-stall` | half of the file, then nothing | – |
/// | `content-oversize=N` | a `Content-Length` of N (default 64 GiB) over the true file, then a cut | – |
/// | `content-type` | the true file as `text/plain` | – |
/// | `webhook-lost` `webhook-twice` `webhook-forged` `webhook-old` | not sent; sent twice with one id; signed wrongly; signed an hour ago | – |
/// | `webhook-early` | the job is done and its webhook delivered before the create call answers | yes |
/// | `new-api` `new-api-older` | its answers are in that [`Dialect`](crate::Dialect) | – |
///
/// There are four ways to ask for one, added up:
///
/// 1. the request header `x-sim-fault: NAME[=VALUE][, …]`;
/// 2. the marker `[[fault:NAME]]` or `[[fault:NAME=VALUE]]` in the prompt, the text to speak or the last
///    user message, or `[[fault-once:…]]`, which acts only the first time that very text is seen, so that
///    a retry works (on a job's polls and files: on the first of them);
/// 3. the queue set by `PUT /sim/faults {"next":[{"route":"chat","fault":"500"}]}`: each request takes
///    the oldest entry of its [`FaultRoute`];
/// 4. `PUT /sim/faults {"always":[…]}`, entries that every request of their route suffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub(crate) stage: Stage,
    pub(crate) kind: Kind,
}

/// Which of a job's calls a fault is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The call that names it.
    Call,
    Poll,
    Content,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Delay(Duration),
    Hang,
    RateLimited(u64),
    Busy,
    Status(u16),
    Reset(usize),
    ResetInBody,
    MalformedJson,
    Html,
    LostCreate,
    SlowCreate(Duration),
    UsageMissing,
    UsageNull,
    UsageZero,
    UsageHuge(u64),
    UsageCached(u64),
    ErrorMidStream(usize),
    ResponseFailed(usize),
    Truncate(usize),
    NonJson(usize),
    Stall(usize),
    Pause(Duration),
    Surrogates(usize),
    Endless,
    Pings,
    JobFailed,
    DoneWithError,
    NoUrl,
    UnknownStatus,
    OutOfOrder,
    CancelTooLate,
    CancelBilled,
    ShortClip(u32),
    ContentTruncated,
    ContentStall,
    ContentOversize(u64),
    ContentType,
    WebhookLost,
    WebhookTwice,
    WebhookForged,
    WebhookOld,
    WebhookEarly,
    NewApi,
    NewApiOlder,
}

/// Which calls a queued or standing fault is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultRoute {
    /// `POST /v1/chat/completions`
    Chat,
    /// `POST /v1/responses`
    Responses,
    /// `POST /v1/images/generations` and Atlas's `generateImage`
    Image,
    /// `POST /v1/images/edits`
    ImageEdit,
    /// The create call of every video shape, and a remix.
    Video,
    /// The status call of every job.
    VideoPoll,
    /// A job's file, by `/content` or by its address.
    VideoContent,
    /// Cancelling or deleting a job.
    VideoCancel,
    /// Lists of jobs, and the search by a client's reference.
    Lookup,
    /// Atlas's `uploadMedia`
    Upload,
    /// `POST /v1/audio/speech`
    Speech,
    /// `POST /v1/audio/transcriptions`
    Transcription,
}

/// An entry of the fault queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedFault {
    /// The calls it waits for.
    pub route: FaultRoute,
    /// `NAME` or `NAME=VALUE` from the tables at [`Fault`].
    pub fault: String,
}

const PIECES_BEFORE_FAULT: u64 = 5;
const STATUSES: [u16; 13] = [400, 401, 402, 403, 404, 408, 409, 410, 422, 500, 502, 503, 504];

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = match text.trim().split_once('=') {
            Some((name, value)) => {
                let value = value.trim().parse::<u64>();
                let value = value.map_err(|_| format!("fault `{text}` has a value that is no number"))?;
                (name.trim(), Some(value))
            }
            None => (text.trim(), None),
        };
        let content = |kind| Some(Self { stage: Stage::Content, kind });
        let poll = |kind| Some(Self { stage: Stage::Poll, kind });
        let found = match name {
            "unknown-status" => poll(Kind::UnknownStatus),
            "out-of-order" => poll(Kind::OutOfOrder),
            "no-url" => poll(Kind::NoUrl),
            "short-clip" => {
                let seconds = value.and_then(|value| u32::try_from(value).ok()).unwrap_or(1);
                Some(Self { stage: Stage::Call, kind: Kind::ShortClip(seconds) })
            }
            "slow-poll" => poll(Kind::Delay(Duration::from_millis(value.unwrap_or(1000)))),
            "expired-url" => content(Kind::Status(value.map_or(403, |value| value as u16))),
            "content-truncated" => content(Kind::ContentTruncated),
            "content-stall" => content(Kind::ContentStall),
            "content-oversize" => content(Kind::ContentOversize(value.unwrap_or(64 << 30))),
            "content-type" => content(Kind::ContentType),
            name => match (name.strip_prefix("poll-"), name.strip_prefix("content-")) {
                (Some(name), _) => any_call(name, value).and_then(poll),
                (None, Some(name)) => any_call(name, value).and_then(content),
                (None, None) => any_call(name, value)
                    .or_else(|| stream(name, value))
                    .or_else(|| job(name))
                    .map(|kind| Self { stage: Stage::Call, kind }),
            },
        };
        found.ok_or_else(|| format!("there is no fault `{name}`"))
    }
}

fn any_call(name: &str, value: Option<u64>) -> Option<Kind> {
    let ms = |default| Duration::from_millis(value.unwrap_or(default));
    Some(match name {
        "delay" => Kind::Delay(ms(1000)),
        "hang" => Kind::Hang,
        "429" => Kind::RateLimited(value.unwrap_or(1)),
        "429-concurrency" => Kind::Busy,
        "reset" => Kind::Reset(value.unwrap_or(PIECES_BEFORE_FAULT) as usize),
        "reset-in-body" => Kind::ResetInBody,
        "malformed-json" => Kind::MalformedJson,
        "html" => Kind::Html,
        "lost-create" => Kind::LostCreate,
        "slow-create" => Kind::SlowCreate(ms(2000)),
        "usage-missing" => Kind::UsageMissing,
        "usage-null" => Kind::UsageNull,
        "usage-zero" => Kind::UsageZero,
        "usage-huge" => Kind::UsageHuge(value.unwrap_or(1_000_000_000)),
        "usage-cached" => Kind::UsageCached(value.unwrap_or(64)),
        name => Kind::Status(name.parse().ok().filter(|status| STATUSES.contains(status))?),
    })
}

fn stream(name: &str, value: Option<u64>) -> Option<Kind> {
    let pieces = value.unwrap_or(PIECES_BEFORE_FAULT) as usize;
    Some(match name {
        "error-mid-stream" => Kind::ErrorMidStream(pieces),
        "response-failed" => Kind::ResponseFailed(pieces),
        "truncate" => Kind::Truncate(pieces),
        "non-json" => Kind::NonJson(pieces),
        "stall" => Kind::Stall(pieces),
        "pause" => Kind::Pause(Duration::from_millis(value.unwrap_or(3000))),
        "surrogates" => Kind::Surrogates(pieces),
        "endless" => Kind::Endless,
        "pings" => Kind::Pings,
        _ => return None,
    })
}

fn job(name: &str) -> Option<Kind> {
    Some(match name {
        "job-failed" => Kind::JobFailed,
        "done-with-error" => Kind::DoneWithError,
        "cancel-too-late" => Kind::CancelTooLate,
        "cancel-billed" => Kind::CancelBilled,
        "webhook-lost" => Kind::WebhookLost,
        "webhook-twice" => Kind::WebhookTwice,
        "webhook-forged" => Kind::WebhookForged,
        "webhook-old" => Kind::WebhookOld,
        "webhook-early" => Kind::WebhookEarly,
        "new-api" => Kind::NewApi,
        "new-api-older" => Kind::NewApiOlder,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_prefix_moves_a_fault_to_the_polls_or_the_files() {
        let fault = |name: &str| name.parse::<Fault>().unwrap();
        assert_eq!(fault("404"), Fault { stage: Stage::Call, kind: Kind::Status(404) });
        assert_eq!(fault("poll-404"), Fault { stage: Stage::Poll, kind: Kind::Status(404) });
        assert_eq!(fault("expired-url=410"), fault("content-410"));
        assert_eq!(fault("slow-poll=7"), fault("poll-delay=7"));
    }

    #[test]
    fn an_unknown_fault_is_refused_by_name() {
        for name in ["sulk", "poll-sulk", "418", "poll-endless"] {
            assert!(name.parse::<Fault>().unwrap_err().contains(name.trim_start_matches("x")));
        }
    }
}
