use std::f32::consts::TAU;

/// Samples a second of all sound made here.
pub(crate) const RATE: u32 = 24_000;
/// Bytes of a WAV's or a sound chunk's head.
const HEAD: usize = 8;
/// MPEG-1 layer III, 32 kbit/s, 44.1 kHz, mono: 1,152 samples in 104 bytes. With nothing in it, it is silence.
const MP3_HEAD: [u8; 4] = [0xff, 0xfb, 0x10, 0xc4];
const MP3_FRAME: usize = 104;
/// AAC-LC in ADTS, 44.1 kHz, mono: 1,024 samples of silence in 13 bytes.
const AAC_FRAME: [u8; 13] = [0xff, 0xf1, 0x50, 0x40, 0x01, 0xbf, 0xfc, 0x00, 0xc8, 0x00, 0x80, 0x23, 0x80];

/// A murmur with a tone for each letter and a pause for each gap: 16-bit mono at [`RATE`].
pub(crate) fn murmur(text: &str, speed: f32) -> Vec<i16> {
    let length = (RATE as f32 * 0.06 / speed.clamp(0.25, 4.0)) as usize;
    let mut samples = Vec::with_capacity(length * text.len());
    for letter in text.chars() {
        let pitch = match letter.to_ascii_lowercase() {
            'a' => 220.0,
            'e' => 262.0,
            'i' => 330.0,
            'o' => 196.0,
            'u' => 175.0,
            letter if letter.is_alphanumeric() => 120.0 + (letter as u32 % 24) as f32 * 4.0,
            _ => 0.0,
        };
        for at in 0..length {
            let place = at as f32 / length as f32;
            let loudness = (place * TAU / 2.0).sin() * if pitch > 0.0 { 0.25 } else { 0.0 };
            let wave = (at as f32 / RATE as f32 * pitch * TAU).sin();
            samples.push((wave * loudness * f32::from(i16::MAX)) as i16);
        }
    }
    samples
}

/// Samples as they are, little-endian.
pub(crate) fn pcm(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// A WAV file, whose comment is the text, so that a transcription can be right.
pub(crate) fn wav(samples: &[i16], text: &str) -> Vec<u8> {
    let data = pcm(samples);
    let mut comment = text.as_bytes().to_vec();
    comment.push(0);
    comment.resize(comment.len().next_multiple_of(2), 0);
    let mut info = b"INFO".to_vec();
    info.extend(chunk(b"ICMT", &comment));
    let mut format = Vec::new();
    format.extend([1_u16, 1].iter().flat_map(|word| word.to_le_bytes()));
    format.extend([RATE, RATE * 2].iter().flat_map(|word| word.to_le_bytes()));
    format.extend([2_u16, 16].iter().flat_map(|word| word.to_le_bytes()));
    let mut body = b"WAVE".to_vec();
    for part in [chunk(b"fmt ", &format), chunk(b"LIST", &info), chunk(b"data", &data)] {
        body.extend(part);
    }
    chunk(b"RIFF", &body)
}

/// Silence of at least that length as MP3.
pub(crate) fn mp3(ms: u64) -> Vec<u8> {
    let frames = (ms * 441).div_ceil(11_520).max(1) as usize;
    let mut frame = [0; MP3_FRAME];
    frame[..4].copy_from_slice(&MP3_HEAD);
    frame.repeat(frames)
}

/// Silence of at least that length as AAC.
pub(crate) fn aac(ms: u64) -> Vec<u8> {
    AAC_FRAME.repeat((ms * 441).div_ceil(10_240).max(1) as usize)
}

/// The length of a sound in milliseconds and the text in its comment. What is no WAV of ours is taken
/// for 32 kbit/s.
pub(crate) fn listen(file: &[u8]) -> (u64, Option<String>) {
    let guess = file.len() as u64 / 4;
    if !file.starts_with(b"RIFF") || file.get(8..12) != Some(b"WAVE") {
        return (guess, None);
    }
    let (mut at, mut rate, mut length, mut text) = (12, 0, None, None);
    while let Some(head) = file.get(at..at + HEAD) {
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let body = file.get(at + HEAD..).unwrap_or_default();
        let body = body.get(..size.min(body.len())).unwrap_or_default();
        match &head[..4] {
            b"fmt " => {
                rate = body
                    .get(8..12)
                    .map_or(0, |rate| u32::from_le_bytes([rate[0], rate[1], rate[2], rate[3]]));
            }
            b"data" if rate > 0 => length = Some(body.len() as u64 * 1000 / u64::from(rate)),
            b"LIST" if body.get(..8) == Some(b"INFOICMT") => {
                let comment = body.get(12..).unwrap_or_default().split(|byte| *byte == 0).next();
                text = comment.and_then(|comment| String::from_utf8(comment.to_vec()).ok());
            }
            _ => {}
        }
        at += HEAD + size.next_multiple_of(2);
    }
    (length.unwrap_or(guess), text)
}

fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len() + HEAD);
    bytes.extend(name);
    bytes.extend((body.len() as u32).to_le_bytes());
    bytes.extend(body);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spoken_into_a_wav_can_be_heard_again() {
        let samples = murmur("a b", 1.0);
        assert_eq!(samples.len() as u32, RATE * 18 / 100);
        let file = wav(&samples, "a b");
        assert_eq!(listen(&file), (180, Some("a b".to_owned())));
    }

    #[test]
    fn broken_files_are_guessed_at() {
        for file in [b"RIFF".as_slice(), b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff12", b""] {
            assert_eq!(listen(file), (file.len() as u64 / 4, None));
        }
    }

    #[test]
    fn a_second_of_silence_has_a_seconds_frames() {
        assert_eq!(mp3(1000).len(), 39 * MP3_FRAME);
        assert_eq!(aac(1000).len(), 44 * AAC_FRAME.len());
    }
}
