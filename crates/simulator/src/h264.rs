//! The least of H.264 (ITU-T H.264, baseline profile) that makes a moving picture: one still, stored
//! uncompressed, and frames that are that still with every macroblock moved. There is no transform and
//! no search for motion, so seconds of video cost milliseconds even in an unoptimised build.

/// Macroblocks are squares of this many pixels.
pub(crate) const BLOCK: usize = 16;

/// Size of the coded picture and the part of it that is shown, from the top left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
    /// Even numbers of pixels.
    pub(crate) shown: (usize, usize),
    pub(crate) frames_per_second: u32,
}

/// A still in YCbCr 4:2:0, BT.709, limited range, covering all macroblocks of a [`Format`].
pub(crate) struct Planes {
    pub(crate) luma: Vec<u8>,
    pub(crate) chroma: [Vec<u8>; 2],
}

const PROFILE: u8 = 66;
const CONSTRAINTS: u8 = 0xc0;
const LEVEL: u8 = 31;
/// `frame_num` and `pic_order_cnt_lsb` have these many bits.
const FRAME_NUM_BITS: u32 = 4;
const ORDER_BITS: u32 = 16;

/// What the decoder must know first, both for `avcC`: sequence and picture parameter sets as NAL units.
pub(crate) fn parameter_sets(format: &Format) -> (Vec<u8>, Vec<u8>) {
    (sequence_parameters(format), picture_parameters())
}

/// Profile, compatibility and level, as `avcC` repeats them.
pub(crate) const PROFILE_BYTES: [u8; 3] = [PROFILE, CONSTRAINTS, LEVEL];

/// The still as a NAL unit that starts a sequence.
pub(crate) fn still(format: &Format, planes: &Planes) -> Vec<u8> {
    let mut bits = Bits::with_capacity(format.columns * format.rows * 392);
    bits.ue(0); // first_mb_in_slice
    bits.ue(7); // slice_type: I, and so are all slices of this picture
    bits.ue(0); // pic_parameter_set_id
    bits.put(FRAME_NUM_BITS, 0);
    bits.ue(0); // idr_pic_id
    bits.put(ORDER_BITS, 0);
    bits.put(2, 0); // no_output_of_prior_pics, long_term_reference
    bits.se(0); // slice_qp_delta
    bits.ue(1); // no deblocking
    let stride = format.columns * BLOCK;
    for row in 0..format.rows {
        for column in 0..format.columns {
            bits.ue(25); // mb_type: I_PCM
            bits.align();
            bits.block(&planes.luma, stride, column, row, BLOCK);
            for plane in &planes.chroma {
                bits.block(plane, stride / 2, column, row, BLOCK / 2);
            }
        }
    }
    bits.into_nal(0x65)
}

/// Frame `index`, from 1: the still with each macroblock taken from elsewhere. `motion` gives for a
/// column and a row how far to the right of itself it looks, in quarters of a pixel.
pub(crate) fn moved(format: &Format, index: u32, motion: impl Fn(usize, usize) -> i32) -> Vec<u8> {
    let mut bits = Bits::with_capacity(format.columns * format.rows + 64);
    bits.ue(0); // first_mb_in_slice
    bits.ue(5); // slice_type: P, and so are all slices of this picture
    bits.ue(0); // pic_parameter_set_id
    bits.put(FRAME_NUM_BITS, 1); // none of these is a reference, so all count from the still
    bits.put(ORDER_BITS, index * 2);
    bits.put(2, 0); // num_ref_idx_active_override, ref_pic_list_modification
    bits.se(0); // slice_qp_delta
    bits.ue(1); // no deblocking
    let mut above = vec![0; format.columns];
    let mut current = vec![0; format.columns];
    for row in 0..format.rows {
        for column in 0..format.columns {
            let vector = motion(column, row);
            let predicted = predict(&above, &current, row, column);
            current[column] = vector;
            if predicted == vector {
                // No skip, type 16x16, no difference across or down, no residual: five times ue(0).
                bits.put(5, 0b11111);
            } else {
                bits.put(2, 0b11);
                bits.se(vector - predicted);
                bits.put(2, 0b11);
            }
        }
        std::mem::swap(&mut above, &mut current);
    }
    bits.into_nal(0x01)
}

/// The standard's guess (8.4.1.3) at a macroblock's vector: the median of its neighbours to the left,
/// above, and above right or else above left. Outside the picture counts as not moving, except that in
/// the first row the left one alone decides.
fn predict(above: &[i32], current: &[i32], row: usize, column: usize) -> i32 {
    let left = column.checked_sub(1).map(|left| current[left]);
    if row == 0 {
        return left.unwrap_or(0);
    }
    let corner = above.get(column + 1).or_else(|| column.checked_sub(1).and_then(|left| above.get(left)));
    match (left, corner) {
        (None, None) => above[column],
        (left, corner) => {
            let mut three = [left.unwrap_or(0), above[column], corner.copied().unwrap_or(0)];
            three.sort_unstable();
            three[1]
        }
    }
}

