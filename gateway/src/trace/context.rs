//! Which trace a span belongs to: the caller's, its job's, or one of its own, and whether it is written down.

use std::cell::Cell;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::trace::{
    Link, SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, Sampler, SamplingResult, ShouldSample};
use sha2::{Digest, Sha256};

/// W3C Trace Context. Nothing else is taken from callers or handed on: `tracestate` and `baggage` are others' words.
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What a caller says it is in the middle of; nothing where it is not said properly.
pub(super) fn of(headers: &HeaderMap) -> Option<SpanContext> {
    let mut all = headers.get_all(TRACEPARENT).iter();
    let (text, None) = (all.next()?.to_str().ok()?, all.next()) else { return None };
    let mut parts = text.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let lower = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let lengths = [(version, 2), (trace, 32), (span, 16), (flags, 2)];
    if !lengths.iter().all(|(part, length)| part.len() == *length && lower(part)) || version == "ff" {
        return None;
    }
    // Later versions may say more, the first one may not.
    if version == "00" && parts.next().is_some() {
        return None;
    }
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()? & TraceFlags::SAMPLED.to_u8());
    let context = SpanContext::new(trace, span, flags, true, TraceState::NONE);
    context.is_valid().then_some(context)
}

/// As a header for the next one in the chain.
pub(super) fn header(context: &SpanContext) -> Option<HeaderValue> {
    let flags = u8::from(context.is_sampled());
    let text = format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id());
    context.is_valid().then(|| HeaderValue::from_str(&text).ok()).flatten()
}

/// The span of a job, worked out from its id: each gateway knows it without being told.
pub(super) fn of_job(id: &str) -> SpanContext {
    let digest = Sha256::new().chain_update("triptych job trace\0").chain_update(id).finalize();
    let (mut trace, mut span) = ([0; 16], [0; 8]);
    trace.iter_mut().chain(&mut span).zip(digest).for_each(|(to, from)| *to = from);
    let (trace, span) = (TraceId::from_bytes(trace), SpanId::from_bytes(span));
    SpanContext::new(trace, span, TraceFlags::default(), true, TraceState::NONE)
}

thread_local! {
    static GIVEN: Cell<Option<(TraceId, SpanId)>> = const { Cell::new(None) };
}

/// Random ids, but for a job's.
#[derive(Debug)]
pub(super) struct Ids(RandomIdGenerator);

impl Ids {
    pub(super) fn new() -> Ids {
        Ids(RandomIdGenerator::default())
    }
}

/// Makes a span with the ids of that one. `make` must not wait for anything.
pub(super) fn with_ids<T>(ids: &SpanContext, make: impl FnOnce() -> T) -> T {
    GIVEN.set(Some((ids.trace_id(), ids.span_id())));
    let made = make();
    GIVEN.set(None);
    made
}

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        GIVEN.get().map_or_else(|| self.0.new_trace_id(), |(trace, _)| trace)
    }

    fn new_span_id(&self) -> SpanId {
        GIVEN.get().map_or_else(|| self.0.new_span_id(), |(_, span)| span)
    }
}

/// Takes a share of the traces. What callers say of theirs decides nothing: they are strangers, and could have all of
/// their calls written down.
#[derive(Clone, Debug)]
pub(super) struct Share(pub(super) f64);

impl ShouldSample for Share {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let own = parent.map(|parent| parent.span().span_context().clone());
        let own = own.filter(|context| context.is_valid() && !context.is_remote());
        let sampler = match own {
            Some(own) if own.is_sampled() => Sampler::AlwaysOn,
            Some(_) => Sampler::AlwaysOff,
            None => Sampler::TraceIdRatioBased(self.0),
        };
        sampler.should_sample(None, trace_id, name, kind, attributes, links)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn read(values: &[&str]) -> Option<SpanContext> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(TRACEPARENT, value.parse().unwrap());
        }
        of(&headers)
    }

    #[test]
    fn a_proper_traceparent_is_read_and_written_alike() {
        let context = read(&[GOOD]).unwrap();
        assert!(context.is_sampled() && context.is_remote());
        assert_eq!(header(&context).unwrap(), GOOD);
        assert!(read(&[&GOOD.replace("00-0a", "cc-0a"),]).is_some());
        assert!(read(&[&format!("{}-more", GOOD.replace("00-0a", "cc-0a"))]).is_some());
    }

    #[test]
    fn anything_else_begins_a_trace_of_its_own() {
        for wrong in [
            "",
            "-",
            "---",
            "00",
            &GOOD.to_uppercase(),
            &GOOD.replace("00-0a", "ff-0a"),
            &format!("{GOOD}-x"),
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b71692033310-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert!(read(&[wrong]).is_none(), "{wrong}");
        }
        assert!(read(&[GOOD, GOOD]).is_none() && read(&[]).is_none());
    }

    #[test]
    fn a_job_has_the_same_trace_everywhere_and_no_other_job_has_it() {
        assert_eq!(of_job("video_1").trace_id(), of_job("video_1").trace_id());
        assert_ne!(of_job("video_1").trace_id(), of_job("video_2").trace_id());
        assert!(of_job("video_1").is_valid());
        let ids = Ids::new();
        let own = of_job("video_1");
        assert_eq!(with_ids(&own, || ids.new_span_id()), own.span_id());
        assert_ne!(ids.new_span_id(), own.span_id());
    }

    #[test]
    fn a_caller_cannot_have_its_calls_written_down() {
        let parent = Context::new().with_remote_span_context(read(&[GOOD]).unwrap());
        let asked = |share: f64, parent: &Context| {
            let id = parent.span().span_context().trace_id();
            Share(share).should_sample(Some(parent), id, "", &SpanKind::Server, &[], &[]).decision
        };
        use opentelemetry_sdk::trace::SamplingDecision::{Drop, RecordAndSample};
        assert_eq!(asked(0.0, &parent), Drop);
        assert_eq!(asked(1.0, &parent), RecordAndSample);
    }
}
