use super::MessageId;
use crate::offer::Offer;

/// What an answer under way can be taken up by: after a reload, in another tab, after the network came back. It is kept
/// together with the words that have come so far, or some are lost or come twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// The answer.
    pub message: MessageId,
    /// The idempotency key of its call.
    pub key: String,
    /// The name of its stream, once the server has told it.
    pub stream: Option<String>,
    /// The id of the last event whose words are in the message; empty before the first.
    pub after: String,
    /// The model's reason to end, where it has come and the receipt has not.
    pub finish: Option<String>,
    /// What the page gave along with the call.
    pub offer: Offer,
}
