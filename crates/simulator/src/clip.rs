/// `AxB` as two numbers.
pub(crate) fn parse_pair(text: &str, separator: char) -> Option<(u32, u32)> {
    let (a, b) = text.split_once(separator)?;
    Some((a.parse().ok()?, b.parse().ok()?))
}

/// The same ratio in its smallest numbers.
pub(crate) fn reduce(a: u32, b: u32) -> (u32, u32) {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    (a / x.max(1), b / x.max(1))
}
pub(crate) fn encode(_prompt: &str, _ratio: (u32, u32), _seconds: u32) -> Vec<u8> {
    Vec::new()
}
