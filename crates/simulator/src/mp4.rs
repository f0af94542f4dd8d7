/// A silent H.264 track for [`write`].
pub(crate) struct Track<'a> {
    pub(crate) width: u16,
    pub(crate) height: u16,
    pub(crate) frames_per_second: u32,
    /// Profile, compatibility and level.
    pub(crate) profile: [u8; 3],
    pub(crate) sequence_parameters: &'a [u8],
    pub(crate) picture_parameters: &'a [u8],
    /// One NAL unit a frame. Only the first can be decoded by itself.
    pub(crate) frames: &'a [Vec<u8>],
}

/// Units a second in which the file counts time; a multiple of the usual frame rates.
const TIMESCALE: u32 = 600;

/// An MP4 file (ISO/IEC 14496-12 and -15) whose index stands before the data, so that it plays while it loads.
pub(crate) fn write(track: &Track<'_>) -> Vec<u8> {
    let ftyp = full(b"ftyp", &[b"isom", &[0, 0, 2, 0], b"isomiso2avc1mp41"]);
    // The offset of the data is in the index, whose length does not depend on the offset's value.
    let header = ftyp.len() + movie(track, 0).len() + 8;
    let mut file = ftyp;
    file.extend(movie(track, header as u32));
    let data: usize = track.frames.iter().map(|frame| frame.len() + 4).sum();
    file.extend((data as u32 + 8).to_be_bytes());
    file.extend(b"mdat");
    for frame in track.frames {
        file.extend((frame.len() as u32).to_be_bytes());
        file.extend(frame);
    }
    file
}

fn movie(track: &Track<'_>, data_offset: u32) -> Vec<u8> {
    let pace = TIMESCALE / track.frames_per_second;
    let duration = pace * track.frames.len() as u32;
    let mvhd = full(
        b"mvhd",
        &[
            &words(&[0, 0, 0, TIMESCALE, duration, 0x0001_0000, 0x0100_0000, 0, 0]),
            &words(&MATRIX),
            &[0; 24],
            &words(&[2]),
        ],
    );
    let size = [u32::from(track.width) << 16, u32::from(track.height) << 16];
    let tkhd =
        full(b"tkhd", &[&words(&[3, 0, 0, 1, 0, duration, 0, 0, 0, 0]), &words(&MATRIX), &words(&size)]);
    let mdhd = full(b"mdhd", &[&words(&[0, 0, 0, TIMESCALE, duration, 0x55c4_0000])]);
    let hdlr = full(b"hdlr", &[&words(&[0, 0]), b"vide", &[0; 12], b"video\0"]);
    let vmhd = full(b"vmhd", &[&words(&[1, 0, 0])]);
    let url = full(b"url ", &[&words(&[1])]);
    let dinf = full(b"dinf", &[&full(b"dref", &[&words(&[0, 1]), &url])]);
    let minf = full(b"minf", &[&vmhd, &dinf, &sample_table(track, pace, data_offset)]);
    let mdia = full(b"mdia", &[&mdhd, &hdlr, &minf]);
    full(b"moov", &[&mvhd, &full(b"trak", &[&tkhd, &mdia])])
}

fn sample_table(track: &Track<'_>, pace: u32, data_offset: u32) -> Vec<u8> {
    let count = track.frames.len() as u32;
    let sizes: Vec<u32> = track.frames.iter().map(|frame| frame.len() as u32 + 4).collect();
    let stsd = full(b"stsd", &[&words(&[0, 1]), &sample_entry(track)]);
    let stts = full(b"stts", &[&words(&[0, 1, count, pace])]);
    let stss = full(b"stss", &[&words(&[0, 1, 1])]);
    let stsc = full(b"stsc", &[&words(&[0, 1, 1, count, 1])]);
    let stsz = full(b"stsz", &[&words(&[0, 0, count]), &words(&sizes)]);
    let stco = full(b"stco", &[&words(&[0, 1, data_offset])]);
    full(b"stbl", &[&stsd, &stts, &stss, &stsc, &stsz, &stco])
}

fn sample_entry(track: &Track<'_>) -> Vec<u8> {
    let length = |nal: &[u8]| (nal.len() as u16).to_be_bytes();
    let (sps, pps) = (track.sequence_parameters, track.picture_parameters);
    // 0xff: lengths of four bytes; 0xe1: one sequence parameter set.
    let avcc =
        full(b"avcC", &[&[1], &track.profile, &[0xff, 0xe1], &length(sps), sps, &[1], &length(pps), pps]);
    let [width, height] = [track.width, track.height].map(u16::to_be_bytes);
    full(
        b"avc1",
        &[
            &[0, 0, 0, 0, 0, 0, 0, 1],
            &[0; 16],
            &width,
            &height,
            &words(&[0x0048_0000, 0x0048_0000, 0]),
            &[0, 1],
            &[0; 32],
            &[0, 24, 0xff, 0xff],
            &avcc,
        ],
    )
}

const MATRIX: [u32; 9] = [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000];

/// A box: its length, its name and what is in it.
fn full(name: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = Vec::with_capacity(length + 8);
    bytes.extend((length as u32 + 8).to_be_bytes());
    bytes.extend(name);
    for part in parts {
        bytes.extend(*part);
    }
    bytes
}

fn words(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_points_at_the_first_frame() {
        let frames = [vec![0x65, 9, 9, 9], vec![0x01, 7]];
        let file = write(&Track {
            width: 64,
            height: 64,
            frames_per_second: 24,
            profile: [66, 0xc0, 31],
            sequence_parameters: &[0x67],
            picture_parameters: &[0x68],
            frames: &frames,
        });
        let place = file.windows(4).position(|name| name == b"stco").map_or(0, |at| at + 12);
        let offset = file[place..place + 4].iter().fold(0, |sum, byte| sum * 256 + usize::from(*byte));
        assert_eq!(file[offset..offset + 8], [0, 0, 0, 4, 0x65, 9, 9, 9]);
        assert_eq!(file.len(), offset + 8 + 6);
    }
}
