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
