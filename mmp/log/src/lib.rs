//! The system log and the audit log: what a record is, how it is laid out, where it is kept and how it is read.
//!
//! Invariants: whatever a program wrote, a [`Record`]'s text is one line of printable characters; a position (the
//! journal's cursor, the audit log's number) always leads to the next record that is still kept.
//!
//! The system log is journald's and is only read here. The audit log is a store of its own ([`audit`]), which mmpd alone
//! writes, so that no flood of system lines can push an audit line out.

pub mod audit;
pub mod forward;
pub mod record;
pub mod source;
pub mod system;
pub mod watch;

pub use record::{Facility, Level, Record};
pub use source::{AuditLog, Source};
pub use system::SystemLog;
pub use watch::Watch;
