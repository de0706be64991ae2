//! What is on its way to a server, and how far the server has come. Pure.
//!
//! A place is had by the server when its kernel has acknowledged every byte up to the line's end. A connection that ends
//! in an orderly way, or of which nothing is heard any more, resumes exactly there: a kernel closes a connection in an
//! orderly way only when its program has read everything.
//!
//! A reset is the other case: the program died before it had read what its kernel took, or the kernel itself did. What
//! was acknowledged in the last moments before, and where the server had stopped reading what its full buffer held, is
//! sent again: a line twice, which its number tells, is better than a line lost.
//!
//! Invariant: a resumed position never lies after an acknowledged byte.

use std::{collections::VecDeque, time::Duration};

/// What was acknowledged this short a time before a reset may have been unread.
const UNREAD: Duration = Duration::from_secs(1);
/// More than a receiver's buffer holds is not taken back.
const LARGEST_WINDOW: u64 = 4 << 20;

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The server closed it, or nothing was heard of it any more.
    Quiet,
    /// The server's kernel broke it off.
    Reset,
}

#[derive(Clone, Debug)]
struct Mark {
    /// Byte of the connection at which the line ends.
    end: u64,
    place: String,
    acknowledged: Option<Duration>,
}

/// One connection.
#[derive(Clone, Debug)]
pub struct Flight {
    /// The place that the connection began after, or one that nothing can be taken back behind.
    base: Option<String>,
    marks: VecDeque<Mark>,
    acknowledged: u64,
    /// Bytes that the server offered to take, last and at most.
    window: u64,
    widest: u64,
}

impl Flight {
    /// A connection that goes on after this place.
    pub fn new(base: Option<String>) -> Self {
        Self { base, marks: VecDeque::new(), acknowledged: 0, window: 0, widest: 0 }
    }

    /// A line was queued that ends at this byte of the connection.
    pub fn queued(&mut self, end: u64, place: String) {
        self.marks.push_back(Mark { end, place, acknowledged: None });
    }

    /// The server's kernel has acknowledged so many bytes of the connection and offers a window of `window`. True if it
    /// has taken a whole line more.
    pub fn acknowledged(&mut self, bytes: u64, window: u64, now: Duration) -> bool {
        self.window = window;
        self.widest = self.widest.max(window).min(LARGEST_WINDOW);
        self.acknowledged = self.acknowledged.max(bytes);
        let mut more = false;
        for mark in self.marks.iter_mut().filter(|mark| mark.end <= bytes && mark.acknowledged.is_none()) {
            mark.acknowledged = Some(now);
            more = true;
        }
        self.forget(now);
        more
    }

    /// The newest place that the server has.
    pub fn place(&self) -> Option<&str> {
        let had = self.marks.iter().rev().find(|mark| mark.acknowledged.is_some());
        had.map(|mark| mark.place.as_str()).or(self.base.as_deref())
    }

    /// Bytes acknowledged.
    pub fn acknowledged_bytes(&self) -> u64 {
        self.acknowledged
    }

    /// Lines that the server does not have yet.
    pub fn is_empty(&self) -> bool {
        self.marks.back().is_none_or(|mark| mark.acknowledged.is_some())
    }

    /// Where the next connection goes on.
    pub fn resume(&self, end: End, now: Duration) -> Option<&str> {
        if end == End::Quiet {
            return self.place();
        }
        let sure = |mark: &&Mark| self.is_settled(mark, now);
        self.marks.iter().take_while(sure).last().map(|mark| mark.place.as_str()).or(self.base.as_deref())
    }

    /// Acknowledged, and read by all that can be known.
    fn is_settled(&self, mark: &Mark, now: Duration) -> bool {
        // What a window lost of its width is in the buffer, unread; a receiver may also have made its buffer larger
        // meanwhile, up to twice the window in Linux.
        let unread = match self.widest.saturating_sub(self.window) {
            lost if lost > self.widest / 4 => lost + self.widest,
            lost => lost,
        };
        let old = mark.acknowledged.is_some_and(|at| now.saturating_sub(at) >= UNREAD);
        old && mark.end + unread <= self.acknowledged
    }

