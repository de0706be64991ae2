//! The running service on this machine, asked over real TLS connections by clients that behave and clients that do not.
#![allow(clippy::unwrap_used, clippy::panic)] // a failed expectation is the end of the test

mod accounts;
mod checklist;
mod crowd;
mod encryption;
mod http;
mod malformed;
mod service;
mod support;
