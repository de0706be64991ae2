//! The appliance as mmpd holds it: settings in force, and the one way to change them.
//!
//! Invariants: one change at a time; reading never waits for a change; a change is check, plan, apply, save, in this
//! order, and is answered only when it is durable. What fails after the first step puts the old settings back.

pub mod aftermath;
mod backup;
mod cards;
pub mod conditional;
mod half_done;
mod new_password;
mod recover;
mod webadmin;

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
};

use mmp_control::{Kind, Refusal, Reply, Request, chain, request};
use mmp_model::{
    FileName, Hostname, Letter, Settings, Username,
    account::{Accounts, DAY},
    restore::ConfirmTime,
    time::ZoneName,
};

use self::{
    aftermath::Watched,
    conditional::{Rest, Timer},
};
use crate::{
    apply::{ApplyError, Moment, System},
    backup::staged,
    brake::Brake,
    capture,
    change::{self, Facts, KeyFile},
    durable::{self, WriteError},
    files,
    given::Given,
    journal, license,
    logins::Logins,
    loud::Notes,
    network_fault,
    network_watch::Settling,
    news::{News, Reader},
    observe::{
        board::{Board, Nic},
        clock, links, medium,
    },
    password,
    paths::Paths,
    pki,
    plan::{self, Daemon, Step, plan},
    recovery::Recovery,
    render::{self, Rendered, Surroundings, render},
    sessions::Sessions,
    store::{self, Author, Fault, Store},
    trial::{self, Trial},
    web_sessions::WebSessions,
};

/// This release, as `version` prints it.
pub const RELEASE: &str = env!("CARGO_PKG_VERSION");
/// `passwd` lines of the image's own users.
const SYSTEM_USERS: &str = "/usr/share/rostrum/passwd";
/// Left by the boot when `/data` could not be used.
const DATA_FAULT: &str = "/run/rostrum/data-fault";
/// Left by the boot when it had to repair `/data`.
const DATA_REPAIRED: &str = "/run/rostrum/data-repaired";
/// The kernel's host name.
const HOSTNAME: &str = "/proc/sys/kernel/hostname";
/// The link behind `/etc/localtime`.
const LOCALTIME: &str = "/run/mmpd/localtime";
/// Read by the console's login.
const RECOVERY_OPEN: &str = "/run/mmpd/recovery";
/// Read by the console's login: no settings could be read.
const SETTINGS_LOST: &str = "/run/mmpd/settings-lost";
/// Folders on `/data` that mmpd keeps.
const FOLDERS: [&str; 4] = ["settings", "files", "state", "home"];
/// A key file longer than this is none.
const LONGEST_KEY_FILE: u64 = 64 << 10;

/// Everything that mmpd knows.
pub struct Appliance {
    /// The system that it applies settings to.
    pub system: System,
    /// The machine as it was at the start; for its interfaces see [`Self::letters`].
    pub board: Board,
    /// No settings could be read, and none were saved since.
    settings_lost: AtomicBool,
    /// Interfaces now, those of missing cards too.
    nics: RwLock<Vec<Nic>>,
    /// Past logins.
    pub logins: Logins,
    /// Present ones.
    pub sessions: Sessions,
    /// Those of Web Admin.
    pub web: WebSessions,
    webadmin: Mutex<webadmin::InForce>,
    /// Passwords that are about to be replaced.
    pub given: Given,
    /// On guessing.
    pub brake: Brake,
    /// Host name in the kernel.
    pub running_hostname: Hostname,
    /// Time zone that services started with.
    pub running_zone: ZoneName,
    /// What others changed, for who is logged in.
    pub news: News,
    /// What must be told at the next login.
    pub notes: Notes,
    /// How far the recovery of a lost password has come.
    pub recovery: Recovery,
    /// The packet capture that runs.
    pub capturing: capture::Running,
    /// Whether the network of this boot has come up.
    pub settling: Settling,
    /// Daemons that start once it has.
    pub held_back: Vec<Daemon>,
    faults: Vec<String>,
    /// A restart that replaces everything is decided: what is changed now would be lost.
    restarting: AtomicBool,
    trial: Mutex<Option<Trial>>,
    timer: Timer,
    aftermath: Mutex<Option<mpsc::Sender<Watched>>>,
    settings: RwLock<Arc<Settings>>,
    changing: Mutex<Changing>,
}