    /// Lets go of marks that nothing goes back to, whatever happens.
    fn forget(&mut self, now: Duration) {
        while let Some(mark) = self.marks.front() {
            let old = mark.acknowledged.is_some_and(|at| now.saturating_sub(at) >= UNREAD);
            if !old || mark.end + 2 * self.widest > self.acknowledged {
                return;
            }
            self.base = self.marks.pop_front().map(|mark| mark.place);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OPEN: u64 = 65_536;

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn three() -> Flight {
        let mut flight = Flight::new(Some("0".into()));
        for n in 1..=3 {
            flight.queued(n * 100, n.to_string());
        }
        flight
    }

    #[test]
    fn a_line_is_had_when_its_last_byte_is_acknowledged() {
        let mut flight = three();
        assert!(!flight.acknowledged(99, OPEN, at(0)));
        assert_eq!(flight.place(), Some("0"));
        assert!(flight.acknowledged(200, OPEN, at(1)));
        assert_eq!((flight.place(), flight.is_empty()), (Some("2"), false));
        assert_eq!(flight.resume(End::Quiet, at(2)), Some("2"));
        flight.acknowledged(300, OPEN, at(3));
        assert!(flight.is_empty());
    }

    #[test]
    fn a_reset_takes_back_what_was_acknowledged_in_the_last_moment() {
        let mut flight = three();
        flight.acknowledged(100, OPEN, at(0));
        flight.acknowledged(300, OPEN, at(5000));
        assert_eq!(flight.resume(End::Reset, at(5100)), Some("1"));
        assert_eq!(flight.resume(End::Reset, at(6000)), Some("3"), "read long ago");
        assert_eq!(flight.resume(End::Quiet, at(5100)), Some("3"));
    }

    #[test]
    fn a_reset_takes_back_what_a_server_that_stopped_reading_holds() {
        let mut flight = Flight::new(None);
        for n in 1..=10 {
            flight.queued(n * 100, n.to_string());
        }
        flight.acknowledged(300, 250, at(0));
        flight.acknowledged(800, 0, at(10));
        assert_eq!(flight.resume(End::Reset, at(90_000)), Some("3"));
        flight.acknowledged(1000, 250, at(90_000));
        assert_eq!(flight.resume(End::Reset, at(100_000)), Some("10"), "it reads again");
    }

    #[test]
    fn nothing_is_remembered_of_lines_that_were_read_long_ago() {
        let mut flight = Flight::new(None);
        for n in 1..=10_000_u64 {
            flight.queued(n * 100, n.to_string());
            flight.acknowledged(n * 100, 1000, at(n * 100));
        }
        assert!(flight.marks.len() < 50, "{}", flight.marks.len());
        assert_eq!(flight.place(), Some("10000"));
    }

    proptest! {
        #[test]
        fn no_line_is_passed_over(
            lengths in proptest::collection::vec(1u64..300, 1..60),
            steps in proptest::collection::vec((0u64..500, 0u64..2000, 0u64..3000), 0..40),
        ) {
            let mut flight = Flight::new(Some("0".into()));
            let mut ends = vec![0];
            for length in lengths {
                ends.push(ends[ends.len() - 1] + length);
                flight.queued(ends[ends.len() - 1], (ends.len() - 1).to_string());
            }
            let (mut acknowledged, mut now) = (0, 0);
            for (bytes, window, wait) in steps {
                acknowledged = (acknowledged + bytes).min(ends[ends.len() - 1]);
                now += wait;
                flight.acknowledged(acknowledged, window, at(now));
                let number = |place: Option<&str>| place.unwrap().parse::<usize>().unwrap();
                let had = number(flight.place());
                prop_assert!(ends[had] <= acknowledged && ends.get(had + 1).is_none_or(|end| *end > acknowledged));
                prop_assert_eq!(number(flight.resume(End::Quiet, at(now))), had);
                prop_assert!(number(flight.resume(End::Reset, at(now))) <= had);
            }
        }
    }
}