fn sequence_parameters(format: &Format) -> Vec<u8> {
    let mut bits = Bits::with_capacity(64);
    for byte in PROFILE_BYTES {
        bits.put(8, u32::from(byte));
    }
    bits.ue(0); // seq_parameter_set_id
    bits.ue(FRAME_NUM_BITS - 4);
    bits.ue(0); // pic_order_cnt_type
    bits.ue(ORDER_BITS - 4);
    bits.ue(1); // max_num_ref_frames
    bits.put(1, 0); // no gaps in frame_num
    bits.ue(format.columns as u32 - 1);
    bits.ue(format.rows as u32 - 1);
    bits.put(3, 0b111); // frames only, direct_8x8_inference, cropping
    bits.ue(0);
    bits.ue((format.columns * BLOCK - format.shown.0) as u32 / 2);
    bits.ue(0);
    bits.ue((format.rows * BLOCK - format.shown.1) as u32 / 2);
    bits.put(1, 1); // usability information follows
    bits.put(1, 1);
    bits.put(8, 1); // square pixels
    bits.put(1, 0); // no overscan information
    bits.put(5, 0b11010); // video signal: format unspecified, limited range
    bits.put(1, 1);
    for _ in 0..3 {
        bits.put(8, 1); // primaries, transfer and matrix of BT.709
    }
    bits.put(1, 0); // no chroma location
    bits.put(1, 1); // timing: two ticks a frame
    bits.put(32, 1);
    bits.put(32, format.frames_per_second * 2);
    bits.put(1, 1);
    bits.put(3, 0); // no HRD parameters, no picture structure
    bits.put(2, 0b11); // restrictions: vectors may leave the picture
    for value in [0, 0, 14, 8, 0, 1] {
        bits.ue(value); // the last two: nothing is reordered, one frame is kept
    }
    bits.into_nal(0x67)
}

fn picture_parameters() -> Vec<u8> {
    let mut bits = Bits::with_capacity(16);
    bits.ue(0); // pic_parameter_set_id
    bits.ue(0); // seq_parameter_set_id
    bits.put(2, 0); // CAVLC, no field order
    bits.ue(0); // one slice group
    bits.ue(0); // one reference frame in list 0
    bits.ue(0);
    bits.put(3, 0); // no weighted prediction
    for _ in 0..3 {
        bits.se(0); // quantisers
    }
    bits.put(3, 0b100); // slices say themselves whether they are deblocked
    bits.into_nal(0x68)
}

/// A raw byte sequence payload under construction.
struct Bits {
    bytes: Vec<u8>,
    waiting: u64,
    count: u32,
}

impl Bits {
    fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), waiting: 0, count: 0 }
    }

    fn put(&mut self, count: u32, value: u32) {
        self.waiting = (self.waiting << count) | u64::from(value);
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            self.bytes.push((self.waiting >> self.count) as u8);
        }
        self.waiting &= (1 << self.count) - 1;
    }

    /// An unsigned Exp-Golomb number.
    fn ue(&mut self, value: u32) {
        let width = 32 - (value + 1).leading_zeros();
        self.put(width - 1, 0);
        self.put(width, value + 1);
    }

    /// A signed Exp-Golomb number.
    fn se(&mut self, value: i32) {
        self.ue(if value > 0 { value.unsigned_abs() * 2 - 1 } else { value.unsigned_abs() * 2 });
    }

    fn align(&mut self) {
        if self.count > 0 {
            self.put(8 - self.count, 0);
        }
    }

    /// The samples of one macroblock, from a byte boundary on.
    fn block(&mut self, plane: &[u8], stride: usize, column: usize, row: usize, side: usize) {
        for line in 0..side {
            let start = (row * side + line) * stride + column * side;
            self.bytes.extend_from_slice(&plane[start..start + side]);
        }
    }

    /// Ends the payload and escapes what a decoder could take for a start code.
    fn into_nal(mut self, header: u8) -> Vec<u8> {
        self.put(1, 1);
        self.align();
        let mut nal = Vec::with_capacity(self.bytes.len() + 16);
        nal.push(header);
        let mut zeros = 0;
        for byte in self.bytes {
            if zeros == 2 && byte <= 3 {
                nal.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            nal.push(byte);
        }
        nal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_exp_golomb() {
        let mut bits = Bits::with_capacity(4);
        for value in [0, 1, 2, 3] {
            bits.ue(value); // 1 010 011 00100
        }
        bits.se(-1); // 011
        bits.align();
        assert_eq!(bits.bytes, [0b1010_0110, 0b0100_0110]);
    }

    #[test]
    fn start_codes_inside_a_payload_are_escaped() {
        let mut bits = Bits::with_capacity(8);
        for byte in [0, 0, 1, 0, 0, 0] {
            bits.put(8, byte);
        }
        assert_eq!(bits.into_nal(0x65), [0x65, 0, 0, 3, 1, 0, 0, 3, 0, 0x80]);
    }

    #[test]
    fn the_prediction_is_the_neighbours_median() {
        let above = [4, 8, 12];
        assert_eq!(predict(&above, &[6, 0, 0], 1, 1), 8);
        assert_eq!(predict(&above, &[6, 7, 0], 1, 2), 8);
        assert_eq!(predict(&above, &[0, 0, 0], 1, 0), 4);
        assert_eq!(predict(&above, &[5, 0, 0], 0, 1), 5);
    }
}
