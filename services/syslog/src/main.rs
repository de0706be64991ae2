//! `syslog SERVICE-FILE`: hands logs on as the file says, until SIGTERM.

use std::{
    collections::BTreeSet,
    fs, io,
    os::fd::AsFd,
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
};

use mmp_log::{
    AuditLog, Source, SystemLog,
    forward::{Log, SERVICE, Service, Target},
};
use nix::sys::signal::{SigSet, Signal};
use syslog::{
    status::Board,
    tls,
    worker::{Times, Worker},
};
use systemd::daemon;

/// What a worker's thread needs; name resolution takes most of it.
const STACK: usize = 512 << 10;

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error("the service file `{0}` cannot be read: {1}")]
    Unreadable(PathBuf, io::Error),
    #[error("the service file `{0}` is none: {1}")]
    Malformed(PathBuf, serde_json::Error),
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
}

fn main() -> ExitCode {
    let file = std::env::args_os().nth(1).map_or_else(|| PathBuf::from(SERVICE), PathBuf::from);
    match serve(&file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(file: &Path) -> Result<(), StartError> {
    let text = fs::read(file).map_err(|error| StartError::Unreadable(file.to_owned(), error))?;
    let service: Service =
        serde_json::from_slice(&text).map_err(|error| StartError::Malformed(file.to_owned(), error))?;
    // Blocked before the first thread is there, so that every thread has them blocked.
    let signals = SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT]);
    signals.thread_block().map_err(io::Error::from)?;
    let trust = service.trust.as_deref().map(tls::configuration).transpose().unwrap_or_else(|error| {
        // Servers over TLS say that they cannot be checked; the others go on.
        eprintln!("{error}");
        None
    });
    let state = Path::new(&service.state);
    fs::create_dir_all(state)?;
    forget_others(state, &service.targets);
    let host = nix::unistd::gethostname().unwrap_or_default().to_string_lossy().into_owned();
    let board = Board::new(&service.targets);
    let (stop, stopping) = io::pipe()?;
    thread::scope(|scope| -> io::Result<()> {
        let board = &board;
        thread::Builder::new().name("status".into()).stack_size(STACK).spawn_scoped(scope, || {
            if let Err(error) = board.keep(Path::new(&service.status)) {
                eprintln!("how it goes cannot be told: {error}");
            }
        })?;
        let workers = service.targets.iter().enumerate().map(|(index, target)| {
            let worker = Worker {
                target: target.clone(),
                board,
                index,
                tls: trust.clone(),
                times: Times::default(),
                stop: stop.as_fd(),
                host: host.clone(),
            };
            let service = &service;
            thread::Builder::new().name("worker".into()).stack_size(STACK).spawn_scoped(scope, move || {
                worker.run(&|| open(service, worker.target.log), &state.join(name(&worker.target)));
            })
        });
        let workers: Vec<_> = workers.collect::<io::Result<_>>()?;
        // Without a supervisor there is nobody to tell.
        let _ = daemon::notify([(daemon::STATE_READY, "1")].iter());
        let _ = signals.wait();
        drop(stopping);
        for worker in workers {
            let _ = worker.join();
        }
        board.end();
        Ok(())
    })?;
    Ok(())
}

fn open(service: &Service, log: Log) -> io::Result<Box<dyn Source>> {
    Ok(match log {
        Log::System => Box::new(SystemLog::open(Path::new(&service.journal))?),
        Log::Audit => Box::new(AuditLog::open(Path::new(&service.audit))),
    })
}

/// The file that keeps a target's position. Hosts are addresses or DNS names, which hold no separator.
fn name(target: &Target) -> String {
    let log = if target.log == Log::Audit { "audit" } else { "system" };
    let server = &target.server;
    format!("{log}@{}@{}@{}", server.host, server.port, server.transport.word())
}

/// A server that was removed begins anew when it is added again.
fn forget_others(state: &Path, targets: &[Target]) {
    let known: BTreeSet<String> = targets.iter().map(name).collect();
    for entry in fs::read_dir(state).into_iter().flatten().flatten() {
        let file = entry.file_name().to_string_lossy().into_owned();
        if file.contains('@') && !known.contains(&file) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
