//! How handing on goes, from what the forwarder says of itself.

use std::fs;

use mmp_control::{
    Reply,
    reply::{Forwarding, ServerState, SyslogState},
};
use mmp_log::{
    forward::{Log, STATUS, Status},
    source::distance,
};
use mmp_model::{Role, syslog::Server};

use crate::appliance::Appliance;

/// Servers and their state, as far as the role may see them.
pub fn show(appliance: &Appliance, role: Role) -> Reply {
    let settings = appliance.settings();
    let text = fs::read(appliance.system.paths.system(STATUS)).unwrap_or_default();
    // While it starts there is no file yet.
    let all: Vec<Status> = serde_json::from_slice(&text).unwrap_or_default();
    let states = |log, servers: &[Server]| {
        let newest = newest(appliance, log);
        let of = |server: &Server| {
            let told = all.iter().find(|status| status.target.log == log && status.target.server == *server);
            let state = settings.syslog.enabled.then(|| forwarding(told, newest.as_deref()));
            ServerState { server: server.clone(), state }
        };
        servers.iter().map(of).collect()
    };
    Reply::Syslog(SyslogState {
        enabled: settings.syslog.enabled,
        servers: (role == Role::Admin).then(|| states(Log::System, &settings.syslog.servers)),
        audit_servers: states(Log::Audit, &settings.syslog.audit_servers),
        trust: settings.syslog.trust.clone().filter(|_| role == Role::Admin),
    })
}

fn forwarding(told: Option<&Status>, newest: Option<&str>) -> Forwarding {
    let Some(status) = told else { return Forwarding::default() };
    Forwarding {
        connected: status.connected,
        behind: status.position.as_deref().zip(newest).and_then(|(at, newest)| distance(at, newest)),
        missing: status.missing,
        error: status.error.clone(),
    }
}

/// The place of the newest record.
fn newest(appliance: &Appliance, log: Log) -> Option<String> {
    let mut source = super::open(appliance, log).ok()?;
    source.seek_last(1).ok()?;
    source.next().ok()??;
    source.place().ok()
}
