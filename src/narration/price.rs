use triptych_protocol::{Bound, Credits, Estimate, Model, SpeechBound, speech_hold};

/// What reading these parts aloud holds, each of them a call. None where the model has no price that is known here.
pub fn estimate<'a>(model: &Model, parts: impl Iterator<Item = &'a String>) -> Option<Estimate> {
    let info = &model.triptych;
    let mut sum = Estimate::new(Credits::ZERO, Bound::Exact, info.price_version);
    for part in parts {
        // A tokenizer never makes more tokens than there are bytes.
        let order = SpeechBound {
            characters: part.chars().count() as u64,
            tokens: part.len() as u64,
            most: info.limits.max_completion_tokens,
        };
        let (amount, bound) = speech_hold(&info.price, &order).ok()?;
        sum.amount = sum.amount.checked_add(amount)?;
        sum.bound = bound;
    }
    Some(sum)
}
