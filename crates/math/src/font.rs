//! Alphabets: the letters of one shape have characters of their own, which need no style.

/// In which shape letters are set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Font {
    Default,
    Roman,
    Bold,
    BoldItalic,
    Blackboard,
    Script,
    Fraktur,
    Sans,
    Mono,
}

impl Font {
    pub(crate) fn of_command(name: &str) -> Option<Self> {
        Some(match name {
            "mathrm" | "rm" | "mathup" | "textrm" | "mathsfup" => Self::Roman,
            "mathbf" | "bf" | "textbf" | "mathbfup" => Self::Bold,
            "boldsymbol" | "bm" | "pmb" | "symbf" => Self::BoldItalic,
            "mathbb" | "Bbb" | "mathds" => Self::Blackboard,
            "mathcal" | "mathscr" | "cal" => Self::Script,
            "mathfrak" | "frak" => Self::Fraktur,
            "mathsf" | "sf" | "textsf" => Self::Sans,
            "mathtt" | "tt" | "texttt" => Self::Mono,
            "mathit" | "mathnormal" | "it" | "textit" => Self::Default,
            _ => return None,
        })
    }

    /// Where its capital and small letters, digits, capital and small Greek begin; 0 where it has none.
    fn starts(self) -> [u32; 5] {
        match self {
            Self::Default | Self::Roman => [0; 5],
            Self::Bold => [0x1D400, 0x1D41A, 0x1D7CE, 0x1D6A8, 0x1D6C2],
            Self::BoldItalic => [0x1D468, 0x1D482, 0x1D7CE, 0x1D71C, 0x1D736],
            Self::Blackboard => [0x1D538, 0x1D552, 0x1D7D8, 0, 0],
            Self::Script => [0x1D49C, 0x1D4B6, 0, 0, 0],
            Self::Fraktur => [0x1D504, 0x1D51E, 0, 0, 0],
            Self::Sans => [0x1D5A0, 0x1D5BA, 0x1D7E2, 0, 0],
            Self::Mono => [0x1D670, 0x1D68A, 0x1D7F6, 0, 0],
        }
    }

    /// The letters that were characters before the alphabets were.
    fn exceptions(self) -> &'static str {
        match self {
            Self::Blackboard => "CℂHℍNℕPℙQℚRℝZℤ",
            Self::Script => "BℬEℰFℱHℋIℐLℒMℳRℛeℯgℊoℴ",
            Self::Fraktur => "CℭHℌIℑRℜZℨ",
            _ => "",
        }
    }

    /// `character` in this shape.
    pub(crate) fn shape(self, character: char) -> char {
        let mut exceptions = self.exceptions().chars();
        while let Some(plain) = exceptions.next() {
            let shaped = exceptions.next();
            if plain == character {
                return shaped.unwrap_or(character);
            }
        }
        let (range, first) = match character {
            'A'..='Z' => (0, 'A'),
            'a'..='z' => (1, 'a'),
            '0'..='9' => (2, '0'),
            'Α'..='Ω' => (3, 'Α'),
            'α'..='ω' => (4, 'α'),
            _ => return character,
        };
        match self.starts().get(range) {
            Some(&start) if start > 0 => {
                char::from_u32(start + character as u32 - first as u32).unwrap_or(character)
            }
            _ => character,
        }
    }
}

/// How letters look that are set without an alphabet of their own.
#[cfg(any(feature = "wasm", test))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plain {
    Upright,
    Slanted,
    Bold,
}

/// A text for systems that have no such alphabets. A variable of one letter is `slanted`.
#[cfg(any(feature = "wasm", test))]
pub(crate) fn plain(text: &str, slanted: bool) -> (String, Plain) {
    let mut style = Plain::Upright;
    let plain: String = text
        .chars()
        .map(|character| {
            let code = character as u32;
            let (first, index, bold) = match code {
                0x1D400..=0x1D6A3 => {
                    let index = (code - 0x1D400) % 52;
                    let first = if index < 26 { 'A' } else { 'a' };
                    (first, index % 26, matches!((code - 0x1D400) / 52, 0 | 2))
                }
                0x1D6A8..=0x1D7C9 => {
                    let index = (code - 0x1D6A8) % 58;
                    if index < 25 { ('Α', index, true) } else { ('α', index.saturating_sub(26), true) }
                }
                0x1D7CE..=0x1D7FF => ('0', (code - 0x1D7CE) % 10, (code - 0x1D7CE) / 10 == 0),
                _ => return character,
            };
            if bold {
                style = Plain::Bold;
            }
            char::from_u32(first as u32 + index).unwrap_or(character)
        })
        .collect();
    let letter = text.chars().count() == 1 && plain == text && text.chars().all(crate::token::is_letter);
    if slanted && letter {
        style = Plain::Slanted;
    }
    (plain, style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_every_alphabet_can_be_set_without_it() {
        for font in [Font::Bold, Font::BoldItalic, Font::Blackboard, Font::Fraktur, Font::Sans, Font::Mono] {
            for letter in "Aby09".chars() {
                let shaped = String::from(font.shape(letter));
                assert_eq!(plain(&shaped, true).0, String::from(letter), "{shaped}");
            }
        }
        assert_eq!(plain("𝜶𝚪", true), ("αΓ".into(), Plain::Bold));
        assert_eq!(plain("𝐯", true), ("v".into(), Plain::Bold));
        assert_eq!(plain("x", true), ("x".into(), Plain::Slanted));
        assert_eq!(plain("sin", true), ("sin".into(), Plain::Upright));
        assert_eq!(plain("d", false), ("d".into(), Plain::Upright));
    }
}
