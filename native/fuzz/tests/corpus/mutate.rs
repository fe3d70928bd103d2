//! Seeded mutations: flips, cuts, splices, and numbers at their extremes.
use fluss_testkit::Random;

/// Numbers that lengths, counts and offsets break at.
const EXTREMES: [u64; 12] =
    [0, 1, 7, 8, 63, 64, 0x7f, 0xff, 0x7fff_ffff, 0xffff_ffff, 0x7fff_ffff_ffff_ffff, 0xffff_ffff_ffff_ffff];

/// An input of the corpus with one to four changes.
pub(crate) fn mutate(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let any = |random: &mut Random| &corpus[random.below(corpus.len() as u64) as usize];
    let mut input = any(random).clone();
    for _ in 0..=random.below(4) {
        let len = input.len() as u64;
        // Half of the changes hit the first bytes, where headers and lengths are.
        let reach = if random.below(2) == 0 { len.min(160) } else { len };
        let at = random.below(reach.max(1)) as usize;
        match random.below(6) {
            0 if at < input.len() => input[at] ^= 1 << random.below(8),
            1 if at < input.len() => input[at] = random.bits() as u8,
            2 => input.truncate(at),
            3 => {
                let other = any(random);
                let from = random.below(other.len() as u64 + 1) as usize;
                let n = random.below(64) as usize;
                let piece = &other[from..other.len().min(from + n)];
                if random.below(2) == 0 {
                    input.splice(at.min(input.len())..at.min(input.len()), piece.iter().copied());
                } else {
                    input.truncate(at);
                    input.extend_from_slice(&other[from..]);
                }
            }
            _ => {
                let width = 1 << random.below(4);
                let near = random.below(3).wrapping_sub(1);
                let value = EXTREMES[random.below(EXTREMES.len() as u64) as usize].wrapping_add(near).to_le_bytes();
                if let Some(out) = input.get_mut(at..at + width) {
                    out.copy_from_slice(&value[..width]);
                }
            }
        }
    }
    input
}
