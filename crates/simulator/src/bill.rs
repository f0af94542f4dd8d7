use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod book;

pub(crate) use book::{Book, Counter};

/// What the provider would invoice, item by item, in the order the calls came in.
///
/// This impersonates a provider's usage export, so that a test can lay it beside the ledger of
/// whoever called. It states quantities only: prices are the caller's business.
///
/// - A chat or Responses item is there once the call is accepted and grows with every token sent, so a
///   stream that ends early, for whatever reason, is billed for what was sent.
/// - An image, speech or transcription item is there once the work is done.
/// - A job's item is there from the moment the job is accepted. It counts as billed unless the job
///   fails, or is cancelled or deleted before it is done.
/// - A call that was refused (4xx, 5xx) leaves no item, but is counted in `creates`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// All items since the start or the last reset.
    pub items: Vec<BillItem>,
    /// Sums over the items with `billed: true`.
    pub totals: BillTotals,
    /// By client reference, how often something was asked for. Calls without a reference are left out.
    #[serde(default)]
    pub creates: BTreeMap<String, Creates>,
}

/// What became of the creating calls that carried one client reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creates {
    /// Calls that reached the provider, refused ones among them.
    pub received: u64,
    /// Items they left.
    pub accepted: u64,
    /// Items that are billed.
    pub billed: u64,
}

/// One call on the bill. Quantities that do not apply to its kind are zero or absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BillItem {
    /// What was sold.
    pub kind: BillKind,
    /// The completion's, response's, image call's or job's id.
    pub id: String,
    /// The API it was bought through: `chat`, `responses`, `images`, `image-edits`, `videos`,
    /// `generations`, `atlas`, `speech`, `transcriptions`.
    pub shape: String,
    /// The model asked for.
    pub model: String,
    /// Tokens read, cached ones among them.
    pub prompt_tokens: u64,
    /// Those that came from a cache.
    pub cached_tokens: u64,
    /// Tokens sent, hidden reasoning among them.
    pub completion_tokens: u64,
    /// Hidden reasoning.
    pub reasoning_tokens: u64,
    /// Image: how many were drawn.
    pub images: u32,
    /// Image edits: how many pictures were sent along, the mask not counted.
    pub input_images: u32,
    /// Image, video: `WxH` as asked for.
    pub size: Option<String>,
    /// Image: `low`, `medium` or `high`.
    pub quality: Option<String>,
    /// Video: length of the clip.
    pub seconds: u32,
    /// Video: `480p`, `720p`, `1080p`, … (the short side).
    pub resolution: Option<String>,
    /// Speech: characters of the text.
    pub characters: u64,
    /// Speech, transcription: length of the sound in milliseconds.
    pub audio_ms: u64,
    /// Whether the invoice would hold it.
    pub billed: bool,
    /// The body's `external_task_id`, the `x-client-ref` header, or else its `idempotency-key`.
    pub client_ref: Option<String>,
    /// The request's `idempotency-key` header.
    pub idempotency_key: Option<String>,
    /// The request's `x-client-attempt` header, or else its `x-stainless-retry-count`.
    pub attempt: Option<String>,
    /// The request's `safety_identifier` field.
    pub safety_identifier: Option<String>,
}

/// What a bill item is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BillKind {
    /// A chat completion or a response, priced by tokens.
    #[default]
    Chat,
    /// An image call, priced by model, size and count or by tokens.
    Image,
    /// A video job, priced by model, resolution and seconds.
    Video,
    /// Speech, priced by characters or by tokens.
    Speech,
    /// A transcription, priced by the length of the sound or by tokens.
    Transcription,
}

/// Sums over the billed items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BillTotals {
    /// Chat tokens read.
    pub prompt_tokens: u64,
    /// Chat tokens read from a cache.
    pub cached_tokens: u64,
    /// Chat tokens sent.
    pub completion_tokens: u64,
    /// Chat tokens of hidden reasoning.
    pub reasoning_tokens: u64,
    /// Images drawn.
    pub images: u64,
    /// Video jobs.
    pub videos: u64,
    /// Seconds of video.
    pub video_seconds: u64,
    /// Characters spoken.
    pub characters: u64,
    /// Milliseconds of sound transcribed.
    pub transcribed_ms: u64,
}

impl Bill {
    pub(crate) fn of(items: Vec<BillItem>, received: &BTreeMap<String, u64>) -> Self {
        let mut totals = BillTotals::default();
        for item in items.iter().filter(|item| item.billed) {
            if item.kind == BillKind::Chat {
                totals.prompt_tokens += item.prompt_tokens;
                totals.cached_tokens += item.cached_tokens;
                totals.completion_tokens += item.completion_tokens;
                totals.reasoning_tokens += item.reasoning_tokens;
            }
            if item.kind == BillKind::Transcription {
                totals.transcribed_ms += item.audio_ms;
            }
            totals.images += u64::from(item.images);
            totals.videos += u64::from(item.kind == BillKind::Video);
            totals.video_seconds += u64::from(item.seconds);
            totals.characters += item.characters;
        }
        let counted = received.iter().map(|(client_ref, received)| {
            (client_ref.clone(), Creates { received: *received, ..Creates::default() })
        });
        let mut creates: BTreeMap<String, Creates> = counted.collect();
        for item in &items {
            if let Some(client_ref) = &item.client_ref {
                let creates = creates.entry(client_ref.clone()).or_default();
                creates.accepted += 1;
                creates.billed += u64::from(item.billed);
            }
        }
        Self { items, totals, creates }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_billed_is_listed_but_not_summed() {
        let client_ref = Some("job-1".to_owned());
        let video =
            BillItem { kind: BillKind::Video, seconds: 8, billed: true, client_ref, ..BillItem::default() };
        let failed = BillItem { billed: false, ..video.clone() };
        let bill = Bill::of(vec![video, failed], &BTreeMap::from([("job-1".to_owned(), 3)]));
        assert_eq!(bill.items.len(), 2);
        assert_eq!((bill.totals.videos, bill.totals.video_seconds), (1, 8));
        assert_eq!(bill.creates["job-1"], Creates { received: 3, accepted: 2, billed: 1 });
    }
}
