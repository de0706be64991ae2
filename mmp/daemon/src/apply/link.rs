//! Link mode by the driver: `SIOCETHTOOL` with `ETHTOOL_GSET` and `ETHTOOL_SSET` (linux/ethtool.h).
//!
//! The one module that talks ethtool; its unsafe code is the ioctl itself.
#![allow(unsafe_code)]

use std::{io, mem, os::fd::AsRawFd};

use mmp_model::{
    Letter,
    interface::{Duplex, LinkMode},
};
use nix::{
    libc,
    sys::socket::{AddressFamily, SockFlag, SockType, socket},
};

const GSET: u32 = 1;
const SSET: u32 = 2;
const SIOCETHTOOL: libc::c_ulong = 0x8946;
const AUTONEG_OFF: u8 = 0;
const AUTONEG_ON: u8 = 1;

/// `struct ethtool_cmd` of linux/ethtool.h.
#[repr(C)]
#[derive(Default)]
struct Command {
    cmd: u32,
    supported: u32,
    advertising: u32,
    speed: u16,
    duplex: u8,
    port: u8,
    phy_address: u8,
    transceiver: u8,
    autoneg: u8,
    mdio_support: u8,
    maxtxpkt: u32,
    maxrxpkt: u32,
    speed_hi: u16,
    eth_tp_mdix: u8,
    eth_tp_mdix_ctrl: u8,
    lp_advertising: u32,
    reserved: [u32; 2],
}

/// Sets negotiation or a fixed mode. The default mode is negotiation, where the driver has it.
pub fn set_mode(letter: Letter, mode: LinkMode) -> io::Result<()> {
    let mut command = Command { cmd: GSET, ..Command::default() };
    exchange(letter, &mut command)?;
    command.cmd = SSET;
    match mode {
        LinkMode::Default | LinkMode::Auto => {
            command.autoneg = AUTONEG_ON;
            command.advertising = command.supported;
        }
        LinkMode::Off => command.autoneg = AUTONEG_OFF,
        LinkMode::Fixed(speed, duplex) => {
            command.autoneg = AUTONEG_OFF;
            command.speed = u16::try_from(speed.mbit()).expect("the fastest speed is 10000");
            command.speed_hi = 0;
            command.duplex = match duplex {
                Duplex::Half => 0,
                Duplex::Full => 1,
            };
        }
    }
    match exchange(letter, &mut command) {
        // Going back to the default on a driver without negotiation is going back to what it does anyway.
        Err(_) if mode == LinkMode::Default => Ok(()),
        other => other,
    }
}

fn exchange(letter: Letter, command: &mut Command) -> io::Result<()> {
    let socket = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
    // SAFETY: an all-zero `ifreq` is a valid value of that plain C structure.
    let mut request: libc::ifreq = unsafe { mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(letter.device().bytes()) {
        *to = libc::c_char::try_from(from).expect("letters are ASCII");
    }
    request.ifr_ifru.ifru_data = std::ptr::from_mut(command).cast();
    // SAFETY: the kernel reads and writes one `ethtool_cmd` behind `ifru_data`, which lives until the call returns.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), SIOCETHTOOL, &mut request) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
