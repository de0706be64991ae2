//! Words to systemd (`sd_notify(3)`): ready, reloading, alive. Without a supervisor there is nobody to tell.

use std::{
    env,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    },
    time::Duration,
};

use nix::time::{ClockId, clock_gettime};

/// Says one thing; that nobody hears it is no fault.
fn say(text: &str) {
    let Some(name) = env::var_os("NOTIFY_SOCKET") else { return };
    let address = match name.as_bytes() {
        [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest),
        path => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(path)),
    };
    if let (Ok(address), Ok(socket)) = (address, UnixDatagram::unbound()) {
        let _ = socket.send_to_addr(text.as_bytes(), &address);
    }
}

/// Everything is as the folder says, or as near to it as it comes.
pub fn ready() {
    say("READY=1");
}

/// The folder is being read again.
pub fn reloading() {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from).unwrap_or_default();
    say(&format!("RELOADING=1\nMONOTONIC_USEC={}", now.as_micros()));
}

/// The service ends by itself.
pub fn stopping() {
    say("STOPPING=1");
}

/// The accept loops turn.
pub fn alive() {
    say("WATCHDOG=1");
}

/// How often systemd wants to hear it.
pub fn watchdog() -> Option<Duration> {
    env::var("WATCHDOG_USEC").ok()?.parse().ok().map(Duration::from_micros)
}
