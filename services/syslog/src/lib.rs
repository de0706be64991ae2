//! Hands the system log and the audit log on to syslog servers (`mmp.md` section 21).
//!
//! The logs themselves are the queue: they are on the disk and bounded. What this service keeps is a position for each
//! server: the last line that the server's kernel has acknowledged. After any interruption a server goes on exactly
//! there; when the log no longer reaches back that far, it is told how many lines are missing.
//!
//! Invariants: each server has a thread, a connection and a position of its own, so that one which is slow or away holds
//! up no other; lines go out in the order of the log; nothing is held in memory beyond what a connection has in flight.
//!
//! What decides ([`message`], [`flight`], [`backoff`], the form of [`position`]) is pure; what talks ([`channel`],
//! [`kernel`], [`tls`]) decides nothing; [`worker`] joins the two.

pub mod backoff;
pub mod channel;
pub mod flight;
pub mod kernel;
pub mod message;
pub mod position;
pub mod status;
pub mod tls;
pub mod worker;
