//! `webadmin SERVICE-FOLDER [STATUS-FILE]`: serves what the folder says, until SIGTERM; SIGHUP has it read again.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use service_tls::Acceptor;
use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::{interval, sleep},
};
use webadmin::{
    api::Api,
    basic::Recent,
    doors::Doors,
    folder::{self, Loaded, Place, Unloadable},
    listener,
    mmpd::Mmpd,
    places::{MOST, MOST_OF_ONE, Places},
    server::{self, Kind, Pulse, Server},
    status::Status,
    supervisor,
};

/// Where it says how it goes.
const STATUS: &str = "/run/webadmin/status.json";
/// Threads that serve; the work of each request is small.
const MOST_WORKERS: usize = 4;
/// Threads for conversations with mmpd and for files; with those that serve, fewer than the unit's `TasksMax`.
const MOST_BLOCKING: usize = 48;
/// What such a thread needs.
const STACK: usize = 512 << 10;
/// Descriptors: connections, conversations, files, and some.
const DESCRIPTORS: u64 = 4096;
/// Longest wait for requests that go on when the service ends.
const ENDING: Duration = Duration::from_secs(5);

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Unloadable(#[from] Unloadable),
    #[error("cannot start: {0}")]
    System(#[from] std::io::Error),
    #[error("cannot start: there are no random bytes")]
    Random,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let Some(folder) = arguments.next() else {
        eprintln!("usage: webadmin SERVICE-FOLDER [STATUS-FILE]");
        return ExitCode::from(2);
    };
    let status = arguments.next().unwrap_or_else(|| STATUS.into());
    // Passwords pass through this memory; a core file must not keep them.
    let _ = nix::sys::prctl::set_dumpable(false);
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, soft.max(DESCRIPTORS.min(hard)), hard);
    }
    let workers = thread::available_parallelism().map_or(1, usize::from).min(MOST_WORKERS);
    let built = runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .max_blocking_threads(MOST_BLOCKING)
        .thread_stack_size(STACK)
        .thread_keep_alive(Duration::from_secs(5))
        .enable_all()
        .build();
    let served = built.map_err(StartError::from).and_then(|runtime| {
        let served = runtime.block_on(serve(&folder, &status));
        // A conversation that does not end must not keep the service.
        runtime.shutdown_timeout(Duration::from_millis(200));
        served
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(folder: &Path, status: &Path) -> Result<(), StartError> {
    let (mut hangup, mut terminate, mut interrupt) =
        (signal(SignalKind::hangup())?, signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let Loaded { service, tls } = folder::load(folder)?;
    let (end, ending) = watch::channel(false);
    let (port, port_now) = watch::channel(443);
    let places = Places::new(MOST, MOST_OF_ONE);
    let server = Arc::new(Server {
        acceptor: Acceptor::new(tls?),
        doors: Doors {
            mmpd: Mmpd::at(service.control.clone()),
            recent: Recent::new().map_err(|_| StartError::Random)?,
            api: Api::default(),
        },
        port: port_now,
        places: Arc::clone(&places),
        ending,
        started: Instant::now(),
    });
    let mut site = Site { server, port, open: BTreeMap::new(), status: status.to_owned() };
    let mut fault = site.listen(&service);
    site.tell(service.generation, fault.take());
    supervisor::ready();
    let mut watchdog = interval(supervisor::watchdog().map_or(Duration::from_secs(3600), |period| period / 4));
    loop {
        tokio::select! {
            _ = watchdog.tick() => {
                let patience = supervisor::watchdog().map_or(Duration::MAX, |period| period / 2);
                if site.open.values().all(|open| open.pulse.age(site.server.started) < patience.max(server::TURN * 2)) {
                    supervisor::alive();
                }
            }
            _ = hangup.recv() => {
                supervisor::reloading();
                site.reload(folder);
                supervisor::ready();
            }
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    supervisor::stopping();
    site.open.clear();
    let _ = end.send(true);
    let until = Instant::now() + ENDING;
    while places.count() > 0 && Instant::now() < until {
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// A listener that is open.
struct Open {
    pulse: Pulse,
    /// Dropped, it ends the accept loop; connections go on.
    _close: watch::Sender<bool>,
}

/// What is being served.
struct Site {
    server: Arc<Server>,
    port: watch::Sender<u16>,
    open: BTreeMap<(Place, bool), Open>,
    status: PathBuf,
}

impl Site {
    /// Opens what is new and closes what is gone; says what does not open.
    fn listen(&mut self, service: &folder::Service) -> Option<String> {
        let redirects = service.redirect.iter().map(|place| (place.clone(), true));
        let wanted: Vec<_> = service.listen.iter().map(|place| (place.clone(), false)).chain(redirects).collect();
        self.open.retain(|key, _| wanted.contains(key));
        let mut faults = Vec::new();
        for key in wanted {
            if self.open.contains_key(&key) {
                continue;
            }
            match listener::open(&key.0) {
                Ok(socket) => {
                    let (close, closing) = watch::channel(false);
                    let pulse = Pulse::default();
                    let kind = if key.1 { Kind::Redirect } else { Kind::Encrypted };
                    tokio::spawn(server::listen(Arc::clone(&self.server), socket, kind, pulse.clone(), closing));
                    self.open.insert(key, Open { pulse, _close: close });
                }
                Err(error) => faults.push(format!("cannot listen on {}: {error}", key.0)),
            }
        }
        if let Some(first) = service.listen.first() {
            let _ = self.port.send(first.port);
        }
        (!faults.is_empty()).then(|| faults.join("; "))
    }

    /// Reads the folder again. A pair that does not work leaves the one before serving.
    fn reload(&mut self, folder: &Path) {
        match folder::load(folder) {
            Ok(Loaded { service, tls }) => {
                self.server.doors.mmpd.moved(service.control.clone());
                let pair = match tls {
                    Ok(prepared) => {
                        self.server.acceptor.replace(prepared);
                        None
                    }
                    Err(error) => Some(format!("the key and certificate before stay in use: {error}")),
                };
                let places = self.listen(&service);
                let faults: Vec<_> = [pair, places].into_iter().flatten().collect();
                self.tell(service.generation, (!faults.is_empty()).then(|| faults.join("; ")));
            }
            Err(error) => {
                let generation = folder::service(folder).map_or(0, |service| service.generation);
                self.tell(generation, Some(format!("what was served before stays: {error}")));
            }
        }
    }

    fn tell(&self, generation: u64, fault: Option<String>) {
        if let Some(fault) = &fault {
            eprintln!("<4>{fault}");
        }
        let listening = self.open.keys().map(|(place, _)| place.to_string()).collect();
        if let Err(error) = (Status { generation, listening, fault }).write(&self.status) {
            eprintln!("<4>how it goes cannot be told: {error}");
        }
    }
}