/// What only one change at a time may touch.
pub struct Changing {
    store: Store,
    rendered: Rendered,
    /// Counts changes that touched a daemon, also those that failed.
    touches: u64,
}

/// Who asks for a change, and how.
pub struct Asked<'a> {
    /// The account.
    pub user: &'a Username,
    /// For the restore point.
    pub author: Author,
    /// The session's number.
    pub seat: u64,
    /// The change is to be confirmed within this time.
    pub within: Option<ConfirmTime>,
}

/// A change that was made.
pub struct Changed<'a> {
    /// The answer.
    pub reply: Reply,
    /// What is done once the answer is sent.
    pub rest: Option<Rest<'a>>,
}

impl Appliance {
    /// Loads the settings and makes the system follow them.
    pub fn start(paths: Paths, device: bool) -> Self {
        let mut faults = Vec::new();
        let system = System { paths, device };
        if let Ok(reason) = fs::read_to_string(DATA_FAULT) {
            faults.push(format!(
                "/data cannot be used: {}. What is changed now is kept in memory and lost at the next boot; save the files \
                 over SFTP and replace the disk; `reboot` tries it again",
                reason.trim()
            ));
        }
        if let Ok(reason) = fs::read_to_string(DATA_REPAIRED) {
            faults.push(format!("/data was repaired at this boot: {}", reason.trim()));
        }
        for folder in FOLDERS {
            if let Err(error) = make_private(&system.paths.data().join(folder)) {
                faults.push(format!("`/data/{folder}` cannot be made: {error}"));
            }
        }
        // What is decided is done before anything else is read.
        match staged::finish(&system.paths) {
            staged::Finished::Nothing => {}
            staged::Finished::Done => journal::warning("a rollback is carried out"),
            staged::Finished::Failed(text) => faults.push(text),
        }
        files::tidy(&system.paths.files());
        let loaded = Store::load(&system.paths.settings());
        faults.extend(loaded.faults.iter().map(ToString::to_string));
        let settings = loaded.settings.unwrap_or_else(|| Settings::factory(Accounts::factory(password::factory())));
        let trial = trial::load(&system.paths.settings()).unwrap_or_else(|cause| {
            faults.push(format!("a change on condition cannot be read ({cause}) and stays in force"));
            None
        });
        let board = Board::read(&system.paths.system(crate::observe::board::FILE));
        let mut appliance = Self {
            logins: Logins::load(&system.paths.state()),
            news: News::default(),
            notes: Notes::load(&system.paths.state()),
            recovery: Recovery::start(system.paths.state().join("recovery.json"), system.paths.system(RECOVERY_OPEN)),
            trial: Mutex::new(trial),
            timer: Timer::default(),
            aftermath: Mutex::new(None),
            sessions: Sessions::default(),
            web: WebSessions::default(),
            webadmin: Mutex::default(),
            given: Given::default(),
            brake: Brake::default(),
            running_hostname: settings.hostname.clone(),
            running_zone: settings.timezone.zone.clone(),
            capturing: capture::Running::default(),
            settling: Settling::default(),
            held_back: Vec::new(),
            nics: RwLock::new(board.nics.clone()),
            board,
            system,
            faults,
            restarting: AtomicBool::new(false),
            settings_lost: AtomicBool::new(loaded.faults.iter().any(|fault| matches!(fault, Fault::AllLost { .. }))),
            settings: RwLock::new(Arc::new(settings)),
            changing: Mutex::new(Changing { store: loaded.store, rendered: Rendered::default(), touches: 0 }),
        };
        appliance.look_at_host_keys();
        appliance.end_old_trial();
        appliance.keep_as_read_at_boot();
        appliance.adopt_webadmin();
        appliance.follow_settings();
        appliance.show_whether_lost();
        for fault in &appliance.faults {
            journal::error(fault);
        }
        appliance
    }

