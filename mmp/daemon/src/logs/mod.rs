//! The logs as administrators read them (`mmp.md` section 21).
//!
//! Invariants: what is shown is one printable line a record; a log is read by a conversation's own thread, so that a long
//! search keeps nobody else waiting.

pub mod bundle;
pub mod files;
pub mod forwarding;
pub mod rotation;
pub mod stream;

use std::io;

use jiff::tz::TimeZone;
use mmp_control::{
    Kind, Refusal, Reply,
    reply::{AuditState, LogPage},
};
use mmp_log::{AuditLog, Source, SystemLog, forward::Log};

use crate::appliance::Appliance;

/// Lines of one piece for the pager.
const PIECE: usize = 200;
/// Bytes of one piece; far below what fits in a frame.
const PIECE_BYTES: usize = 256 << 10;

/// Opens a log at its oldest record.
pub fn open(appliance: &Appliance, log: Log) -> io::Result<Box<dyn Source>> {
    let paths = &appliance.system.paths;
    Ok(match log {
        Log::System => Box::new(SystemLog::open(&paths.journal())?),
        Log::Audit => Box::new(AuditLog::open(&paths.audit())),
    })
}

/// The zone that lines are shown in.
pub fn zone(appliance: &Appliance) -> TimeZone {
    TimeZone::get(appliance.running_zone.as_str()).unwrap_or(TimeZone::UTC)
}

/// A piece of the system log, from its beginning or after a place.
pub fn page(appliance: &Appliance, after: Option<&str>) -> Result<Reply, Refusal> {
    let read = || -> io::Result<LogPage> {
        let mut source = open(appliance, Log::System)?;
        if let Some(place) = after {
            source.seek_after(place)?;
        }
        let zone = zone(appliance);
        let mut page = LogPage { lines: Vec::new(), next: None };
        let mut bytes = 0;
        while page.lines.len() < PIECE && bytes < PIECE_BYTES {
            let Some(record) = source.next()? else { return Ok(page) };
            let line = record.line(&zone);
            bytes += line.len();
            page.lines.push(line);
        }
        page.next = Some(source.place()?);
        Ok(page)
    };
    read().map(Reply::LogPage).map_err(unreadable)
}

/// What the audit log holds.
pub fn audit(appliance: &Appliance) -> Result<Reply, Refusal> {
    let read = || -> io::Result<AuditState> {
        let http = appliance.settings().audit.http;
        let mut state = AuditState { lines: 0, since: None, http };
        let mut log = open(appliance, Log::Audit)?;
        let Some(oldest) = log.next()? else { return Ok(state) };
        let first = log.place()?;
        state.since = Some(oldest.at.div_euclid(1_000_000));
        log.seek_last(1)?;
        if log.next()?.is_some() {
            state.lines = 1 + mmp_log::source::distance(&first, &log.place()?).unwrap_or(0);
        }
        Ok(state)
    };
    read().map(Reply::Audit).map_err(unreadable)
}

/// A log that cannot be read.
#[allow(clippy::needless_pass_by_value)] // as map_err gives it
pub fn unreadable(error: io::Error) -> Refusal {
    Refusal::new(Kind::Internal, format!("The log cannot be read: {error}")).hint("`df` shows whether /data is there")
}
