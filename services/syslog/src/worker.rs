//! One log to one server: connect, hand on, wait, begin again, until the service ends.
//!
//! Invariants: what goes out next is always what follows the position; a position is written before anything that
//! depends on it and never moves past a line that the server's kernel does not have.

use std::{
    collections::VecDeque,
    convert::Infallible,
    io,
    net::UdpSocket,
    os::fd::{AsFd, BorrowedFd},
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use mmp_log::{
    Facility, Level, Record, Source,
    forward::{Log, Target},
    source::distance,
    system,
};
use mmp_model::syslog::Transport;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustls::ClientConfig;

use crate::{
    backoff::Backoff,
    channel::{self, Channel},
    flight::{End, Flight},
    message::{framed, message},
    position::{Kept, Position},
    status::{Board, now},
};

/// Bytes that a connection may have queued or in flight; more stays in the log.
const MOST_IN_FLIGHT: u64 = 256 << 10;
/// Bytes that are prepared for the kernel at a time.
const PREPARED: usize = 32 << 10;
/// How often a log without a watch is looked at.
const UNWATCHED: Duration = Duration::from_millis(50);
/// How often the kernel is asked for acknowledgements: soon at first, seldom when none come.
const ASK_SOON: Duration = Duration::from_millis(5);
const ASK_SELDOM: Duration = Duration::from_millis(200);
/// Asks in vain after which a server with a closed window is said not to read: about five seconds.
const NOT_READING: u32 = 30;
/// After the server's farewell, longest time for what was on its way.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How often a position that moves is put on the medium.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// Datagrams in a row before a pause, so that a backlog does not overrun the receiver.
const DATAGRAMS: usize = 32;
const DATAGRAM_PAUSE: Duration = Duration::from_millis(2);

/// Times of the trade; tests have shorter ones.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// First wait after a failure.
    pub first_retry: Duration,
    /// Longest wait.
    pub longest_retry: Duration,
    /// Longest time for a connection and a handshake, each.
    pub connect: Duration,
    /// Longest time for the last acknowledgements when the service ends.
    pub farewell: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            first_retry: Duration::from_secs(1),
            longest_retry: Duration::from_secs(30),
            connect: Duration::from_secs(10),
            farewell: Duration::from_secs(2),
        }
    }
}

/// What a worker works with.
pub struct Worker<'a> {
    /// Which log to whom.
    pub target: Target,
    /// Where to tell how it goes, and under which index.
    pub board: &'a Board,
    /// See there.
    pub index: usize,
    /// How TLS servers are checked.
    pub tls: Option<Arc<ClientConfig>>,
    /// Times.
    pub times: Times,
    /// Becomes readable when the service ends.
    pub stop: BorrowedFd<'a>,
    /// The name in lines of the service's own.
    pub host: String,
}

/// Why a conversation with a server ended.
enum Over {
    /// The service ends.
    Stopped,
    /// The connection.
    Lost(End, String),
    /// The log cannot be read or the position cannot be kept.
    Ours(io::Error),
}

impl From<io::Error> for Over {
    fn from(error: io::Error) -> Self {
        Self::Ours(error)
    }
}

