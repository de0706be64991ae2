//! Web Admin: HTTPS, sign-in, the pages, and the doors for programs (`mmp.md` section 10, `api.md` sections 1 and 10).
//!
//! ```text
//! folder ── what to serve ──▶ server ── connections ──▶ doors ── requests ──▶ session, machine, pages
//!                                                                                └── mmpd (control socket)
//! ```
//!
//! Invariants: nothing is decided here that mmpd decides (passwords, roles, sessions, changes); a password is kept no
//! longer than its request; whatever a peer sends or leaves out, memory, threads and time spent on it are bounded, and
//! other peers are served meanwhile.

pub mod api;
pub mod basic;
pub mod body;
pub mod cookie;
pub mod doors;
pub mod folder;
pub mod follow;
pub mod line;
pub mod listener;
pub mod machine;
pub mod mmpd;
pub mod openapi;
pub mod pages;
pub mod patience;
pub mod places;
pub mod redirect;
pub mod respond;
pub mod server;
pub mod session;
pub mod status;
pub mod supervisor;
pub mod transfer;
