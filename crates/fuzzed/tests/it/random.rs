/// Changes inputs at random, in a way that can be repeated.
pub(crate) struct Random(u64);

/// What parsers trip over.
const AWKWARD: [&[u8]; 24] = [
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\"",
    b"\\",
    b"\\ud800",
    b"{",
    b"[",
    b"]",
    b"}",
    b",",
    b":",
    b"%",
    b"%00",
    b"%zz",
    b"&",
    b"=",
    b";q=1e9",
    b"-0",
    b"1e400",
    "\u{202e}".as_bytes(),
    "\u{fdfa}".as_bytes(),
    "铸".as_bytes(),
    "𠮷".as_bytes(),
];

impl Random {
    pub(crate) fn seeded(name: &str) -> Self {
        Self(name.bytes().fold(0x9e37_79b9_7f4a_7c15, |it, byte| {
            (it ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(most.max(1)).unwrap()).unwrap()
    }

    /// A seed, or two that were joined, with a few changes.
    pub(crate) fn changed(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        if self.below(8) == 0 {
            let other = &seeds[self.below(seeds.len())];
            let (cut, from) = (self.below(bytes.len() + 1), self.below(other.len() + 1));
            bytes.truncate(cut);
            bytes.extend(&other[from..]);
        }
        for _ in 0..=self.below(6) {
            self.change(&mut bytes);
        }
        bytes.truncate(100_000);
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len() + 1);
        match self.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
            1 if at < bytes.len() => bytes[at] = self.next().to_le_bytes()[0],
            2 => {
                let end = (at + self.below(16)).min(bytes.len());
                bytes.drain(at..end);
            }
            3 => {
                let awkward = AWKWARD[self.below(AWKWARD.len())];
                bytes.splice(at..at, awkward.iter().copied());
            }
            4 => {
                let end = (at + self.below(64)).min(bytes.len());
                let piece = bytes[at..end].repeat(1 + self.below(20));
                bytes.splice(at..at, piece);
            }
            _ => bytes.insert(at, self.next().to_le_bytes()[0]),
        }
    }
}
