//! A booted appliance as one fixture: the emulated machine, its serial console, its network, and the clients that
//! administrators use.
//!
//! Invariants: every wait has a deadline and ends at the event it waits for; whatever was started is stopped when its
//! value is dropped; everything that the appliance said is kept, so that a failure can be read afterwards.

pub mod appliance;
pub mod capture;
pub mod container;
pub mod disk;
pub mod inside;
pub mod knock;
pub mod lan;
pub mod log_server;
pub mod machine;
pub mod medium;
pub mod nbd;
pub mod peers;
pub mod process;
pub mod qmp;
pub mod recovery;
pub mod screen;
pub mod sftp;
pub mod ssh;
pub mod terminal;
pub mod tools;

pub use appliance::{Appliance, Builder};
pub use log_server::LogServer;
pub use terminal::Terminal;