    /// Applies everything, as at each boot. A step that fails is a fault to be shown, and the others go on.
    fn follow_settings(&mut self) {
        let settings = self.settings();
        if let Err(error) = self.name_system(&settings) {
            self.faults.push(format!("host name or time zone could not be set: {error}"));
        }
        for stale in [render::ssh::KEYS, render::ssh::BANNER, render::ssh::ALGORITHMS] {
            if let Err(error) = self.system.clear(stale) {
                self.faults.push(format!("a setting of before may be in force: {}", chain(&error)));
            }
        }
        let rendered = render(&settings, &self.surroundings(&settings));
        // What a killed mmpd had put in force before it was saved goes, as nobody was told that it is.
        let stale = if self.system.has_rules() { plan::without_rules(&rendered) } else { Vec::new() };
        let half_done = half_done::steps(&self.system.paths, &rendered);
        for step in stale.into_iter().chain(plan(None, (&settings, &rendered))).chain(half_done) {
            if let Err(error) = self.system.apply(&step, Moment::Boot) {
                self.faults.push(format!("a setting is not in force: {}", chain(&error)));
            }
            if let Step::Start(daemon) = step {
                self.held_back.push(daemon);
            }
        }
        for (name, account) in &settings.accounts.accounts {
            self.make_home(name, account.uid);
        }
        self.changing().rendered = rendered;
    }

    /// Host name and zone are taken at boot only; a restarted mmpd leaves them as they are.
    fn name_system(&mut self, settings: &Settings) -> std::io::Result<()> {
        let link = self.system.paths.system(LOCALTIME);
        if let Ok(target) = fs::read_link(&link) {
            let zone = target.strip_prefix("/usr/share/zoneinfo").ok().and_then(|zone| zone.to_str()?.parse().ok());
            self.running_zone = zone.unwrap_or_default();
            let running = nix::unistd::gethostname()?;
            self.running_hostname = running.to_string_lossy().parse().unwrap_or_default();
            return Ok(());
        }
        if self.system.device {
            // Not sethostname(2): that takes the right to administer the whole system, this file takes being root.
            fs::write(HOSTNAME, settings.hostname.as_str())?;
        }
        if let Some(folder) = link.parent() {
            fs::create_dir_all(folder)?;
        }
        std::os::unix::fs::symlink(Path::new("/usr/share/zoneinfo").join(settings.timezone.zone.as_str()), link)
    }

    /// The settings in force.
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The kernel's number of one of the image's own users.
    pub fn system_user(&self, name: &str) -> Option<u32> {
        let users = fs::read_to_string(self.system.paths.system(SYSTEM_USERS)).ok()?;
        let mut fields = users.lines().map(|line| line.split(':'));
        fields.find_map(|mut fields| (fields.next()? == name).then(|| fields.nth(1)?.parse().ok())?)
    }

    /// Whether the factory password is that of an appliance in use whose settings are damaged: whoever knows that would get
    /// in from anywhere.
    pub fn are_settings_lost(&self) -> bool {
        self.settings_lost.load(Ordering::Acquire)
    }

    /// Tells the console's login.
    fn show_whether_lost(&self) {
        let shown = if self.are_settings_lost() {
            let path = self.system.paths.system(SETTINGS_LOST);
            durable::replace_volatile(&path, b"", 0o600).map_err(ApplyError::from)
        } else {
            self.system.clear(SETTINGS_LOST)
        };
        if let Err(error) = shown {
            journal::warning(&format!("the console does not show whether settings were lost: {}", chain(&error)));
        }
    }

    /// The number of the newest settings generation.
    pub fn generation(&self) -> u64 {
        self.changing().store.generation()
    }

    /// Interfaces of this machine.
    pub fn letters(&self) -> Vec<Letter> {
        self.nics().iter().map(|nic| nic.letter).collect()
    }

