//! The arithmetic of prices: worked examples, and what holds for every price and every usage.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use triptych_protocol::*;

fn credits(text: &str) -> Credits {
    text.parse().unwrap()
}

fn some(text: &str) -> Option<Credits> {
    Some(credits(text))
}

// US$ 0.010 and 0.015 per thousand tokens at US$ 0.02 a credit.
fn gpt() -> Price {
    Price::tokens(Credits::from_whole(500), Credits::from_whole(750))
}

// US$ 2.50 and 15 per million, twice and one and a half times as much above 272,000 tokens of prompt.
fn tiered() -> TokenPrice {
    TokenPrice {
        cached_input: some("12.5"),
        cache_write: some("156.25"),
        reasoning: some("900"),
        audio_input: some("2000"),
        long_context: Some(Box::new(LongContext {
            above_tokens: 272_000,
            input: credits("250"),
            output: credits("1125"),
            cached_input: some("25"),
            cache_write: None,
            reasoning: None,
        })),
        ..TokenPrice::new(credits("125"), credits("750"))
    }
}

fn usage(prompt: u64, completion: u64) -> Usage {
    Usage { prompt_tokens: prompt, completion_tokens: completion, ..Usage::default() }
}

#[test]
fn a_typical_call_costs_what_the_price_list_says() {
    // 500 tokens in and 1,000 out are US$ 0.020, one credit.
    assert_eq!(tokens_cost(&gpt(), 500, 1_000).unwrap(), Credits::from_whole(1));
}

#[test]
fn each_kind_of_token_costs_its_own_rate() {
    let price = Price::Tokens(tiered());
    let read = PromptDetails {
        cached_tokens: Some(800_000),
        audio_tokens: Some(100_000),
        ..PromptDetails::default()
    };
    let all = Usage {
        prompt_tokens_details: Some(read),
        completion_tokens_details: Some(CompletionDetails {
            reasoning_tokens: Some(400_000),
            ..CompletionDetails::default()
        }),
        ..usage(1_000_000, 1_000_000)
    };
    // Long: 100,000 × 250 + 800,000 × 25 + 100,000 × 2,000 in, and 1,000,000 × 1,125 out, all a million.
    assert_eq!(usage_cost(&price, &all).unwrap(), credits("1370"));
    let short = Usage { prompt_tokens: 200_000, ..all };
    // 100,000 are sound, the other 100,000 were known: 200 + 1.25 in, 600,000 × 750 + 400,000 × 900 out.
    assert_eq!(usage_cost(&price, &short).unwrap(), credits("1011.25"));
    let written = PromptDetails { cache_write_tokens: Some(100_000), ..PromptDetails::default() };
    let kept = Usage { prompt_tokens_details: Some(written), ..usage(100_000, 0) };
    assert_eq!(usage_cost(&price, &kept).unwrap(), credits("15.625"));
}

#[test]
fn a_prompt_of_just_the_bound_is_not_long() {
    let price = Price::Tokens(tiered());
    assert_eq!(tokens_cost(&price, 272_000, 0).unwrap(), credits("34"));
    assert_eq!(tokens_cost(&price, 272_001, 0).unwrap(), credits("68.00025"));
}

#[test]
fn zero_cached_tokens_are_zero_and_details_never_exceed_their_total() {
    let price = Price::Tokens(tiered());
    let with = |cached| {
        let details = PromptDetails { cached_tokens: cached, ..PromptDetails::default() };
        usage_cost(&price, &Usage { prompt_tokens_details: Some(details), ..usage(1_000, 0) }).unwrap()
    };
    assert_eq!(with(Some(0)), with(None));
    assert_eq!(with(Some(u64::MAX)), with(Some(1_000)));
    assert!(with(Some(1_000)) < with(Some(0)));
}

#[test]
fn a_fraction_of_a_micro_credit_is_rounded_up_once() {
    let price = Price::tokens(Credits::from_micro(1), Credits::from_micro(1));
    assert_eq!(tokens_cost(&price, 1, 1).unwrap(), Credits::from_micro(1));
    assert_eq!(tokens_cost(&price, 0, 0).unwrap(), Credits::ZERO);
}

