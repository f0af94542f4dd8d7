use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use super::{Counted, Measure};
use crate::store::now_ms;

/// Takes what a call learns of its limits to the head of its answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct RateSlot(Arc<Mutex<Vec<Rate>>>);

/// One limit, as OpenAI's headers tell it.
#[derive(Clone, Copy, Debug)]
struct Rate {
    measure: Measure,
    limit: i64,
    remaining: i64,
    /// Milliseconds since 1970.
    ends_at: i64,
}

impl RateSlot {
    /// Of several limits on the same thing the one counts that is nearest.
    pub(super) fn set(&self, counted: &[Counted]) {
        let mut rates = Vec::new();
        for measure in [Measure::Requests, Measure::Tokens] {
            let of_measure = counted.iter().filter(|one| one.count.measure == measure).map(|one| Rate {
                measure,
                limit: one.count.bound,
                remaining: (one.count.bound - one.used).max(0),
                ends_at: one.count.ends_at,
            });
            rates.extend(of_measure.min_by_key(|rate| rate.remaining));
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = rates;
    }
}

/// Adds `x-ratelimit-…` headers to the answers of calls that were counted.
pub(crate) async fn tell(mut request: Request, next: Next) -> Response {
    let slot = RateSlot::default();
    request.extensions_mut().insert(slot.clone());
    let mut response = next.run(request).await;
    let rates = std::mem::take(&mut *slot.0.lock().unwrap_or_else(PoisonError::into_inner));
    let now = now_ms();
    for rate in rates {
        let [limit, remaining, reset] = match rate.measure {
            Measure::Tokens => {
                ["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"]
            }
            _ => {
                ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"]
            }
        };
        let mut set = |name: &'static str, value: String| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        };
        set(limit, rate.limit.to_string());
        set(remaining, rate.remaining.to_string());
        set(reset, go_duration(rate.ends_at - now));
    }
    response
}

/// Milliseconds as Go writes durations, and OpenAI with it: `12ms`, `1.5s`, `6m0s`, `1h0m0s`.
fn go_duration(millis: i64) -> String {
    let millis = millis.max(0);
    if millis < 1000 {
        return if millis == 0 { "0s".to_owned() } else { format!("{millis}ms") };
    }
    let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
    let (seconds, rest) = (millis / 1000 % 60, millis % 1000);
    let mut text = String::new();
    // Writing to a string cannot fail.
    if hours > 0 {
        write!(text, "{hours}h").ok();
    }
    if hours > 0 || minutes > 0 {
        write!(text, "{minutes}m").ok();
    }
    let fraction = format!(".{rest:03}");
    write!(text, "{seconds}{}s", fraction.trim_end_matches('0').trim_end_matches('.')).ok();
    text
}

#[cfg(test)]
mod tests {
    use super::go_duration;

    #[test]
    fn durations_read_as_go_writes_them() {
        for (millis, text) in [
            (-5, "0s"),
            (12, "12ms"),
            (1_000, "1s"),
            (1_500, "1.5s"),
            (59_005, "59.005s"),
            (360_000, "6m0s"),
            (3_600_000, "1h0m0s"),
            (86_399_999, "23h59m59.999s"),
        ] {
            assert_eq!(go_duration(millis), text);
        }
    }
}
