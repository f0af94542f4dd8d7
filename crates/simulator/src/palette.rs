use crate::tokens;

/// Red, green, blue.
pub(crate) type Colour = [u8; 3];

/// The colours of one scene.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    /// From the zenith to the horizon.
    pub(crate) sky: [Colour; 3],
    pub(crate) sun: Colour,
    /// From the farthest to the nearest.
    pub(crate) hills: [Colour; 2],
    /// From the shore to the viewer.
    pub(crate) water: [Colour; 2],
}

pub(crate) const WHITE: Colour = [255, 255, 255];
pub(crate) const INK: Colour = [12, 14, 30];

const fn palette(sky: [Colour; 3], sun: Colour, hills: [Colour; 2], water: [Colour; 2]) -> Palette {
    Palette { sky, sun, hills, water }
}

const PALETTES: [Palette; 8] = [
    // Sunset
    palette(
        [[52, 30, 92], [196, 70, 110], [255, 176, 112]],
        [255, 232, 176],
        [[158, 62, 112], [42, 24, 66]],
        [[214, 104, 116], [48, 28, 82]],
    ),
    // Sea
    palette(
        [[10, 54, 110], [40, 130, 190], [184, 230, 240]],
        [255, 250, 224],
        [[82, 156, 186], [12, 58, 92]],
        [[92, 190, 208], [10, 60, 104]],
    ),
    // Forest
    palette(
        [[18, 70, 74], [82, 150, 120], [232, 236, 186]],
        [255, 246, 206],
        [[112, 166, 122], [14, 52, 48]],
        [[146, 190, 150], [20, 66, 66]],
    ),
    // Night
    palette(
        [[8, 10, 36], [30, 34, 92], [98, 84, 160]],
        [244, 240, 255],
        [[62, 58, 126], [12, 14, 40]],
        [[80, 76, 150], [12, 14, 46]],
    ),
    // Desert
    palette(
        [[58, 96, 140], [214, 168, 130], [252, 222, 170]],
        [255, 244, 214],
        [[222, 148, 96], [112, 52, 44]],
        [[236, 186, 128], [128, 66, 50]],
    ),
    // Aurora
    palette(
        [[10, 20, 56], [20, 104, 118], [132, 226, 178]],
        [232, 255, 240],
        [[38, 120, 128], [10, 30, 58]],
        [[84, 186, 166], [12, 38, 72]],
    ),
    // Lavender
    palette(
        [[74, 62, 140], [164, 128, 204], [250, 208, 222]],
        [255, 244, 236],
        [[150, 116, 186], [58, 42, 104]],
        [[206, 166, 212], [66, 50, 118]],
    ),
    // Snow
    palette(
        [[70, 104, 150], [148, 180, 212], [238, 240, 246]],
        [255, 252, 240],
        [[172, 194, 220], [58, 86, 128]],
        [[204, 220, 236], [78, 110, 152]],
    ),
];

const HINTS: [(&[&str], usize); 8] = [
    (&["sunset", "sunrise", "dusk", "dawn", "evening", "warm", "fire", "autumn"], 0),
    (&["sea", "ocean", "beach", "lake", "boat", "harbour", "harbor", "water", "island", "blue"], 1),
    (&["forest", "tree", "trees", "garden", "green", "jungle", "meadow", "fox"], 2),
    (&["night", "star", "stars", "moon", "space", "city", "neon", "galaxy"], 3),
    (&["desert", "dune", "dunes", "sand", "canyon", "camel"], 4),
    (&["aurora", "northern", "arctic", "polar"], 5),
    (&["lavender", "flower", "flowers", "spring", "dream", "purple", "pink"], 6),
    (&["snow", "winter", "ice", "mountain", "mountains", "alps", "fog", "misty"], 7),
];

impl Palette {
    /// The colours a prompt hints at, or else a choice by its hash. Another index gives other colours.
    pub(crate) fn of(prompt: &str, index: usize) -> Self {
        let lower = prompt.to_lowercase();
        let words: Vec<&str> = lower.split(|letter: char| !letter.is_alphanumeric()).collect();
        let hinted = HINTS.iter().find(|(hints, _)| hints.iter().any(|hint| words.contains(hint)));
        let chosen = hinted.map_or((tokens::hash(&lower) >> 17) as usize, |(_, chosen)| *chosen);
        // Five has no factor in common with eight, so neighbours differ and all are visited.
        PALETTES[(chosen + index * 5) % PALETTES.len()]
    }
}

/// The colour at `place`, 0 to 1, between two.
pub(crate) fn mix(a: Colour, b: Colour, place: f32) -> Colour {
    std::array::from_fn(|channel| {
        let (a, b) = (f32::from(a[channel]), f32::from(b[channel]));
        (a + (b - a) * place).round() as u8
    })
}