#[test]
fn a_service_tier_scales_every_rate_and_rounds_up() {
    let half = tiered().at_percent(50).unwrap();
    assert_eq!((half.input, half.output, half.cached_input), (credits("62.5"), credits("375"), some("6.25")));
    assert_eq!(half.long_context.unwrap().input, credits("125"));
    let odd = TokenPrice::new(Credits::from_micro(1), Credits::ZERO).at_percent(50).unwrap();
    assert_eq!(odd.input, Credits::from_micro(1));
    assert_eq!(TokenPrice::new(Credits::from_micro(i64::MAX), Credits::ZERO).at_percent(200), None);
}

#[test]
fn an_amount_that_does_not_fit_is_an_error_and_not_a_small_number() {
    let price = Price::tokens(Credits::from_micro(i64::MAX), Credits::ZERO);
    assert_eq!(tokens_cost(&price, u64::MAX, 0), Err(EstimateError::Overflow));
    let all = TokenBound { text: u64::MAX, audio: u64::MAX, image: u64::MAX, ..TokenBound::default() };
    assert_eq!(tokens_hold(&price, &all), Err(EstimateError::Overflow));
}

#[test]
fn pictures_cost_their_size_and_quality() {
    let item = |size: &str, quality: &str, price: &str| PricedItem {
        quality: Some(quality.into()),
        ..PricedItem::new(size, credits(price))
    };
    let list = ImagePrice {
        sizes: vec![
            item("1024x1024", "medium", "1.7"),
            item("1024x1024", "high", "6.65"),
            PricedItem::new("512x512", credits("0.5")),
        ],
        input_image: some("0.25"),
        partial_image: some("0.2"),
        tokens: None,
    };
    let price = Price::Image(list.clone());
    let cost = |size, quality| image_cost(&price, size, quality, 2);
    assert_eq!(cost("1024x1024", Some("high")).unwrap(), credits("13.3"));
    assert_eq!(cost("1024x1024", None).unwrap(), credits("3.4"), "the first is the ordinary one");
    assert_eq!(cost("512x512", Some("high")).unwrap(), credits("1"), "one price for every quality");
    assert_eq!(cost("1024x1024", Some("low")), Err(EstimateError::NoSuchItem));
    assert_eq!(cost("1x1", None), Err(EstimateError::NoSuchItem));

    let order = PictureOrder {
        size: "1024x1024",
        quality: Some("high"),
        n: 2,
        input_images: 3,
        partial_images: 1,
        prompt_tokens: 1_000,
    };
    // 2 × (6.65 + 0.2) + 3 × 0.25.
    assert_eq!(pictures_hold(&price, &order).unwrap(), (credits("14.45"), Bound::Exact));
    let by_tokens = TokenPrice {
        image_input: some("400"),
        image_output: some("1600"),
        ..TokenPrice::new(credits("250"), credits("500"))
    };
    let price = Price::Image(ImagePrice { tokens: Some(Box::new(by_tokens)), ..list });
    // A thousand tokens of prompt at 250 a million more.
    assert_eq!(pictures_hold(&price, &order).unwrap(), (credits("14.7"), Bound::AtMost));
    let read = PromptDetails { image_tokens: Some(600), ..PromptDetails::default() };
    let used = Usage { prompt_tokens_details: Some(read), ..usage(1_000, 4_160) };
    // 400 × 250 + 600 × 400 + 4,160 × 1,600, by a million.
    assert_eq!(pictures_charge(&price, &order, Some(&used)).unwrap(), credits("6.996"));
    assert_eq!(pictures_charge(&price, &order, None).unwrap(), credits("14.45"));
}

#[test]
fn a_clip_costs_its_seconds_at_its_resolution() {
    let price = Price::video_second(vec![PricedItem::new("1080p", Credits::from_micro(7_500_000))]);
    assert_eq!(video_cost(&price, "1080p", 10).unwrap(), Credits::from_whole(75));
    assert_eq!(video_cost(&price, "8k", 10), Err(EstimateError::NoSuchItem));
    assert_eq!(image_cost(&price, "1080p", None, 1), Err(EstimateError::WrongUnit));
}

#[test]
fn sound_and_pictures_to_begin_from_have_their_price() {
    let item =
        |audio, price: &str| PricedItem { audio: Some(audio), ..PricedItem::new("720p", credits(price)) };
    let price = Price::VideoSecond(VideoPrice {
        resolutions: vec![item(false, "3"), item(true, "5")],
        input_image: some("0.5"),
    });
    let cost = |audio, input_images| {
        clip_cost(&price, &ClipOrder { resolution: "720p", seconds: 4, audio, input_images }).unwrap()
    };
    assert_eq!(cost(Some(false), 0), credits("12"));
    assert_eq!(cost(Some(true), 1), credits("20.5"));
    assert_eq!(cost(None, 0), credits("20"), "where nobody said, the provider may add sound");
}

