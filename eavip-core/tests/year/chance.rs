//! Chance that is the same in every run: SplitMix64 (Steele, Lea and Flood 2014), seeded.

use eavip_core::time::Span;

/// A row of numbers that look random and follow from the seed.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `from` to `to`, both included.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % (to - from + 1)
    }

    /// Yes, in so many of a hundred cases.
    pub fn percent(&mut self, share: u64) -> bool {
        self.between(0, 99) < share
    }

    /// One of some.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let at = self.between(0, from.len() as u64 - 1);
        from[usize::try_from(at).unwrap()]
    }

    /// A time from `from` to `to` minutes, to the second.
    pub fn minutes(&mut self, from: u64, to: u64) -> Span {
        Span::from_secs(self.between(from * 60, to * 60))
    }
}
