//! mmpd: the only privileged process. Loads the settings, makes the system follow them, and answers the control socket.
//!
//! Invariants: nothing privileged happens but through a request that [`session`] has authorised and logged; mmpd never
//! waits for what it supervises beyond a deadline; a broken request ends its own conversation and no other.
//!
//! On a developer's machine `mmpd --native FOLDER` keeps everything below FOLDER and leaves the system alone, and
//! `mmpd --check FOLDER` says what it would find in a folder of settings. `mmpd --host-keys FOLDER` makes the host keys of SSH.

mod access;
mod admission;
mod appliance;
mod apply;
mod backup;
mod brake;
mod capture;
mod change;
mod check;
mod compare;
mod connection;
mod conversations;
mod dictionary;
mod durable;
mod evict;
mod expected;
mod files;
mod given;
mod host_keys;
mod hung;
mod journal;
mod license;
mod lockout;
mod logins;
mod logs;
mod loud;
mod memory;
mod network_fault;
mod network_watch;
mod news;
mod observe;
mod password;
mod paths;
mod pki;
mod plan;
mod power_button;
mod probe;
mod produced;
mod recovery;
mod render;
mod seal;
mod session;
mod sessions;
mod setting_files;
mod show;
mod store;
mod trial;
mod web_sessions;
mod webadmin;

use std::{
    fs, io,
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::Path,
    process::ExitCode,
    sync::Arc,
    thread,
    time::Duration,
};

use nix::{
    libc,
    sys::{
        prctl,
        socket::{getsockopt, sockopt::PeerCredentials},
    },
    unistd::{Gid, chown},
};
use systemd::daemon;

use crate::{appliance::Appliance, conversations::Conversations, paths::Paths};

/// Lines of the audit log that no answer waited for are on the medium after this.
const AUDIT_LATEST: Duration = Duration::from_secs(5);
/// What a conversation's thread needs, with room for yescrypt's tables on the heap.
const STACK: usize = 512 << 10;

/// Makes SSH's host keys below a folder.
fn make_host_keys(folder: &Path) -> ExitCode {
    match host_keys::make(folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", mmp_control::chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (paths, device) = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => (Paths::device(), true),
        ["--native", folder] => (Paths::below(Path::new(folder)), false),
        ["--check", folder] => return check::run(Path::new(folder)),
        ["--host-keys", folder] => return make_host_keys(Path::new(folder)),
        _ => {
            eprintln!("usage: mmpd [--native FOLDER | --check FOLDER | --host-keys FOLDER]");
            return ExitCode::from(2);
        }
    };
    if !device {
        journal::to_stderr();
    }
    match serve(paths, device) {
        Ok(never) => match never {},
        Err(error) => {
            journal::error(&format!("mmpd ends: {error}"));
            eprintln!("mmpd ends: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(paths: Paths, device: bool) -> io::Result<std::convert::Infallible> {
    // Passwords pass through this memory; a core file must not keep them.
    prctl::set_dumpable(false)?;
    let listener = listen(&paths)?;
    journal::keep_audit(&paths.audit());
    let appliance = Arc::new(Appliance::start(paths, device));
    journal::info(&format!("settings generation {} is in force", appliance.generation()));
    if device {
        thread::Builder::new().name("power-button".into()).stack_size(STACK).spawn(power_button::watch)?;
        let watched = Arc::clone(&appliance);
        thread::Builder::new()
            .name("network".into())
            .stack_size(STACK)
            .spawn(move || network_watch::watch(&watched))?;
        thread::Builder::new().name("hung".into()).stack_size(STACK).spawn(hung::watch)?;
        let watched = Arc::clone(&appliance);
        thread::Builder::new().name("memory".into()).stack_size(STACK).spawn(move || memory::watch(&watched))?;
        let watched = Arc::clone(&appliance);
        thread::Builder::new().name("cards".into()).stack_size(STACK).spawn(move || watched.watch_cards())?;
    }
    let watched = Arc::clone(&appliance);
    thread::Builder::new().name("trials".into()).stack_size(STACK).spawn(move || watched.watch_trials())?;
    let watched = Arc::clone(&appliance);
    thread::Builder::new().name("recovery".into()).stack_size(STACK).spawn(move || watched.recovery.watch())?;
    thread::Builder::new().name("audit".into()).stack_size(STACK).spawn(|| {
        loop {
            thread::sleep(AUDIT_LATEST);
            journal::settle();
        }
    })?;
    let (watched, changes) = (Arc::clone(&appliance), appliance.changes_to_watch());
    thread::Builder::new()
        .name("aftermath".into())
        .stack_size(STACK)
        .spawn(move || watched.watch_aftermath(&changes))?;
    notify(&[(daemon::STATE_READY, "1")]);
    watchdog(&appliance)?;
    let conversations = Conversations::new(nix::unistd::geteuid().as_raw(), appliance.system_user("webadmin"));
    loop {
        let (stream, _) = match listener.accept() {
            Ok(accepted) => accepted,
            // Out of descriptors: those in use come free again.
            Err(error) if error.raw_os_error() == Some(libc::EMFILE) => {
                thread::sleep(Duration::from_millis(50));
                continue;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        converse(&appliance, &conversations, stream);
    }
}

fn listen(paths: &Paths) -> io::Result<UnixListener> {
    let path = paths.socket();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    // Accounts reach it by their group; who they are is asked of the kernel.
    let group = Gid::from_raw(render::accounts::GROUP);
    if nix::unistd::geteuid().is_root() {
        chown(&path, None, Some(group)).map_err(io::Error::from)?;
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

fn converse(appliance: &Arc<Appliance>, conversations: &Arc<Conversations>, stream: UnixStream) {
    let peer = getsockopt(&stream, PeerCredentials).ok().map(|peer| peer.uid());
    let Some(place) = peer.and_then(|uid| conversations.enter(uid)) else {
        journal::warning(&format!(
            "a program of user number {} was turned away: too many conversations at a time",
            peer.map_or_else(|| "unknown".to_owned(), |uid| uid.to_string())
        ));
        return;
    };
    let appliance = Arc::clone(appliance);
    let spawned = thread::Builder::new().name("conversation".into()).stack_size(STACK).spawn(move || {
        let _place = place;
        if let Err(error) = session::hold(&appliance, stream) {
            // Its cause may quote what was sent, and that may be a password.
            journal::info(&format!("a conversation ended early: {error}"));
        }
    });
    if let Err(error) = spawned {
        journal::error(&format!("a program was turned away: {error}"));
    }
}

/// Tells systemd four times in the period that it asks for. Reading the settings comes first: a lock that is never
/// given back must end in a restart.
fn watchdog(appliance: &Arc<Appliance>) -> io::Result<()> {
    let period = std::env::var("WATCHDOG_USEC").ok().and_then(|text| text.parse().ok()).map(Duration::from_micros);
    let Some(period) = period else { return Ok(()) };
    let appliance = Arc::clone(appliance);
    thread::Builder::new().name("watchdog".into()).stack_size(STACK).spawn(move || {
        loop {
            drop(appliance.settings());
            notify(&[(daemon::STATE_WATCHDOG, "1")]);
            thread::sleep(period / 4);
        }
    })?;
    Ok(())
}

fn notify(state: &[(&str, &str)]) {
    // Without a supervisor there is nobody to tell.
    let _ = daemon::notify(state.iter());
}