    fn nics(&self) -> Vec<Nic> {
        self.nics.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until a daemon that is configured runs: the shell is there before it is, so somebody may ask for it early.
    pub fn await_running(&self, daemon: Daemon) -> Result<(), ApplyError> {
        if self.system.device {
            self.settling.wait();
        }
        self.system.await_running(daemon)
    }

    /// What the administrator must know at login.
    pub fn notices(&self) -> Vec<String> {
        let mut notices: Vec<String> = self.faults.iter().map(|fault| format!("WARNING: {fault}")).collect();
        notices.extend(medium::fault(&self.system.paths.state()).map(|fault| format!("WARNING: {fault}")));
        notices.extend(self.clock_fault());
        notices
            .extend(self.notes.all().into_iter().map(|note| format!("NOTE: {} ({})", note.text, clock::date(note.at))));
        if let Some(trial) = self.trial() {
            notices.push(format!(
                "NOTE: <{}> of {} is undone in {} s unless {} types 'confirm'",
                trial.lines.join("; "),
                trial.user,
                trial.seconds_left,
                trial.user
            ));
        }
        let settings = self.settings();
        if settings.hostname != self.running_hostname {
            notices.push(format!("A reboot is required: the host name {} is not in force yet", settings.hostname));
        }
        if settings.timezone.zone != self.running_zone {
            notices.push(format!(
                "A reboot is required: the timezone {} is not in force everywhere yet",
                settings.timezone.zone
            ));
        }
        notices.extend(self.webadmin_notices(&settings));
        if let Some(file) = &settings.ntp.group_key
            && self.key_file(file) != KeyFile::Usable
        {
            notices
                .push(format!("WARNING: {file} holds no key any more, so no NTP server is believed; upload it again"));
        }
        notices.extend(license::notices(self));
        notices.extend(pki::uses::notices(self));
        if let Some(fault) = journal::audit_fault() {
            notices.push(format!("WARNING: the audit log is not written: {fault}; `df` shows whether /data is full"));
        }
        for letter in self.letters() {
            // A lease takes its time; an address that is not there right after the boot is no fault yet.
            if (self.settling.is_over() || !links::is_present(letter))
                && let Some(fault) = network_fault::now(&settings, letter)
            {
                notices.push(format!("WARNING: {fault}"));
            }
        }
        let unused = |nic: &Nic| network_fault::now(&settings, nic.letter).is_none();
        for nic in self.nics().into_iter().filter(|nic| !nic.present && unused(nic)) {
            notices.push(format!("WARNING: the card of interface {} is missing; its letter is kept", nic.letter));
        }
        notices
    }

    /// A clock that cannot be right, and what to type.
    fn clock_fault(&self) -> Option<String> {
        let now = clock::now();
        let settings = self.settings();
        // By a clock that was right, some account's password was set then: it is later now.
        let known = settings.accounts.accounts.values().map(|account| account.changed);
        let known = known.filter(|at| clock::is_believable(*at)).max().unwrap_or(0);
        let hint = if settings.ntp.servers.is_empty() {
            "set it with `date set <date> <time>`, or name a server with `ntp server add <server>`"
        } else {
            "`ntp status` shows why no server has set it yet"
        };
        let text = format!(
            "WARNING: the clock shows {}, which cannot be right; passwords do not expire meanwhile; {hint}",
            clock::date(now)
        );
        (!clock::is_believable(now) || now < known - DAY).then_some(text)
    }

    /// Changes settings, or returns `None` when the request is not one to change them.
    pub fn change(
        &self,
        asked: &Asked,
        request: &Request,
        reader: &mut Reader,
    ) -> Option<Result<Changed<'_>, Refusal>> {
        let facts = match self.facts(asked.user, request) {
            Ok(facts) => facts,
            Err(refusal) => return Some(Err(refusal)),
        };
        let changing = self.changing();
        let old = self.settings();
        let done = change::change(&old, request, &facts)?;
        let prepared = facts.webadmin.filter(|_| done.is_ok());
        // Everybody's own password is in nobody else's way.
        let own = matches!(request, Request::User(request::User::ChangeOwn { .. }));
        let before = prepared.map(|set| self.exchange_set(Some(set)));
        let done = done.and_then(|(next, reply)| self.carry(changing, (&old, next), reply, asked, reader, own));
        if let Some(before) = before.filter(|_| done.is_err()) {
            self.exchange_set(before);
        }
        Some(done)
    }

