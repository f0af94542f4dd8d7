//! How full a model's context is with the next send.

use triptych_protocol::{Model, Price};

/// From this part of the context on it is worth a word, in percent.
const WORTH_A_WORD: u64 = 50;

/// How full it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// In percent, at most a hundred.
    pub percent: u32,
    /// There is room for an answer too.
    pub fits: bool,
}

/// How full the context of a model is with a prompt of so many tokens. None where that is not worth a word, or where
/// nobody says how large it is.
pub fn fill(model: &Model, prompt_tokens: u64) -> Option<Fill> {
    let limits = &model.triptych.limits;
    let most = u64::from(limits.context_tokens?).max(1);
    let percent = prompt_tokens.saturating_mul(100) / most;
    let answer = u64::from(limits.default_completion_tokens.unwrap_or(0));
    let fits = prompt_tokens.saturating_add(answer) <= most;
    (percent >= WORTH_A_WORD || !fits).then_some(Fill { percent: percent.min(100) as u32, fits })
}

/// What a million tokens cost, read and written; none where there is no price by tokens.
pub fn rates(model: &Model) -> Option<(triptych_protocol::Credits, triptych_protocol::Credits)> {
    match &model.triptych.price {
        Price::Tokens(price) => Some((price.input, price.output)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn model() -> Model {
        serde_json::from_str(include_str!("../crates/protocol/tests/golden/model_chat.json")).unwrap()
    }

    #[test]
    fn the_context_is_quiet_until_it_is_half_full_and_then_tells_whether_an_answer_fits() {
        let model = model();
        assert_eq!(fill(&model, 127_000), None);
        assert_eq!(fill(&model, 128_000), Some(Fill { percent: 50, fits: true }));
        assert_eq!(fill(&model, 256_000 - 2_048), Some(Fill { percent: 99, fits: true }));
        assert_eq!(fill(&model, 256_000 - 2_047), Some(Fill { percent: 99, fits: false }));
        assert_eq!(fill(&model, u64::MAX), Some(Fill { percent: 100, fits: false }));
    }

    #[test]
    fn a_server_that_does_not_say_has_no_meter() {
        let mut model = model();
        model.triptych.limits.context_tokens = None;
        assert_eq!(fill(&model, 1_000_000_000), None);
        model.triptych.price = Price::Other;
        assert_eq!(rates(&model), None);
    }
}
