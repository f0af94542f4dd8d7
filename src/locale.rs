//! The language of the widget: its sentences and how it writes numbers. English is compiled in; every other language
//! is a file beside the module, with a line for each sentence, of which any may be missing.

mod text;

use std::cell::RefCell;
use std::sync::OnceLock;

pub use text::{ENGLISH, Text};

use triptych_protocol::ErrorCode;

use crate::error::{Failure, FailureKind};

/// The sentences of one language. They live as long as the page, which makes them as easy to hand on as a number.
#[derive(Clone, Copy)]
pub struct Words(&'static Locale);

struct Locale {
    tag: &'static str,
    source: &'static str,
    lines: Vec<&'static str>,
    intl: Intl,
}

/// What the browser knows about a language. The first argument is the language's tag.
#[derive(Clone, Copy)]
pub struct Intl {
    /// The form of a number, as `Intl.PluralRules` calls it; the number is written as in a program.
    pub plural: fn(&str, &str) -> String,
    /// A number, given as in a program, as people write it.
    pub number: fn(&str, &str) -> String,
    /// A day, given in milliseconds of the wall clock.
    pub date: fn(&str, f64) -> String,
}

/// Words that the gateway's own catalogue uses; of two that begin alike the longer is first.
const LABELS: [Text; 11] = [
    Text::LargeSquare,
    Text::Square,
    Text::Portrait,
    Text::Landscape,
    Text::Widescreen,
    Text::Length,
    Text::Resolution,
    Text::Format,
    Text::Size,
    Text::Quality,
    Text::Pictures,
];

/// Enough for English without a browser.
const PLAIN: Intl =
    Intl { plural: |_, number| english_form(number), number: |_, n| grouped(n), date: |_, _| String::new() };

thread_local! {
    /// What was read before, so that a page with many widgets, or one that changes languages, reads each file once.
    static KNOWN: RefCell<Vec<Words>> = const { RefCell::new(Vec::new()) };
}

impl Words {
    /// English, as it is compiled in.
    pub fn english() -> Words {
        static LOCALE: OnceLock<Locale> = OnceLock::new();
        Words(LOCALE.get_or_init(|| Locale { tag: "en", source: "", lines: values(ENGLISH), intl: PLAIN }))
    }

    /// The sentences of a locale's file, over the English ones. Lines without a name of ours are passed over.
    pub fn new(tag: &str, source: &str, intl: Intl) -> Words {
        let known = KNOWN.with_borrow(|known| known.iter().find(|words| words.is(tag, source)).copied());
        known.unwrap_or_else(|| {
            let words = Words(Box::leak(Box::new(read(leaked(tag), leaked(source), intl))));
            KNOWN.with_borrow_mut(|known| known.push(words));
            words
        })
    }

    /// The language's tag, such as `pt-BR`.
    pub fn tag(self) -> &'static str {
        self.0.tag
    }

    /// A sentence as it stands.
    pub fn get(self, text: Text) -> &'static str {
        self.0.lines.get(text as usize).copied().unwrap_or_default()
    }

    /// A sentence with something filled in.
    pub fn fill(self, text: Text, values: &[&str]) -> String {
        filled(self.get(text), values)
    }

    /// The form of a sentence that belongs to a number, with the number filled in. The number is written as in a
    /// program: `1234.5`.
    pub fn plural(self, text: Text, number: &str) -> String {
        let form = (self.0.intl.plural)(self.0.tag, number);
        let position = self.get(Text::PluralForms).split('|').position(|name| name == form);
        let forms = self.get(text);
        let chosen = position.and_then(|position| forms.split('|').nth(position));
        filled(chosen.or(forms.rsplit('|').next()).unwrap_or_default(), &[&self.number(number)])
    }

    /// A number, given as in a program, as people write it.
    pub fn number(self, number: &str) -> String {
        (self.0.intl.number)(self.0.tag, number)
    }

    /// A day, given in milliseconds of the wall clock.
    pub fn date(self, milliseconds: f64) -> String {
        (self.0.intl.date)(self.0.tag, milliseconds)
    }

    /// What a failure says. The gateway speaks English, and says more than its code does; other languages have a
    /// sentence for each kind.
    pub fn failure(self, failure: &Failure) -> String {
        if let Some(text) = failure.text {
            return self.fill(text, &[&failure.status.to_string()]);
        }
        let known = failure.code.map(of_code);
        if let Some((text, true)) = known {
            return self.get(text).to_owned();
        }
        if self.is_english() {
            return failure.message.clone();
        }
        let text = known.map_or_else(|| of_kind(failure.kind), |(text, _)| text);
        self.fill(text, &[&failure.message])
    }

    /// A label of the gateway's catalogue, whose usual English words have a translation; others stay as they are.
    pub fn label(self, label: &str) -> String {
        for text in LABELS {
            let rest = label.strip_prefix(Words::english().get(text));
            if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with(' ')) {
                return format!("{}{rest}", self.get(text));
            }
        }
        label.to_owned()
    }

    /// True where what the gateway says needs no translation.
    pub fn is_english(self) -> bool {
        self.0.tag.split('-').next() == Some("en")
    }

    fn is(self, tag: &str, source: &str) -> bool {
        self.0.tag == tag && self.0.source == source
    }
}