#[test]
fn speech_costs_its_characters_and_sound_its_time() {
    // US$ 15 per million characters, US$ 0.006 a minute.
    let speech = Price::Characters { credits: credits("750") };
    assert_eq!(characters_cost(&speech, 4_096).unwrap(), credits("3.072"));
    assert_eq!(characters_cost(&speech, 1).unwrap(), credits("0.00075"));
    let minute = Price::Minute { credits: credits("0.3") };
    assert_eq!(minutes_cost(&minute, 90_000).unwrap(), credits("0.45"));
    assert_eq!(minutes_cost(&minute, 1).unwrap(), credits("0.000005"));
    assert_eq!(minutes_cost(&speech, 1), Err(EstimateError::WrongUnit));
    let dear = Price::Minute { credits: Credits::from_micro(i64::MAX) };
    assert_eq!(minutes_cost(&dear, u64::MAX), Err(EstimateError::Overflow));
}

#[test]
fn a_price_of_a_later_version_is_read_as_unknown() {
    let price: Price = serde_json::from_str(r#"{"unit":"per_whisper","credits":3}"#).unwrap();
    assert_eq!(price, Price::Other);
    assert_eq!(tokens_cost(&price, 1, 1), Err(EstimateError::WrongUnit));
    assert_eq!(serde_json::from_str::<Modality>(r#""smell""#).unwrap(), Modality::Other);
    assert_eq!(serde_json::from_str::<Tokenizer>(r#""p90k""#).unwrap(), Tokenizer::Bytes);
}

fn rate() -> impl Strategy<Value = Credits> {
    (0i64..2_000_000_000).prop_map(Credits::from_micro)
}

fn prices() -> impl Strategy<Value = TokenPrice> {
    let maybe = || prop::option::of(rate());
    let long = (0u64..4_000, rate(), rate(), maybe(), maybe(), maybe()).prop_map(
        |(above_tokens, input, output, cached_input, cache_write, reasoning)| {
            Box::new(LongContext { above_tokens, input, output, cached_input, cache_write, reasoning })
        },
    );
    let rates = (rate(), rate(), maybe(), maybe(), maybe(), maybe(), maybe(), maybe(), maybe());
    (rates, prop::option::of(long)).prop_map(|(r, long_context)| TokenPrice {
        input: r.0,
        output: r.1,
        cached_input: r.2,
        cache_write: r.3,
        reasoning: r.4,
        audio_input: r.5,
        audio_output: r.6,
        image_input: r.7,
        image_output: r.8,
        long_context,
        service_tiers: Vec::new(),
    })
}

fn detail() -> impl Strategy<Value = Option<u64>> {
    prop::option::of(prop_oneof![0u64..6_000, Just(u64::MAX)])
}

proptest! {
    #[test]
    fn no_usage_within_the_bound_costs_more_than_the_hold(
        price in prices(), text in 0u64..3_000, audio in 0u64..2_000, image in 0u64..2_000, completion in 0u64..5_000,
        used in (0u64..8_000, 0u64..6_000), cached in detail(), write in detail(), reasoning in detail(),
    ) {
        let bound = TokenBound { text, audio, image, completion, speaks: true, draws: true };
        let used = Usage {
            prompt_tokens: used.0.min(bound.prompt()),
            completion_tokens: used.1.min(completion),
            total_tokens: 0,
            prompt_tokens_details: Some(PromptDetails {
                cached_tokens: cached,
                cache_write_tokens: write,
                audio_tokens: Some(audio),
                image_tokens: Some(image),
            }),
            completion_tokens_details: Some(CompletionDetails {
                reasoning_tokens: reasoning,
                audio_tokens: reasoning.map(|tokens| tokens / 2),
                image_tokens: None,
            }),
        };
        // All that was sent as sound and pictures comes first, as providers count it.
        prop_assume!(used.prompt_tokens >= audio + image || audio + image == 0);
        let price = Price::Tokens(price);
        prop_assert!(usage_cost(&price, &used).unwrap() <= tokens_hold(&price, &bound).unwrap());
    }

    #[test]
    fn more_of_anything_never_holds_less(
        price in prices(), text in 0u64..3_000, audio in 0u64..2_000, image in 0u64..2_000, completion in 0u64..5_000,
        more in 0u64..2_000,
    ) {
        let price = Price::Tokens(price);
        let bound = TokenBound { text, audio, image, completion, ..TokenBound::default() };
        let hold = |bound: TokenBound| tokens_hold(&price, &bound).unwrap();
        for bigger in [
            TokenBound { text: text + more, ..bound },
            TokenBound { audio: audio + more, ..bound },
            TokenBound { image: image + more, ..bound },
            TokenBound { completion: completion + more, ..bound },
            TokenBound { speaks: true, ..bound },
            TokenBound { draws: true, ..bound },
        ] {
            prop_assert!(hold(bigger) >= hold(bound));
        }
    }

    #[test]
    fn the_longest_answer_that_a_budget_covers_fits_and_one_more_does_not(
        price in prices(), text in 0u64..3_000, budget in 0i64..10_000_000,
    ) {
        let price = Price::Tokens(price);
        let bound = TokenBound { text, ..TokenBound::default() };
        let budget = Credits::from_micro(budget);
        let hold = |completion| tokens_hold(&price, &TokenBound { completion, ..bound });
        match affordable_completion(&price, &bound, budget).unwrap() {
            None => prop_assert!(hold(0).unwrap() > budget),
            Some(u64::MAX) => prop_assert!(hold(1_000_000).unwrap() <= budget),
            Some(most) => {
                prop_assert!(hold(most).unwrap() <= budget);
                prop_assert!(hold(most + 1).unwrap() > budget);
            }
        }
    }

    #[test]
    fn nothing_panics_however_large_the_numbers_are(
        rate in any::<i64>(), counts in any::<(u64, u64, u64, u64)>(), n in any::<u32>(),
    ) {
        let rate = Credits::from_micro(rate.saturating_abs());
        let price = Price::tokens(rate, rate);
        let bound = TokenBound {
            text: counts.0, audio: counts.1, image: counts.2, completion: counts.3, speaks: true, draws: true,
        };
        let _ = tokens_hold(&price, &bound);
        let _ = tokens_cost(&price, counts.0, counts.1);
        let _ = affordable_completion(&price, &bound, rate);
        let _ = minutes_cost(&Price::Minute { credits: rate }, counts.0);
        let _ = video_cost(&Price::video_second(vec![PricedItem::new("720p", rate)]), "720p", n);
        let _ = image_cost(&Price::image(vec![PricedItem::new("1", rate)]), "1", None, n);
        let _ = chat_hold(&price, &[usize::MAX, usize::MAX], n);
    }

    #[test]
    fn pictures_clips_and_sound_never_get_cheaper_by_being_more(
        credits in 0i64..1_000_000_000, fewer in 0u32..500, more in 0u32..500,
    ) {
        let item = || vec![PricedItem::new("720p", Credits::from_micro(credits))];
        let (images, clips) = (Price::image(item()), Price::video_second(item()));
        let minute = Price::Minute { credits: Credits::from_micro(credits) };
        let speech = Price::Characters { credits: Credits::from_micro(credits) };
        let all = |count: u32| [
            image_cost(&images, "720p", None, count).unwrap(),
            video_cost(&clips, "720p", count).unwrap(),
            minutes_cost(&minute, u64::from(count)).unwrap(),
            characters_cost(&speech, u64::from(count)).unwrap(),
        ];
        for (less, greater) in all(fewer).into_iter().zip(all(fewer + more)) {
            prop_assert!(less <= greater);
        }
    }

    #[test]
    fn the_hold_covers_every_answer_that_keeps_to_the_cap(
        messages in prop::collection::vec("\\PC{0,60}", 0..6), cap in 0u32..5_000, used in 0u32..5_000,
    ) {
        let bytes: Vec<usize> = messages.iter().map(String::len).collect();
        let hold = chat_hold(&gpt(), &bytes, cap).unwrap();
        // At worst every byte is a token.
        let tokens = bytes.iter().sum::<usize>() as u64;
        prop_assert!(tokens_cost(&gpt(), tokens, u64::from(used.min(cap))).unwrap() <= hold);
    }
}
