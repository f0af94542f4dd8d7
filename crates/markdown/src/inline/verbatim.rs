//! What stands in a text as it is: formulas, addresses in angle brackets and tags.

use super::{Inline, Piece};
use crate::{
    Kind, Url, calm, html,
    link::Scan,
    math,
    text::{begins, part},
};

impl Inline<'_> {
    /// Takes the formula that begins here, if one does.
    pub(super) fn formula(&mut self) -> bool {
        let rest = self.rest();
        match math::inline(rest, self.previous()) {
            Scan::No => return false,
            // A digit may follow, which makes a price of it.
            Scan::Found(length, (_, false)) if length == rest.len() && begins(rest, "$") && self.live => {
                self.held = true;
            }
            Scan::Found(length, (source, display)) => {
                self.held |= length == rest.len() && begins(rest, "$");
                self.put(length, Piece::Math { source: String::from(source), display });
                return true;
            }
            Scan::Cut => self.held = true,
        }
        let likely = self.live && math::is_likely(rest);
        if likely {
            // Marks in a formula are no emphasis, also while it is on its way.
            self.put(rest.len(), Piece::Source(self.at, self.at + rest.len()));
        }
        likely
    }

    pub(super) fn angle(&mut self) {
        let rest = self.rest();
        if let Some((length, mail)) = html::autolink(rest) {
            let text = part(rest, 1..length - 1);
            let url = if mail { Url::new(&(String::from("mailto:") + text)) } else { Url::new(text) };
            let shown = Piece::Source(self.at + 1, self.at + length - 1);
            match url {
                Some(url) => {
                    self.put(0, Piece::Open(Kind::Link { url, title: None }));
                    self.pieces.push(shown);
                    self.put(length, Piece::Close);
                }
                None => self.put(length, shown),
            }
            return;
        }
        let mut scanner = html::Scanner::new(rest);
        match self.ends.special(rest).or_else(|| scanner.tag()) {
            Some(length) => self.put(length, Piece::Source(self.at, self.at + length)),
            None if self.live && calm::is_half_address(rest) => self.put(1, Piece::Nothing),
            None => {
                self.held |= scanner.cut || begins(rest, "<!") || begins(rest, "<?");
                self.held |= rest.bytes().skip(1).all(|byte| byte > b' ' && byte != b'<' && byte != b'>');
                self.at += 1;
            }
        }
    }
}
