//! Setting the system clock and the hardware clock.
//!
//! Invariant: the hardware clock is set too, so that the time survives a power cut without an NTP server.
#![allow(unsafe_code)]

use std::{fs::File, io, os::fd::AsRawFd};

use jiff::Timestamp;
use mmp_model::account::UnixTime;
use nix::{
    libc,
    sys::time::TimeSpec,
    time::{ClockId, clock_settime},
};

// linux/rtc.h: `struct rtc_time`, nine ints, the layout of the first nine fields of `struct tm`.
nix::ioctl_write_ptr!(rtc_set_time, b'p', 0x0a, [libc::c_int; 9]);

/// Sets both clocks, in UTC seconds since 1970.
pub fn set(at: UnixTime) -> io::Result<()> {
    clock_settime(ClockId::CLOCK_REALTIME, TimeSpec::new(at, 0))?;
    set_hardware(at)
}

fn set_hardware(at: UnixTime) -> io::Result<()> {
    let clock = match File::open("/dev/rtc0") {
        // A machine without a hardware clock has nothing to set.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    let utc = Timestamp::from_second(at).map_err(io::Error::other)?.to_zoned(jiff::tz::TimeZone::UTC);
    let fields = [
        i32::from(utc.second()),
        i32::from(utc.minute()),
        i32::from(utc.hour()),
        i32::from(utc.day()),
        i32::from(utc.month()) - 1,
        i32::from(utc.year()) - 1900,
        0,
        0,
        0,
    ];
    // SAFETY: the kernel reads nine ints behind the pointer, which is what it is given.
    unsafe { rtc_set_time(clock.as_raw_fd(), &fields) }?;
    Ok(())
}
