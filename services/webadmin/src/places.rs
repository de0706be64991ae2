//! How many connections there are, and which one goes when another comes.
//!
//! Invariants: at most [`MOST`] connections in all and [`MOST_OF_ONE`] from one source; a newcomer beyond that takes the
//! place of the connection that has been idle the longest (of its own source, if that has too many), and is turned away
//! only when none is idle. So whoever opens ten thousand connections and says nothing keeps nobody out.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use tokio::sync::Notify;

/// Connections in all.
pub const MOST: usize = 1024;
/// Connections of one source.
pub const MOST_OF_ONE: usize = 200;

/// Whose connections are counted together: an IPv4 address, or an IPv6 network of 64 bits, which one customer has.
pub fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

/// All of them.
#[derive(Debug)]
pub struct Places {
    most: usize,
    most_of_one: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    connections: HashMap<u64, Connection>,
    sources: HashMap<IpAddr, usize>,
}

#[derive(Debug)]
struct Connection {
    source: IpAddr,
    /// Since when nothing is asked on it; none while something is.
    idle: Option<Instant>,
    requests: usize,
    leave: Arc<Notify>,
    leaving: bool,
}

/// A connection's place, until it is dropped.
#[derive(Clone, Debug)]
pub struct Place(Arc<Held>);

#[derive(Debug)]
struct Held {
    all: Arc<Places>,
    number: u64,
    leave: Arc<Notify>,
}

/// A request that goes on, until it is dropped.
#[derive(Debug)]
pub struct Busy(Place);

impl Places {
    /// None taken yet.
    pub fn new(most: usize, most_of_one: usize) -> Arc<Self> {
        Arc::new(Self { most, most_of_one, taken: Mutex::default() })
    }

    /// A place for one more.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let source = source(address);
        let mut taken = self.lock();
        let own = taken.sources.get(&source).copied().unwrap_or(0);
        if own >= self.most_of_one {
            taken.dismiss(|connection| connection.source == source)?;
        } else if taken.sources.values().sum::<usize>() >= self.most {
            taken.dismiss(|_| true)?;
        }
        let (number, leave) = (taken.next, Arc::new(Notify::new()));
        taken.next += 1;
        let idle = Some(Instant::now());
        let connection = Connection { source, idle, requests: 0, leave: Arc::clone(&leave), leaving: false };
        taken.connections.insert(number, connection);
        *taken.sources.entry(source).or_default() += 1;
        Some(Place(Arc::new(Held { all: Arc::clone(self), number, leave })))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.lock().connections.len()
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// Sends the one away that has been idle the longest, and counts it no more.
    fn dismiss(&mut self, which: impl Fn(&Connection) -> bool) -> Option<()> {
        let idle = self.connections.values_mut().filter(|connection| !connection.leaving && which(connection));
        let longest = idle.filter(|connection| connection.idle.is_some()).min_by_key(|connection| connection.idle)?;
        longest.leaving = true;
        longest.leave.notify_one();
        let source = longest.source;
        self.uncount(source);
        Some(())
    }

    fn uncount(&mut self, source: IpAddr) {
        match self.sources.get_mut(&source) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(self.sources.remove(&source)),
        }
    }
}

impl Place {
    /// A request has begun.
    pub fn busy(&self) -> Busy {
        if let Some(connection) = self.0.all.lock().connections.get_mut(&self.0.number) {
            connection.requests += 1;
            connection.idle = None;
        }
        Busy(self.clone())
    }

    /// Comes back when the place is needed for another.
    pub async fn dismissed(&self) {
        self.0.leave.notified().await;
    }

    /// Since when nothing is asked.
    pub fn idle(&self) -> Option<Instant> {
        self.0.all.lock().connections.get(&self.0.number)?.idle
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let held = &self.0.0;
        if let Some(connection) = held.all.lock().connections.get_mut(&held.number) {
            connection.requests -= 1;
            if connection.requests == 0 {
                connection.idle = Some(Instant::now());
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut taken = self.all.lock();
        if let Some(connection) = taken.connections.remove(&self.number)
            && !connection.leaving
        {
            taken.uncount(connection.source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_longest_idle_gives_way_and_never_a_busy_one() {
        let places = Places::new(8, 2);
        let first = places.enter(ip("192.0.2.1")).unwrap();
        let busy = first.busy();
        let second = places.enter(ip("192.0.2.1")).unwrap();
        let third = places.enter(ip("192.0.2.1")).unwrap();
        let leaving = |place: &Place| places.lock().connections[&place.0.number].leaving;
        assert!(!leaving(&first) && leaving(&second) && !leaving(&third));
        let also = third.busy();
        assert!(places.enter(ip("192.0.2.1")).is_none(), "all are busy");
        assert!(places.enter(ip("192.0.2.2")).is_some(), "others come in");
        drop((busy, also));
        assert!(places.enter(ip("192.0.2.1")).is_some());
    }

    #[test]
    fn all_sources_together_have_their_bound_and_a_newcomer_comes_in() {
        let places = Places::new(4, 2);
        let held: Vec<_> = (1..=40_u8).map(|last| places.enter(IpAddr::from([192, 0, 2, last]))).collect();
        assert!(held.iter().all(Option::is_some));
        assert_eq!(places.lock().sources.values().sum::<usize>(), 4);
        drop(held);
        assert!(places.lock().sources.is_empty() && places.count() == 0);
    }

    #[test]
    fn an_ipv6_network_is_one_source() {
        assert_eq!(source(ip("2001:db8::1")), source(ip("2001:db8::2")));
        assert_eq!(source(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }
}