impl PartialEq for Words {
    fn eq(&self, other: &Words) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

fn read(tag: &'static str, source: &'static str, intl: Intl) -> Locale {
    let mut lines = values(ENGLISH);
    for line in source.lines() {
        let Some((name, value)) = line.split_once('=') else { continue };
        let place = ENGLISH.lines().position(|line| line.split('=').next() == Some(name));
        if let Some(slot) = place.and_then(|place| lines.get_mut(place)) {
            *slot = value;
        }
    }
    Locale { tag, source, lines, intl }
}

fn values(source: &'static str) -> Vec<&'static str> {
    source.lines().map(|line| line.split_once('=').map_or("", |(_, value)| value)).collect()
}

fn leaked(text: &str) -> &'static str {
    Box::leak(text.into())
}

/// What is filled in is not looked at again: a name with braces in it stays as it is.
fn filled(pattern: &str, values: &[&str]) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let place = after.bytes().next().map_or(usize::MAX, |digit| usize::from(digit.wrapping_sub(b'0')));
        match (values.get(place), after.get(1..2)) {
            (Some(value), Some("}")) => {
                out.push_str(value);
                rest = &after[2..];
            }
            _ => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn english_form(number: &str) -> String {
    if number == "1" { "one" } else { "other" }.to_owned()
}

/// Thousands apart.
fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = digits.find('.').map_or((digits, ""), |point| digits.split_at(point));
    let mut out = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(fraction);
    out
}

/// What a code of the gateway's means to the user and what helps, and whether that is all there is to say: of the others
/// the gateway itself says more, in English.
fn of_code(code: ErrorCode) -> (Text, bool) {
    match code {
        ErrorCode::InvalidToken | ErrorCode::TokenExpired => (Text::RefusedToken, true),
        ErrorCode::ChallengeRequired => (Text::FailedRobot, true),
        ErrorCode::ModelRetired => (Text::RefusedModel, true),
        ErrorCode::EventsGone | ErrorCode::StreamLost => (Text::RefusedRest, true),
        ErrorCode::AlreadyCharged => (Text::RefusedCharged, true),
        ErrorCode::IdempotencyMismatch => (Text::RefusedChanged, true),
        ErrorCode::UpstreamTimeout => (Text::RefusedSlow, true),
        ErrorCode::Unavailable => (Text::RefusedUnavailable, true),
        ErrorCode::Internal => (Text::RefusedServer, true),
        ErrorCode::InsufficientCredits => (Text::RefusedCredits, false),
        ErrorCode::ScopeDenied => (Text::RefusedScope, false),
        ErrorCode::InFlight | ErrorCode::Conflict => (Text::RefusedDuplicate, false),
        ErrorCode::NotFound => (Text::RefusedGone, false),
        ErrorCode::TooLarge => (Text::RefusedLarge, false),
        ErrorCode::ContentRefused => (Text::RefusedContent, false),
        ErrorCode::InvalidRequest => (Text::RefusedRequest, false),
        ErrorCode::RateLimited => (Text::RefusedBusy, false),
        ErrorCode::UpstreamFailed => (Text::RefusedUpstream, false),
    }
}

/// The same where a server has no code that is known here.
fn of_kind(kind: FailureKind) -> Text {
    match kind {
        FailureKind::Network => Text::FailedNetwork,
        FailureKind::Token => Text::RefusedToken,
        FailureKind::Credits => Text::RefusedCredits,
        FailureKind::Busy => Text::RefusedBusy,
        FailureKind::Duplicate => Text::RefusedDuplicate,
        FailureKind::Gone => Text::RefusedGone,
        FailureKind::Request => Text::RefusedRequest,
        FailureKind::Server => Text::RefusedServer,
    }
}

#[cfg(test)]
#[path = "locale/tests.rs"]
mod tests;

#[cfg(test)]
mod files;
