//! Numbers and times as people read them.

use triptych_protocol::Receipt;

use crate::credits::grouped;
use crate::locale::{Text, Words};

/// Minutes and seconds.
pub(super) fn elapsed(milliseconds: f64) -> String {
    let seconds = (milliseconds / 1_000.0).max(0.0) as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Seconds to the second digit after the point, as in a program.
pub(super) fn hundredths(seconds: f64) -> String {
    let count = (seconds * 100.0).max(0.0).round() as u64;
    format!("{}.{:02}", count / 100, count % 100)
}

/// What became of a hold.
pub(super) fn receipt(words: Words, receipt: &Receipt) -> String {
    let charged = grouped(words, receipt.charged);
    let charged = if receipt.estimated { words.fill(Text::Estimated, &[&charged]) } else { charged };
    if receipt.returned == triptych_protocol::Credits::ZERO {
        return words.fill(Text::Charged, &[&charged]);
    }
    let (held, returned) = (grouped(words, receipt.held), grouped(words, receipt.returned));
    words.fill(Text::Receipt, &[&held, &charged, &returned])
}

/// Bytes as people count them: two digits are enough.
pub(super) fn size(words: Words, bytes: u64) -> String {
    let (unit, tenths) = match bytes {
        0..1_000 => (Text::Bytes, bytes * 10),
        1_000..1_000_000 => (Text::Kilobytes, bytes / 100),
        _ => (Text::Megabytes, bytes / 100_000),
    };
    let (whole, tenth) = (tenths / 10, tenths % 10);
    let number = if tenth == 0 || whole >= 10 { whole.to_string() } else { format!("{whole}.{tenth}") };
    words.fill(unit, &[&words.number(&number)])
}

/// A name that somebody else chose, for the middle of a sentence: its direction stays its own.
pub(super) fn isolated(name: &str) -> String {
    ["\u{2068}", name, "\u{2069}"].concat()
}

/// A link that may be followed: the gateway's word is data too.
pub(super) fn safe_link(url: &str) -> Option<String> {
    let lower = url.trim().to_ascii_lowercase();
    (lower.starts_with("https://") || lower.starts_with("http://")).then(|| url.trim().to_owned())
}

/// The host that a link leads to, without what may stand before it to look like one.
pub(super) fn link_host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    host.rsplit('@').next().unwrap_or_default()
}

/// The link that saves a file instead of showing it.
pub(super) fn download_link(url: &str) -> String {
    format!("{url}{}download=1", if url.contains('?') { '&' } else { '?' })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_naturally() {
        assert_eq!((elapsed(-5.0), elapsed(61_999.0)), ("0:00".into(), "1:01".into()));
        assert_eq!((hundredths(0.049), hundredths(12.999)), ("0.05".into(), "13.00".into()));
    }

    #[test]
    fn sizes_have_as_many_digits_as_anybody_reads() {
        let sizes = [0, 999, 1_000, 1_549, 15_490, 999_999, 1_000_000, 32_000_000]
            .map(|bytes| size(Words::english(), bytes));
        assert_eq!(sizes, ["0 B", "999 B", "1 KB", "1.5 KB", "15 KB", "999 KB", "1 MB", "32 MB"]);
    }

    #[test]
    fn a_link_with_a_script_in_it_is_not_followed() {
        assert_eq!(safe_link(" javascript:alert(1)"), None);
        assert_eq!(safe_link("HTTPS://shop.example").as_deref(), Some("HTTPS://shop.example"));
    }

    #[test]
    fn the_host_of_a_link_is_where_it_leads_and_not_what_it_looks_like() {
        for (url, host) in [
            ("https://a.example/b?c#d", "a.example"),
            ("https://bank.example@evil.example/", "evil.example"),
            ("https://evil.example\\@bank.example/", "evil.example"),
            ("https://a.example?x=https://b.example", "a.example"),
        ] {
            assert_eq!(link_host(url), host);
        }
    }
}
