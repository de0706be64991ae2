//! Real servers round the appliance: DHCP and DNS by dnsmasq, NTP by chrony.
//!
//! Invariant: they listen in the network of [`crate::lan`] only, and end with their value.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result};

use crate::{
    lan::{APPLIANCE, GATEWAY, NAME_SERVER, bridge},
    process::{Running, run},
    tools::appliance_program,
};

/// From the host's package dnsmasq-base, which starts nothing by itself.
const DNSMASQ: &str = "/usr/sbin/dnsmasq";

/// A name that only the name server knows, and its address.
pub const KNOWN_NAME: (&str, &str) = ("cb1.example.com", "192.0.2.151");
/// A service that only the name server knows, pointing at [`KNOWN_NAME`].
pub const KNOWN_SERVICE: &str = "_xmpp-client._tcp.example.com";
/// The name of the NTP server.
pub const NTP_NAME: &str = "ntp1.example.com";

/// A key of the NTP server, in the form of a file of keys. Made for these tests.
pub const NTP_KEY: &str = "7 SHA256 HEX:8F1D0C6A52E94B7733A0D5C1F24E6B98";

/// DHCP for segment a, and DNS on [`NAME_SERVER`].
pub fn names_and_addresses(folder: &Path, mac: &str) -> Result<Running> {
    let log = folder.join("dnsmasq.log");
    let configuration = format!(
        "port=53\nno-hosts\nno-resolv\nlisten-address={NAME_SERVER}\nbind-interfaces\ninterface={lan}\nexcept-interface=lo\n\
         user=root\npid-file={pid}\nlog-facility={log}\nlog-queries\nlog-dhcp\n\
         dhcp-leasefile={leases}\ndhcp-authoritative\nno-ping\n\
         dhcp-range={APPLIANCE},{APPLIANCE},12h\ndhcp-host={mac},{APPLIANCE}\n\
         dhcp-option=option:router,{GATEWAY}\ndhcp-option=option:dns-server,{NAME_SERVER}\n\
         host-record={name},{address}\nhost-record={NTP_NAME},{GATEWAY}\n\
         srv-host={KNOWN_SERVICE},{name},5222,10,50\nlocal=/example.com/\n",
        lan = bridge('a'),
        pid = folder.join("dnsmasq.pid").display(),
        log = log.display(),
        leases = folder.join("dnsmasq.leases").display(),
        name = KNOWN_NAME.0,
        address = KNOWN_NAME.1,
    );
    let file = folder.join("dnsmasq.conf");
    fs::write(&file, configuration)?;
    // dnsmasq reports a configuration it cannot use only when it starts; --test says it at once.
    run(Command::new(DNSMASQ).arg("--test").arg("-C").arg(&file), b"", Duration::from_secs(20))?.success("dnsmasq")?;
    start(Command::new(DNSMASQ).arg("--keep-in-foreground").arg("-C").arg(&file), folder, "dnsmasq")
}

/// Router advertisements of `2001:db8:2::/64` on segment a, every few seconds.
pub fn router(folder: &Path) -> Result<Running> {
    let configuration = format!(
        "port=0\nno-hosts\nno-resolv\nbind-interfaces\ninterface={lan}\nexcept-interface=lo\nuser=root\n\
         pid-file={pid}\nlog-facility={log}\nlog-dhcp\nenable-ra\nra-param={lan},4,60\n\
         dhcp-range=2001:db8:2::,ra-only,64,600\n",
        lan = bridge('a'),
        pid = folder.join("router.pid").display(),
        log = folder.join("router.log").display(),
    );
    let file = folder.join("router.conf");
    fs::write(&file, configuration)?;
    run(Command::new(DNSMASQ).arg("--test").arg("-C").arg(&file), b"", Duration::from_secs(20))?.success("dnsmasq")?;
    start(Command::new(DNSMASQ).arg("--keep-in-foreground").arg("-C").arg(&file), folder, "router")
}

/// NTP on [`GATEWAY`], with the host's own clock, which it never touches.
pub fn clock(folder: &Path) -> Result<Running> {
    let keys = folder.join("chrony.keys");
    fs::write(&keys, format!("{NTP_KEY}\n"))?;
    let configuration = format!(
        "keyfile {keys}\nlocal stratum 5\nallow all\nbindaddress {GATEWAY}\nport 123\ncmdport 0\npidfile {pid}\nbindcmdaddress /\n",
        keys = keys.display(),
        pid = folder.join("chronyd.pid").display(),
    );
    let file = folder.join("chrony.conf");
    fs::write(&file, configuration)?;
    start(appliance_program("usr/sbin/chronyd").args(["-d", "-x", "-u", "root", "-f"]).arg(&file), folder, "chronyd")
}

fn start(command: &mut Command, folder: &Path, name: &str) -> Result<Running> {
    let output = fs::File::create(folder.join(format!("{name}.out"))).context("cannot keep the output of a server")?;
    let errors = output.try_clone()?;
    Running::start(command.stdin(Stdio::null()).stdout(output).stderr(errors))
}
