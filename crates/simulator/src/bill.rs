use serde::{Deserialize, Serialize};

/// What the provider would invoice, item by item, in the order the calls came in.
///
/// This impersonates a provider's usage export, so that a test can lay it beside the ledger of
/// whoever called. It states quantities only: prices are the caller's business.
///
/// - A chat item is there once the call is accepted and grows with every token sent, so a stream that
///   ends early, for whatever reason, is billed for what was sent.
/// - An image item is there once the images are drawn.
/// - A video item is there from the moment the job is accepted. It counts as billed unless the job
///   fails or is deleted before it is done.
/// - A call that was refused (4xx, 5xx) leaves no item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// All items since the start or the last reset.
    pub items: Vec<BillItem>,
    /// Sums over the items with `billed: true`.
    pub totals: BillTotals,
}

/// One call on the bill. Quantities that do not apply to its kind are zero or absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillItem {
    /// What was sold.
    pub kind: BillKind,
    /// The completion's, image call's or video's id.
    pub id: String,
    /// The model asked for.
    pub model: String,
    /// Chat: tokens read.
    pub prompt_tokens: u64,
    /// Chat: tokens sent.
    pub completion_tokens: u64,
    /// Image: how many were drawn.
    pub images: u32,
    /// Image, video: `WxH` as asked for.
    pub size: Option<String>,
    /// Video: length of the clip.
    pub seconds: u32,
    /// Video: `480p`, `720p`, `1080p`, … (the short side).
    pub resolution: Option<String>,
    /// Whether the invoice would hold it.
    pub billed: bool,
    /// The request's `x-client-ref` header, or else its `idempotency-key`.
    pub client_ref: Option<String>,
    /// The request's `safety_identifier` field.
    pub safety_identifier: Option<String>,
}

/// What a bill item is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BillKind {
    /// A chat completion, priced by tokens.
    #[default]
    Chat,
    /// An image call, priced by model, size and count.
    Image,
    /// A video job, priced by model, resolution and seconds.
    Video,
}

/// Sums over the billed items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillTotals {
    /// Chat tokens read.
    pub prompt_tokens: u64,
    /// Chat tokens sent.
    pub completion_tokens: u64,
    /// Images drawn.
    pub images: u64,
    /// Video jobs.
    pub videos: u64,
    /// Seconds of video.
    pub video_seconds: u64,
}

impl Bill {
    pub(crate) fn of(items: Vec<BillItem>) -> Self {
        let mut totals = BillTotals::default();
        for item in items.iter().filter(|item| item.billed) {
            totals.prompt_tokens += item.prompt_tokens;
            totals.completion_tokens += item.completion_tokens;
            totals.images += u64::from(item.images);
            totals.videos += u64::from(item.kind == BillKind::Video);
            totals.video_seconds += u64::from(item.seconds);
        }
        Self { items, totals }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_billed_is_listed_but_not_summed() {
        let video = BillItem { kind: BillKind::Video, seconds: 8, billed: true, ..BillItem::default() };
        let failed = BillItem { billed: false, ..video.clone() };
        let bill = Bill::of(vec![video, failed]);
        assert_eq!(bill.items.len(), 2);
        assert_eq!((bill.totals.videos, bill.totals.video_seconds), (1, 8));
    }
}