impl Worker<'_> {
    /// Works until the service ends.
    pub fn run(&self, open: &dyn Fn() -> io::Result<Box<dyn Source>>, position: &Path) {
        let mut backoff = Backoff::new(self.times.first_retry, self.times.longest_retry);
        loop {
            let text = match self.attend(open, position, &mut backoff) {
                Err(Over::Stopped) => return,
                Err(Over::Lost(_, text)) => text,
                Err(Over::Ours(error)) => format!("this appliance: {}", channel::plain(&error)),
            };
            self.board.update(self.index, |status| {
                status.connected = false;
                status.error = Some((now(), text));
            });
            if self.pause(backoff.failed()) {
                return;
            }
        }
    }

    /// Opens log and position, and serves connections until something of ours breaks.
    fn attend(
        &self,
        open: &dyn Fn() -> io::Result<Box<dyn Source>>,
        path: &Path,
        backoff: &mut Backoff,
    ) -> Result<Infallible, Over> {
        let mut source = open()?;
        let (mut position, found) = Position::open(path)?;
        let kept = match found {
            Some(kept) => kept,
            None => self.begin(&mut *source, &mut position)?,
        };
        let mut progress = Progress { position, kept, unsynced: None };
        self.tell(&progress.kept);
        if self.target.server.transport == Transport::Udp {
            return self.datagrams(&mut *source, &mut progress);
        }
        let channel = Channel::open(&self.target.server, self.tls.as_ref(), self.times.connect)
            .map_err(|error| Over::Lost(End::Quiet, error.to_string()))?;
        self.board.update(self.index, |status| status.connected = true);
        let mut stream = Stream {
            worker: self,
            flight: Flight::new(progress.kept.place.clone()),
            gaps: VecDeque::new(),
            line: Line::after(&mut *source, progress.kept.place.as_deref())?,
            source: &mut *source,
            channel,
            progress: &mut progress,
            started: Instant::now(),
            idle_asks: 0,
        };
        let over = stream.run(backoff);
        if let Over::Lost(end, _) = &over {
            // What the kernel still learnt before the end counts.
            stream.settle(*end)?;
            let place = stream.flight.resume(*end, stream.started.elapsed()).map(str::to_owned);
            stream.progress.move_to(place)?;
            stream.progress.sync()?;
        }
        let Stream { channel, flight, .. } = stream;
        if flight.is_empty() && matches!(over, Over::Stopped) {
            channel.close();
        }
        self.tell(&progress.kept);
        Err(over)
    }

    /// A server that is new gets what comes from now on.
    fn begin(&self, source: &mut dyn Source, position: &mut Position) -> io::Result<Kept> {
        source.seek_last(1)?;
        let place = match source.next()? {
            Some(_) => Some(source.place()?),
            None => None,
        };
        let kept = Kept { place, missing: 0 };
        position.write(&kept)?;
        position.sync()?;
        Ok(kept)
    }

    fn tell(&self, kept: &Kept) {
        self.board.update(self.index, |status| {
            status.position.clone_from(&kept.place);
            status.missing = kept.missing;
        });
    }

    /// True when the service ends meanwhile.
    fn pause(&self, wait: Duration) -> bool {
        let deadline = Instant::now() + wait;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            if self.wait(None, None, left).is_ok_and(|woken| woken.stop) {
                return true;
            }
        }
    }

    fn wait(
        &self,
        channel: Option<(BorrowedFd<'_>, bool)>,
        source: Option<BorrowedFd<'_>>,
        most: Duration,
    ) -> io::Result<Woken> {
        let mut waits = vec![PollFd::new(self.stop, PollFlags::POLLIN)];
        waits.extend(channel.map(|(fd, write)| {
            PollFd::new(fd, if write { PollFlags::POLLIN | PollFlags::POLLOUT } else { PollFlags::POLLIN })
        }));
        waits.extend(source.map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
        // Rounded up, so that the last part of a millisecond is not spun through.
        let most = PollTimeout::try_from(most.as_millis().min(60_000) + 1).unwrap_or(PollTimeout::MAX);
        match poll(&mut waits, most) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ready = |index: usize| waits.get(index).is_some_and(|fd| fd.any().unwrap_or(true));
        let at = usize::from(channel.is_some());
        Ok(Woken { stop: ready(0), source: source.is_some() && ready(1 + at) })
    }

    /// The messages of a line: before it one of the service's own, where lines are missing.
    fn frames(&self, next: &Next) -> Vec<Vec<u8>> {
        let frame =
            |record: &Record, number| framed(&message(record, self.target.log, number), self.target.server.transport);
        let number = system::number(&next.place).map(|(_, number)| number).or_else(|| next.place.parse().ok());
        let notice = next.missing.map(|missing| frame(&self.notice(missing), None));
        notice.into_iter().chain([frame(&next.record, number)]).collect()
    }

    fn notice(&self, missing: Missing) -> Record {
        let log = if self.target.log == Log::Audit { "audit log" } else { "system log" };
        let text = match missing {
            Missing::Lines(1) => format!("1 line of the {log} was not kept long enough and is missing here"),
            Missing::Lines(count) => {
                format!("{count} lines of the {log} were not kept long enough and are missing here")
            }
            Missing::Unknown => format!("lines of the {log} were not kept long enough and are missing here"),
        };
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        Record::new(at, Facility::SYSLOG, Level::WARNING, &self.host, "syslog", &text)
    }

    /// UDP: nobody says what arrived; what could be sent counts.
    fn datagrams(&self, source: &mut dyn Source, progress: &mut Progress) -> Result<Infallible, Over> {
        let address = channel::addresses(&self.target.server)
            .map_err(|error| Over::Lost(End::Quiet, error.to_string()))?
            .into_iter()
            .next()
            .ok_or_else(|| Over::Lost(End::Quiet, "the name has no address".into()))?;
        let lost = |error: io::Error| Over::Lost(End::Quiet, channel::plain(&error));
        let socket = UdpSocket::bind(if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" }).map_err(lost)?;
        socket.connect(address).map_err(lost)?;
        let mut line = Line::after(source, progress.kept.place.as_deref())?;
        let mut in_a_row = 0;
        let mut before = progress.kept.place.clone();
        loop {
            while let Some(next) = line.next(source)? {
                for frame in self.frames(&next) {
                    if let Err(error) = socket.send(&frame) {
                        if error.kind() == io::ErrorKind::ConnectionRefused {
                            // Told of the datagram before, which therefore did not arrive.
                            progress.move_to(before.take())?;
                        }
                        return Err(lost(error));
                    }
                }
                self.board.update(self.index, |status| status.connected = true);
                before.clone_from(&progress.kept.place);
                progress.kept.missing += count(next.missing);
                progress.move_to(Some(next.place))?;
                in_a_row += 1;
                if in_a_row % DATAGRAMS == 0 {
                    thread::sleep(DATAGRAM_PAUSE);
                    progress.sync_if_due()?;
                    self.tell(&progress.kept);
                }
            }
            progress.sync()?;
            self.tell(&progress.kept);
            let woken = self.wait(None, source.changes(), idle(source))?;
            if woken.stop {
                return Err(Over::Stopped);
            }
            source.refresh()?;
        }
    }
}

fn count(missing: Option<Missing>) -> u64 {
    match missing {
        None => 0,
        Some(Missing::Lines(count)) => count,
        // At least one: the number is not known, that there is one is.
        Some(Missing::Unknown) => 1,
    }
}

/// How long nothing needs to be looked at.
fn idle(source: &dyn Source) -> Duration {
    if source.changes().is_some() { Duration::from_secs(60) } else { UNWATCHED }
}

struct Woken {
    stop: bool,
    source: bool,
}

/// How far the server has come, in memory and on the disk.
struct Progress {
    position: Position,
    kept: Kept,
    /// Since when something waits for the medium.
    unsynced: Option<Instant>,
}

impl Progress {
    fn move_to(&mut self, place: Option<String>) -> io::Result<()> {
        if place == self.kept.place {
            return Ok(());
        }
        self.kept.place = place;
        self.write()
    }

    fn write(&mut self) -> io::Result<()> {
        self.position.write(&self.kept)?;
        self.unsynced.get_or_insert_with(Instant::now);
        Ok(())
    }

    fn sync_if_due(&mut self) -> io::Result<()> {
        if self.unsynced.is_some_and(|since| since.elapsed() >= SYNC_EVERY) { self.sync() } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.unsynced.take().is_some() {
            self.position.sync()?;
        }
        Ok(())
    }
}

/// A line, and how many before it are missing.
struct Next {
    record: Record,
    place: String,
    missing: Option<Missing>,
}

/// Lines that were not kept long enough.
#[derive(Clone, Copy)]
enum Missing {
    Lines(u64),
    /// The log was begun anew meanwhile.
    Unknown,
}

/// The log from a place on.
struct Line {
    last: Option<String>,
    /// The first line follows a place that is no longer kept.
    torn: bool,
}

impl Line {
    fn after(source: &mut dyn Source, place: Option<&str>) -> io::Result<Self> {
        let exact = match place {
            Some(place) => source.seek_after(place)?,
            None => source.seek_head().map(|()| true)?,
        };
        Ok(Self { last: place.map(str::to_owned), torn: !exact })
    }

    fn next(&mut self, source: &mut dyn Source) -> io::Result<Option<Next>> {
        let Some(record) = source.next()? else { return Ok(None) };
        let place = source.place()?;
        let apart = self.last.as_deref().and_then(|last| distance(last, &place));
        let torn = std::mem::take(&mut self.torn);
        let missing = match apart {
            Some(apart) if apart > 1 => Some(Missing::Lines(apart - 1)),
            None if torn => Some(Missing::Unknown),
            _ => None,
        };
        self.last = Some(place.clone());
        Ok(Some(Next { record, place, missing }))
    }
}

/// A connection that stands.
struct Stream<'a, 'b> {
    worker: &'a Worker<'b>,
    source: &'a mut dyn Source,
    line: Line,
    flight: Flight,
    /// Where lines are missing, and how many.
    gaps: VecDeque<(u64, u64)>,
    channel: Channel,
    progress: &'a mut Progress,
    started: Instant,
    /// Times in a row that the kernel had nothing new.
    idle_asks: u32,
}

impl Stream<'_, '_> {
    fn run(&mut self, backoff: &mut Backoff) -> Over {
        match self.hand_on(backoff) {
            Ok(never) => match never {},
            Err(over) => over,
        }
    }

    fn hand_on(&mut self, backoff: &mut Backoff) -> Result<Infallible, Over> {
        // Before the first byte the window is as wide as the server's buffer allows.
        let (_, peer) = self.channel.progress()?;
        self.flight.acknowledged(0, peer.window, self.started.elapsed());
        loop {
            // A server that goes is noticed before anything more is given to it.
            self.channel.read().map_err(lost)?;
            self.prepare()?;
            self.channel.write().map_err(lost)?;
            if self.advance()? {
                backoff.succeeded();
            }
            let most = match (self.flight.is_empty(), self.idle_asks) {
                (true, _) => idle(self.source),
                (false, asks) => (ASK_SOON * 2_u32.saturating_pow(asks.min(10))).min(ASK_SELDOM),
            };
            let write = self.channel.pending() > 0;
            // While the server is to take first what it has, news of the log can wait.
            let changes = if self.is_full() { None } else { self.source.changes() };
            let woken = self.worker.wait(Some((self.channel.as_fd(), write)), changes, most)?;
            if woken.stop {
                self.farewell()?;
                return Err(Over::Stopped);
            }
            if woken.source || self.source.changes().is_none() {
                self.source.refresh()?;
            }
        }
    }

    fn is_full(&self) -> bool {
        let queued = self.channel.pending() as u64;
        queued + self.channel.in_flight(self.flight.acknowledged_bytes()) >= MOST_IN_FLIGHT
    }

    /// Takes lines out of the log, as many as the connection should hold.
    fn prepare(&mut self) -> Result<(), Over> {
        while self.channel.pending() < PREPARED && !self.is_full() {
            let Some(next) = self.line.next(self.source)? else { return Ok(()) };
            let mut end = 0;
            for frame in self.worker.frames(&next) {
                end = self.channel.queue(&frame)?;
            }
            self.gaps.extend(next.missing.map(|missing| (end, count(Some(missing)))));
            self.flight.queued(end, next.place);
        }
        Ok(())
    }

    /// Looks how far the server has come. True if it has a line more.
    fn advance(&mut self) -> Result<bool, Over> {
        if self.flight.is_empty() {
            self.progress.sync()?;
            return Ok(false);
        }
        let (bytes, peer) = self.channel.progress()?;
        let more = self.flight.acknowledged(bytes, peer.window, self.started.elapsed());
        if more {
            self.idle_asks = 0;
            self.count_gaps(bytes);
            self.progress.move_to(self.flight.place().map(str::to_owned))?;
            self.worker.tell(&self.progress.kept);
            self.progress.sync_if_due()?;
            return Ok(true);
        }
        self.idle_asks = self.idle_asks.saturating_add(1);
        if peer.window == 0 && self.idle_asks == NOT_READING {
            self.worker.board.update(self.worker.index, |status| {
                status.error = Some((now(), "the server does not read".into()));
            });
        }
        Ok(false)
    }

    /// The server has been told of what is missing.
    fn count_gaps(&mut self, bytes: u64) {
        while let Some((_, missing)) = self.gaps.pop_front_if(|(end, _)| *end <= bytes) {
            self.progress.kept.missing += missing;
        }
    }

    /// After the end: takes in what the kernel knows. A server that has said farewell may still take what was on its
    /// way, and that is waited for.
    fn settle(&mut self, end: End) -> io::Result<()> {
        let deadline = Instant::now() + LAST_WORDS;
        loop {
            let (bytes, peer) = self.channel.progress()?;
            self.flight.acknowledged(bytes, peer.window, self.started.elapsed());
            self.count_gaps(bytes);
            let waiting = self.channel.in_flight(bytes) > 0 && !peer.closed && end == End::Quiet;
            if !waiting || Instant::now() > deadline {
                return Ok(());
            }
            thread::sleep(ASK_SOON);
        }
    }

    /// The service ends: what is on its way is given a moment to arrive.
    fn farewell(&mut self) -> Result<(), Over> {
        let deadline = Instant::now() + self.worker.times.farewell;
        while !self.flight.is_empty() && Instant::now() < deadline {
            self.channel.write().map_err(lost)?;
            self.advance()?;
            thread::sleep(ASK_SOON);
        }
        self.progress.move_to(self.flight.place().map(str::to_owned))?;
        self.progress.sync()?;
        Ok(())
    }
}

#[allow(clippy::needless_pass_by_value)] // as map_err gives it
fn lost((end, error): (End, io::Error)) -> Over {
    Over::Lost(end, channel::plain(&error))
}
