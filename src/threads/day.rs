use crate::locale::Text;

const DAY_MS: f64 = 86_400_000.0;

/// When something was said last, as lists are parted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// Today, or what a wrong clock puts into the future.
    Today,
    /// Yesterday.
    Yesterday,
    /// Within seven days.
    Week,
    /// Within thirty days.
    Month,
    /// Before that.
    Older,
}

impl Day {
    /// The part of the list for a time. `offset` is the local time's distance from UTC as browsers give it: minutes,
    /// negative to the east.
    pub fn of(then: f64, now: f64, offset: f64) -> Day {
        let day = |time: f64| ((time - offset * 60_000.0) / DAY_MS).floor();
        match day(now) - day(then) {
            days if days < 1.0 => Day::Today,
            days if days < 2.0 => Day::Yesterday,
            days if days < 7.0 => Day::Week,
            days if days < 30.0 => Day::Month,
            _ => Day::Older,
        }
    }

    /// Its heading.
    pub const fn label(self) -> Text {
        match self {
            Day::Today => Text::Today,
            Day::Yesterday => Text::Yesterday,
            Day::Week => Text::LastWeek,
            Day::Month => Text::LastMonth,
            Day::Older => Text::Older,
        }
    }
}