    /// A change that is right in itself: nobody else must be in its way.
    fn carry<'a>(
        &'a self,
        mut changing: MutexGuard<'a, Changing>,
        (old, next): (&Settings, Settings),
        reply: Reply,
        asked: &Asked,
        reader: &mut Reader,
        own: bool,
    ) -> Result<Changed<'a>, Refusal> {
        self.not_restarting()?;
        if next == *old {
            return Ok(Changed { reply, rest: None });
        }
        let touched = trial::differing(old, &next);
        let contested = || touched.keys().filter(|_| !own);
        self.news.check(reader, contested())?;
        self.check_trial(asked, &touched)?;
        let changed = match asked.within {
            None => {
                self.put_in_force(&mut changing, old, next, &asked.author)?;
                Changed { reply, rest: None }
            }
            Some(within) => {
                let rest = self.begin_trial(changing, (old, next), asked, within)?;
                let said = match reply {
                    Reply::Notice(line) => format!("{line}\n"),
                    _ => String::new(),
                };
                Changed { reply: Reply::Notice(said + &conditional::condition(within)), rest }
            }
        };
        let Author { user, origin, line, .. } = &asked.author;
        let how = if asked.within.is_some() { " on condition" } else { "" };
        self.news.add(Some(asked.seat), format!("{user} from {origin} changed{how}: {line}"), contested());
        Ok(changed)
    }

    fn put_in_force(
        &self,
        changing: &mut Changing,
        old: &Settings,
        next: Settings,
        author: &Author,
    ) -> Result<(), Refusal> {
        let rendered = render(&next, &self.surroundings(&next));
        let steps = plan(Some((old, &changing.rendered)), (&next, &rendered));
        changing.touches += u64::from(aftermath::touches_daemon(&steps));
        if let Err(error) = self.apply_all(&steps) {
            let state = self.put_back((&next, &rendered), (old, &changing.rendered));
            journal::undone(&format!("a change was undone: {}", chain(&error)));
            return Err(
                Refusal::new(Kind::Internal, format!("The change did not take effect: {}", chain(&error))).state(state)
            );
        }
        if let Err(error) = changing.store.save(&next, author.clone()) {
            let state = self.put_back((&next, &rendered), (old, &changing.rendered));
            journal::undone(&format!("a change could not be saved and was undone: {}", chain(&error)));
            return Err(not_saved(&error).state(state));
        }
        self.watch(Watched::after(&steps, (old, &next), author, changing.touches));
        self.settle_webadmin(&next);
        self.settled(changing, old, next, rendered);
        Ok(())
    }

    /// Hands a change to the thread that watches it.
    fn watch(&self, change: Option<Watched>) {
        let sender = self.aftermath.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(sender), Some(change)) = (sender.as_ref(), change.filter(|_| self.system.device)) {
            // The thread lives as long as this does.
            let _ = sender.send(change);
        }
    }

    /// Where changes go that are to be watched; the thread that takes them calls [`Self::watch_aftermath`].
    pub fn changes_to_watch(&self) -> mpsc::Receiver<Watched> {
        let (sender, receiver) = mpsc::channel();
        *self.aftermath.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        receiver
    }

    /// Homes and what is remembered of accounts follow the accounts.
    fn follow_accounts(&self, old: &Settings, next: &Settings) {
        for (name, account) in &next.accounts.accounts {
            if !old.accounts.accounts.contains_key(name) {
                self.make_home(name, account.uid);
            }
        }
        for name in old.accounts.accounts.keys().filter(|name| !next.accounts.accounts.contains_key(*name)) {
            self.logins.forget(name);
            let _ = fs::remove_dir_all(self.home(name));
        }
    }

    fn apply_all(&self, steps: &[Step]) -> Result<(), ApplyError> {
        steps.iter().try_for_each(|step| self.system.apply(step, Moment::Change))
    }

    /// Undoes what was applied; the line that says what is now true.
    fn put_back(&self, from: (&Settings, &Rendered), to: (&Settings, &Rendered)) -> &'static str {
        match self.apply_all(&plan(Some(from), to)) {
            Ok(()) => "The old settings are in force again",
            Err(error) => {
                journal::error(&format!("the old settings could not be put back: {}", chain(&error)));
                "The old settings could not be put back wholly; `reboot` puts them in force"
            }
        }
    }

    /// What the request's check has to know. The slow part, hashing, is done before anybody else is kept waiting.
    fn facts(&self, user: &Username, request: &Request) -> Result<Facts, Refusal> {
        let new_hash = self.new_hash(user, request)?;
        self.check_named_files(request)?;
        let (checklist, webadmin) = match request {
            Request::Webadmin(request::Webadmin::Enable) => self.prepare_enable()?,
            _ => Default::default(),
        };
        Ok(Facts {
            user: user.clone(),
            letters: self.letters(),
            now: clock::now(),
            zone_exists: match request {
                Request::Timezone(request::Timezone::Set(zone)) => clock::zone_exists(zone),
                _ => false,
            },
            key_file: match request {
                Request::Ntp(request::Ntp::GroupKey(Some(file))) => self.key_file(file),
                Request::Syslog(request::Syslog::Trust(Some(file))) => match self.read_small(file) {
                    None => KeyFile::Absent,
                    Some(text) if render::syslog::has_certificate(&text) => KeyFile::Usable,
                    Some(_) => KeyFile::Unusable,
                },
                _ => KeyFile::Absent,
            },
            restore_point: match request {
                Request::Settings(request::SettingsAsk::Restore(point)) => {
                    store::point(&self.system.paths.settings(), point.number()).ok()
                }
                _ => None,
            },
            loaded: match request {
                Request::Settings(request::SettingsAsk::Load(file)) => self.loaded(file),
                _ => None,
            },
            new_hash,
            checklist,
            webadmin,
        })
    }

    fn loaded(&self, file: &FileName) -> Option<Result<Settings, Refusal>> {
        let folder = self.system.paths.files();
        let there = |name: &FileName| folder.join(name.as_str()).is_file();
        if !there(file) {
            let absent = Refusal::new(Kind::Absent, format!("File not found: {file}"));
            return Some(Err(absent.hint("upload it by SFTP; `live.json` under another name, such as cms1.json")));
        }
        let content = self.read_up_to(file, change::load::LONGEST);
        Some(change::load::read(file, content.unwrap_or_default().as_bytes(), there))
    }

    fn key_file(&self, file: &FileName) -> KeyFile {
        match self.read_small(file) {
            None => KeyFile::Absent,
            Some(text) if render::chrony::first_key(&text).is_some() => KeyFile::Usable,
            Some(_) => KeyFile::Unusable,
        }
    }

    fn read_small(&self, file: &FileName) -> Option<String> {
        self.read_up_to(file, LONGEST_KEY_FILE)
    }

    fn read_up_to(&self, file: &FileName, longest: u64) -> Option<String> {
        let path = self.system.paths.files().join(file.as_str());
        let small = fs::symlink_metadata(&path).is_ok_and(|m| m.is_file() && m.len() <= longest);
        small.then(|| fs::read_to_string(&path).ok()).flatten()
    }

    fn surroundings(&self, settings: &Settings) -> Surroundings {
        Surroundings {
            letters: self.letters(),
            system_users: fs::read_to_string(self.system.paths.system(SYSTEM_USERS)).unwrap_or_default(),
            group_key: settings.ntp.group_key.as_ref().and_then(|file| self.read_small(file)),
            webadmin: self.webadmin_set(settings),
            syslog_trust: settings.syslog.trust.as_ref().and_then(|file| self.read_small(file)),
        }
    }

    /// The shell keeps its history there; that it is missing fails nothing.
    fn make_home(&self, name: &Username, uid: u32) {
        if !self.system.device {
            return;
        }
        let home = self.home(name);
        let made = make_private(&home).and_then(|()| chown(&home, Some(uid), Some(render::accounts::GROUP)));
        if let Err(error) = made {
            journal::warning(&format!("no history is kept for {name}: {error}"));
        }
    }

    fn home(&self, name: &Username) -> std::path::PathBuf {
        self.system.paths.data().join("home").join(name.as_str())
    }

    fn changing(&self) -> MutexGuard<'_, Changing> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_saved(error: &WriteError) -> Refusal {
    let hint = if medium::is_full(&error.source) {
        "`df` shows whether /data is full"
    } else {
        "the disk does not take it: save the files over SFTP, then `reboot`, which checks and repairs /data"
    };
    Refusal::new(Kind::Internal, format!("The change could not be saved: {}", chain(error))).hint(hint)
}

fn make_private(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    // Accounts pass through the parent of their homes, and see nothing there.
    let mode = if folder.ends_with("home") { 0o711 } else { 0o700 };
    fs::set_permissions(folder, fs::Permissions::from_mode(mode))
}
