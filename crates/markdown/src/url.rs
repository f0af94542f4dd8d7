/// An absolute `http`, `https` or `mailto` address: the only kind that a [`Node`](crate::Node) can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    /// Takes an address if its scheme is on the allow-list. Control characters are dropped, as browsers drop them,
    /// before the scheme is looked at, so that they cannot hide one; white space inside becomes `%20`.
    pub fn new(address: &str) -> Option<Self> {
        let mut url = String::new();
        for character in address.trim_matches(|c: char| c <= ' ').chars() {
            match character {
                // Marks that reorder text would let an address read as another one.
                '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {}
                ' ' => url.push_str("%20"),
                c if c.is_control() => {}
                c => url.push(c),
            }
        }
        let allowed = after(&url, "http://")
            .or_else(|| after(&url, "https://"))
            .is_some_and(|rest| !rest.starts_with(['/', '\\', '?', '#', ':', '@']))
            || after(&url, "mailto:").is_some();
        allowed.then_some(Self(url))
    }

    /// The address, fit for an `href`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What follows `scheme` in `url`, if anything does.
fn after<'a>(url: &'a str, scheme: &str) -> Option<&'a str> {
    let head = url.get(..scheme.len())?;
    let rest = url.get(scheme.len()..)?;
    (head.eq_ignore_ascii_case(scheme) && !rest.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::Url;

    fn cleaned(address: &str) -> Option<String> {
        Url::new(address).map(|url| url.as_str().to_owned())
    }

    #[test]
    fn web_and_mail_addresses_pass() {
        for address in ["https://a.example/x?y=1#z", "http://a", "HTTPS://A.example", "mailto:a@b.example"] {
            assert_eq!(cleaned(address).as_deref(), Some(address));
        }
    }

    #[test]
    fn everything_else_does_not() {
        for address in [
            "",
            "/a",
            "a",
            "#a",
            "?a",
            "//evil.example",
            "\\\\evil",
            "http:",
            "http://",
            "http:///x",
            "http:/x",
            "https:evil.example",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            "\u{1}javascript:alert(1)",
            " javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "blob:https://a",
            "file:///etc/passwd",
            "ftp://a",
            "ws://a",
            "intent://a",
            "about:blank",
            "view-source:http://a",
            "x-https://a",
            "mailto:",
            "jav\u{200b}ascript:1",
            "ｊavascript:1",
            "https\u{ff1a}//a",
            "http://\\evil",
        ] {
            assert_eq!(cleaned(address), None, "{address:?}");
        }
    }

    #[test]
    fn hidden_characters_are_taken_out_before_the_scheme_is_read() {
        assert_eq!(cleaned(" ht\ttp\ns://a.example/b c ").as_deref(), Some("https://a.example/b%20c"));
        assert_eq!(cleaned("https://a\u{202e}.example").as_deref(), Some("https://a.example"));
    }
}
