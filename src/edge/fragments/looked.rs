//! A joined record for whoever only asks where secrets are: its lines as they came, with masks where these begin.

use std::ops::Range;

use crate::engine::mask::emit::Out;

/// Hands on the lines of a record while it is judged.
pub struct Looked<'a, S> {
    /// What stands between two stretches of the record, and where in it.
    between: Vec<(usize, [&'a [u8]; 2])>,
    next: usize,
    /// What stands behind the last.
    behind: &'a [u8],
    at: usize,
    sink: &'a mut S,
}

impl<'a, S: FnMut(&[u8])> Looked<'a, S> {
    /// For lines, and where in each its stretch of the record stands; the first begins with it.
    pub fn new(lines: impl Iterator<Item = (&'a [u8], Range<usize>)>, sink: &'a mut S) -> Self {
        let (mut between, mut behind, mut at) = (Vec::new(), &b""[..], 0);
        for (line, own) in lines {
            between.push((at, [behind, &line[..own.start]]));
            at += own.len();
            behind = &line[own.end..];
        }
        Looked { between, next: 0, behind, at: 0, sink }
    }

    /// The record has ended.
    pub fn end(self) {
        (self.sink)(self.behind);
    }

    /// Behind a piece, since what is sent next may have to be a mask.
    fn catch_up(&mut self) {
        while let Some((_, texts)) = self.between.get(self.next).filter(|(place, _)| *place <= self.at) {
            texts.iter().for_each(|text| (self.sink)(text));
            self.next += 1;
        }
    }
}

impl<S: FnMut(&[u8])> Out for Looked<'_, S> {
    fn clean(&mut self, mut text: &[u8]) {
        while !text.is_empty() {
            let until = self.between.get(self.next).map_or(usize::MAX, |(place, _)| *place);
            let (here, rest) = text.split_at(text.len().min(until.saturating_sub(self.at)));
            (self.sink)(here);
            self.at += here.len();
            text = rest;
            self.catch_up();
        }
    }

    fn mask(&mut self, mask: &[u8], covers: usize) {
        (self.sink)(mask);
        self.at += covers;
        self.catch_up();
    }
}

#[cfg(test)]
mod tests {
    use super::Looked;
    use crate::engine::mask::emit::Out;

    #[test]
    fn lines_come_as_they_were_around_masks() {
        let mut seen = Vec::new();
        let mut sink = |text: &[u8]| seen.push(String::from_utf8_lossy(text).into_owned());
        let lines: [(&[u8], _); 3] = [(b"T P one SEC\n", 0..11), (b"T P RET\n", 4..7), (b"T F  two\n", 4..8)];
        let mut looked = Looked::new(lines.into_iter(), &mut sink);
        looked.clean(b"T P one ");
        looked.mask(b"[x]", 6);
        looked.clean(b" two");
        looked.end();
        assert_eq!(seen.concat(), "T P one [x]\nT P \nT F  two\n");
        assert!(seen.contains(&"[x]".to_owned()), "a mask comes by itself");
    }
}
