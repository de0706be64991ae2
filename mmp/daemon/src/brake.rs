//! A brake on guessing passwords: who was wrong often has to wait, longer each time.
//!
//! Invariants: one place a source (an IPv4 address, an IPv6 network of 64 bits, a console), [`PLACES`] of them at
//! most, so no attack makes it grow; sources do not wait for each other, and the console never waits for the network;
//! at most [`WAITING`] logins from the network wait at a time, the others are turned away. A right password gives back
//! what its try cost and no more, so an account of one's own is no way round it.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use mmp_control::{Kind, Refusal};

use crate::admission::peer;

/// Sources that are remembered.
const PLACES: usize = 1024;
/// Wrong passwords that cost nothing: slips.
const FREE: u32 = 3;
/// The longest pause after one wrong password.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// A wrong password is forgotten after this time without another.
const FORGOTTEN: Duration = Duration::from_secs(60);
/// Nobody waits longer; it is said instead.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Logins from the network that wait at a time.
const WAITING: usize = 16;

/// Who tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Somebody at the machine.
    Console,
    /// Somebody in the network.
    Network(IpAddr),
    /// Somebody whose address is not known, all in one place.
    Unknown,
}

impl Source {
    /// Of a login by a door that is the console or not.
    pub fn of(console: bool, origin: &str) -> Self {
        match (console, peer(origin)) {
            (true, _) => Self::Console,
            (false, Some(IpAddr::V6(address))) => {
                let network = u128::from(address) & !u128::from(u64::MAX);
                Self::Network(Ipv6Addr::from(network).into())
            }
            (false, Some(address)) => Self::Network(address),
            (false, None) => Self::Unknown,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Place {
    /// Tries that were wrong or are not decided yet.
    wrong: u32,
    last: Instant,
    /// When the next try may be checked.
    next: Instant,
}

/// The pure part: what each source has to wait.
#[derive(Debug, Default)]
struct Table(HashMap<Source, Place>);

impl Table {
    /// Takes the next turn of the source, or says how long it would have to wait.
    fn take(&mut self, source: Source, now: Instant) -> Result<Duration, Duration> {
        if self.0.len() >= PLACES && !self.0.contains_key(&source) {
            let oldest = self.0.iter().min_by_key(|(_, place)| place.last).map(|(source, _)| *source);
            oldest.map(|source| self.0.remove(&source));
        }
        let place = self.0.entry(source).or_insert(Place { wrong: 0, last: now, next: now });
        let forgotten = now.saturating_duration_since(place.last).as_secs() / FORGOTTEN.as_secs();
        place.wrong = place.wrong.saturating_sub(u32::try_from(forgotten).unwrap_or(u32::MAX));
        let wait = place.next.saturating_duration_since(now);
        if wait > LONGEST_WAIT {
            return Err(wait);
        }
        place.wrong = place.wrong.saturating_add(1);
        place.last = now;
        place.next = now + wait + pause(place.wrong);
        Ok(wait)
    }

    /// The try was right.
    fn give_back(&mut self, source: Source) {
        if let Some(place) = self.0.get_mut(&source) {
            place.wrong = place.wrong.saturating_sub(1);
            if place.wrong < FREE {
                place.next = place.last;
            }
        }
    }
}

/// After so many wrong passwords.
fn pause(wrong: u32) -> Duration {
    match wrong.checked_sub(FREE) {
        None => Duration::ZERO,
        Some(power) => Duration::from_secs(1 << power.min(3)).min(LONGEST_PAUSE),
    }
}

/// The brake.
#[derive(Debug, Default)]
pub struct Brake {
    table: Mutex<Table>,
    waiting: AtomicUsize,
}

impl Brake {
    /// Waits for the source's turn, or refuses.
    pub fn wait(&self, source: Source) -> Result<(), Refusal> {
        let taken = self.table.lock().unwrap_or_else(PoisonError::into_inner).take(source, Instant::now());
        let too_many = |seconds: u64| {
            Refusal::new(Kind::Unavailable, format!("Too many wrong passwords; try again in {seconds} s"))
        };
        let wait = taken.map_err(|wait| too_many(wait.as_secs() + 1))?;
        if wait.is_zero() {
            return Ok(());
        }
        let place = Waiting::enter(&self.waiting);
        if place.before >= WAITING && source != Source::Console {
            return Err(too_many(LONGEST_WAIT.as_secs()));
        }
        thread::sleep(wait);
        Ok(())
    }

    /// The password was right.
    pub fn give_back(&self, source: Source) {
        self.table.lock().unwrap_or_else(PoisonError::into_inner).give_back(source);
    }
}

struct Waiting<'a> {
    count: &'a AtomicUsize,
    before: usize,
}

impl<'a> Waiting<'a> {
    fn enter(count: &'a AtomicUsize) -> Self {
        Self { count, before: count.fetch_add(1, Ordering::SeqCst) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn from(address: &str) -> Source {
        Source::of(false, address)
    }

    #[test]
    fn slips_are_free_and_then_each_wrong_one_costs_more() {
        let (mut table, start) = (Table::default(), Instant::now());
        let mut now = start;
        let mut waits = Vec::new();
        for _ in 0..8 {
            let wait = table.take(from("192.0.2.1"), now).unwrap();
            waits.push(wait.as_secs());
            now += wait;
        }
        assert_eq!(waits, [0, 0, 0, 1, 2, 4, 8, 8]);
        assert_eq!(table.take(from("192.0.2.2"), now), Ok(Duration::ZERO), "another source does not wait");
        assert_eq!(table.take(Source::Console, now), Ok(Duration::ZERO));
        // A quarter of an hour later it is forgotten.
        assert_eq!(table.take(from("192.0.2.1"), now + Duration::from_secs(900)), Ok(Duration::ZERO));
    }

    #[test]
    fn tries_at_the_same_time_queue_up_and_are_turned_away_in_the_end() {
        let (mut table, now) = (Table::default(), Instant::now());
        let taken: Vec<_> = (0..7).map(|_| table.take(from("192.0.2.1"), now).map(|wait| wait.as_secs())).collect();
        let refused = Err(Duration::from_secs(15));
        assert_eq!(taken, [Ok(0), Ok(0), Ok(0), Ok(1), Ok(3), Ok(7), refused]);
    }

    #[test]
    fn a_right_password_gives_back_its_own_try_only() {
        let (mut table, now) = (Table::default(), Instant::now());
        let source = from("192.0.2.1");
        for _ in 0..50 {
            assert_eq!(table.take(source, now), Ok(Duration::ZERO));
            table.give_back(source);
        }
        for _ in 0..6 {
            let _ = table.take(source, now);
        }
        table.give_back(source);
        assert!(table.take(source, now).is_err());
    }

    #[test]
    fn a_network_of_64_bits_is_one_source() {
        assert_eq!(from("2001:db8::1"), from("[2001:db8::2]:22"));
        assert_ne!(from("2001:db8::1"), from("2001:db8:0:1::1"));
        assert_eq!(from("::ffff:192.0.2.1"), from("192.0.2.1"));
        assert_eq!(Source::of(true, "console tty1"), Source::of(true, "console ttyS0"));
    }

    #[test]
    fn the_table_does_not_grow() {
        let (mut table, now) = (Table::default(), Instant::now());
        for n in 0..5_000u32 {
            let source = Source::Network(IpAddr::V4(n.into()));
            let _ = table.take(source, now + Duration::from_millis(n.into()));
        }
        assert_eq!(table.0.len(), PLACES);
        assert!(table.0.contains_key(&Source::Network(IpAddr::V4(4_999.into()))));
    }

    proptest! {
        #[test]
        fn guessing_without_pause_gets_no_more_than_a_try_in_eight_seconds(gaps in prop::collection::vec(0u64..20_000, 1..200)) {
            let (mut table, start) = (Table::default(), Instant::now());
            let (mut now, mut checked) = (start, Vec::new());
            for gap in gaps {
                now += Duration::from_millis(gap);
                if let Ok(wait) = table.take(from("192.0.2.1"), now) {
                    checked.push(now + wait);
                }
            }
            // Once the first six have been paid for. Nothing is forgotten, as no gap is a minute long.
            for window in checked.windows(2).skip(6) {
                prop_assert!(window[1] >= window[0] + LONGEST_PAUSE);
            }
        }
    }
}
