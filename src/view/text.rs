//! Numbers and times as people read them.

use triptych_protocol::Receipt;

use crate::credits::grouped;

/// Minutes and seconds.
pub(super) fn elapsed(milliseconds: f64) -> String {
    let seconds = (milliseconds / 1_000.0).max(0.0) as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// What became of a hold.
pub(super) fn receipt(receipt: &Receipt) -> String {
    let about = if receipt.estimated { " (estimated)" } else { "" };
    if receipt.returned == triptych_protocol::Credits::ZERO {
        return format!("Charged {}{about}", grouped(receipt.charged));
    }
    format!(
        "Held {} · charged {}{about} · returned {}",
        grouped(receipt.held),
        grouped(receipt.charged),
        grouped(receipt.returned)
    )
}

/// A place in a queue.
pub(super) fn ordinal(number: u32) -> String {
    let suffix = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

/// A link that may be followed: the gateway's word is data too.
pub(super) fn safe_link(url: &str) -> Option<String> {
    let lower = url.trim().to_ascii_lowercase();
    (lower.starts_with("https://") || lower.starts_with("http://")).then(|| url.trim().to_owned())
}

/// The link that saves a file instead of showing it.
pub(super) fn download_link(url: &str) -> String {
    format!("{url}{}download=1", if url.contains('?') { '&' } else { '?' })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_times_read_naturally() {
        let places: Vec<String> = [1, 2, 3, 4, 11, 12, 21, 113].map(ordinal).into();
        assert_eq!(places, ["1st", "2nd", "3rd", "4th", "11th", "12th", "21st", "113th"]);
        assert_eq!((elapsed(-5.0), elapsed(61_999.0)), ("0:00".into(), "1:01".into()));
    }

    #[test]
    fn a_link_with_a_script_in_it_is_not_followed() {
        assert_eq!(safe_link(" javascript:alert(1)"), None);
        assert_eq!(safe_link("HTTPS://shop.example").as_deref(), Some("HTTPS://shop.example"));
    }
}
