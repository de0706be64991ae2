//! Who may come in: the one decision for console, SSH, SFTP and web.
//!
//! ```text
//! console, web   Authenticate: the password, then everything else, and the reason is told
//! SSH, SFTP      Authenticate: the password, locks and hosts; whatever is wrong looks like a wrong password
//!                Admit: everything once more, also after a key; the reason is told
//!                CameIn: it is noted
//! Web Admin      [`sign_in`]: as at the console, and the role must have business there
//! ```
//!
//! Invariants: only root's programs may ask; a wrong name costs the time of a wrong password and is answered alike;
//! who does not give the right password learns nothing, and who guesses from the network does not learn of a right
//! one while the account is locked; every decision leaves a line in the log, with its reason.

use std::{
    net::IpAddr,
    thread,
    time::{Duration, Instant},
};

use mmp_control::{
    Code, Kind, Login, Refusal, Reply, Secret,
    reply::Admitted,
    request::{Access, Door, Surface},
};
use mmp_model::{Host, Role, Settings, Username, account::Account, rules::Rule};

use crate::{
    admission::{self, Moment, peer},
    appliance::Appliance,
    brake::Source,
    journal,
    observe::{clock, resolver},
    password::{self, Lane},
    show::ssh::fingerprint,
};

/// A refusal takes at least this long for who comes from the network, whatever it was refused for.
const REFUSAL: Duration = Duration::from_millis(500);

/// Answers a door's question.
pub fn answer(appliance: &Appliance, ask: &Access) -> Result<Reply, Refusal> {
    match ask {
        Access::Authenticate { user, password, door, origin } => {
            let at = At { appliance, door: *door, surface: Surface::Pages, origin };
            let (name, uid) = at.braked(|| at.authenticate(user, password))?;
            if *door != Door::Ssh {
                at.came_in(&name, "a password");
            }
            Ok(Reply::Admitted(Admitted { user: name, uid }))
        }
        Access::Recover { console, ask } => appliance.recover(console, ask),
        // Whether it may was asked a moment ago.
        Access::CameIn { user, door, origin, key } => {
            let settings = appliance.settings();
            let (name, _) = find(&settings, user).ok_or_else(incorrect)?;
            let by = match key.as_deref().map(str::parse) {
                None => "a password".to_owned(),
                Some(Ok(key)) => format!("key {}", fingerprint(&key)),
                Some(Err(_)) => "a key".to_owned(),
            };
            At { appliance, door: *door, surface: Surface::Pages, origin }.came_in(name, &by);
            Ok(Reply::Nothing)
        }
        Access::Admit { user, door, origin } => {
            let settings = appliance.settings();
            let (name, account) = find(&settings, user).ok_or_else(incorrect)?;
            At { appliance, door: *door, surface: Surface::Pages, origin }.admit(&settings, name, account)?;
            Ok(admitted(name, account))
        }
    }
}

/// Somebody gives name and password at the web door. Who comes in has to be noted with [`signed_in`], once nothing else
/// keeps the account out.
pub fn sign_in(
    appliance: &Appliance,
    (typed, password): (&str, &Secret),
    surface: Surface,
    origin: &str,
) -> Result<Username, Refusal> {
    let at = At { appliance, door: Door::Web, surface, origin };
    at.braked(|| at.authenticate(typed, password)).map(|(name, _)| name)
}

/// The account has come in at the web door.
pub fn signed_in(appliance: &Appliance, name: &Username, surface: Surface, origin: &str) {
    At { appliance, door: Door::Web, surface, origin }.came_in(name, "a password");
}

/// Whether a session of the account may be used from there: a token is no way round the list of hosts.
pub fn is_at_its_host(appliance: &Appliance, name: &Username, origin: &str) -> bool {
    let settings = appliance.settings();
    let at = At { appliance, door: Door::Web, surface: Surface::Pages, origin };
    settings.accounts.accounts.get(name).is_some_and(|account| at.is_at_its_host(&settings, account))
}

fn find<'a>(settings: &'a Settings, typed: &str) -> Option<(&'a Username, &'a Account)> {
    settings.accounts.accounts.get_key_value(&typed.parse::<Username>().ok()?)
}

/// Somebody at a door.
struct At<'a> {
    appliance: &'a Appliance,
    door: Door,
    surface: Surface,
    origin: &'a str,
}

impl At<'_> {
    /// A guess costs time.
    fn braked<T>(&self, authenticate: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
        let source = Source::of(self.door == Door::Console, self.origin);
        self.appliance.brake.wait(source).map_err(|refusal| refusal.code(Code::Braked)).inspect_err(|refusal| {
            journal::login(&format!("Login from {} refused: {refusal}", self.origin));
        })?;
        let started = Instant::now();
        let answer = authenticate();
        match &answer {
            Ok(_) => self.appliance.brake.give_back(source),
            Err(_) if self.door != Door::Console => thread::sleep(REFUSAL.saturating_sub(started.elapsed())),
            Err(_) => {}
        }
        answer
    }

    fn authenticate(&self, typed: &str, password: &Secret) -> Result<(Username, u32), Refusal> {
        let settings = self.appliance.settings();
        let console = self.door == Door::Console;
        let lane = if console { Lane::Console } else { Lane::Other };
        let Some((name, account)) = find(&settings, typed) else {
            password::check_nobody(password, lane);
            // As much is written as for a wrong password; the name itself is not: people type passwords there.
            self.appliance.logins.failed_nobody();
            journal::login(&format!("Login from {} refused: no such user", self.origin));
            return Err(incorrect());
        };
        let rules = &settings.accounts.rules;
        if !console && self.appliance.are_settings_lost() {
            // The factory password is in the manual.
            let _ = password::is_right(password, &account.password, lane);
            self.refused(name, "no settings could be read; until a password is set it is taken at the console only");
            return Err(incorrect());
        }
        if !password::is_right(password, &account.password, lane) {
            self.appliance.logins.failed(name, clock::now(), console, rules.number(Rule::MaxFailedLogins));
            let locked = self.lock(&settings, name, account).map(|bar| format!("; {bar}")).unwrap_or_default();
            journal::login(&format!("Login of {name} from {} refused: wrong password{locked}", self.origin));
            return Err(incorrect());
        }
        if account.must_change_password(rules, clock::now_for_ages())
            && rules.number(Rule::MinChangedCharacters).is_some()
        {
            self.appliance.given.keep(name, password);
        }
        let proven = (name.clone(), account.uid);
        if self.door != Door::Ssh {
            return self.admit(&settings, name, account).map(|()| proven);
        }
        // Admit follows, and tells what is left to tell to somebody who may know it.
        if let Some(bar) = self.lock(&settings, name, account) {
            self.refused(name, &bar.to_string());
            return Err(incorrect());
        }
        if !self.is_at_its_host(&settings, account) {
            self.refused(name, "not one of its hosts");
            return Err(incorrect());
        }
        Ok(proven)
    }

    /// Everything but the password.
    fn admit(&self, settings: &Settings, name: &Username, account: &Account) -> Result<(), Refusal> {
        self.check(settings, name, account).inspect_err(|refusal| {
            let reason = refusal.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            self.refused(name, &format!("{refusal}{reason}"));
        })
    }

    fn came_in(&self, name: &Username, by: &str) {
        self.appliance.logins.came_in(name, Login { at: clock::now(), origin: self.origin.to_owned() });
        journal::login(&format!("User {name} logged in from {} with {by}", self.origin));
    }

    fn check(&self, settings: &Settings, name: &Username, account: &Account) -> Result<(), Refusal> {
        if self.door != Door::Web && !account.role.has_shell() {
            return Err(Refusal::new(Kind::Denied, format!("Role {} has no access to the command line", account.role))
                .hint("use Web Admin or the API")
                .code(Code::Role));
        }
        if self.door == Door::Web && !mmp_control::roles::may_use(account.role, self.surface) {
            return Err(no_business(account.role));
        }
        let at = moment(settings);
        let record = |name: &Username| self.appliance.logins.of(name);
        let bar = if self.door == Door::Console {
            admission::bar_at_console(name, &settings.accounts, record, at)
        } else {
            admission::bar(account, &record(name), &settings.accounts.rules, at)
        };
        if let Some(bar) = bar {
            return Err(bar.refusal(name).code(bar.code()));
        }
        if self.door == Door::Console {
            return Ok(());
        }
        if !self.is_at_its_host(settings, account) {
            return Err(Refusal::new(Kind::Denied, format!("Login from {} is not permitted", self.origin))
                .hint(format!("an administrator can type `user host {name} add <host>`"))
                .code(Code::Host));
        }
        match settings.accounts.rules.number(Rule::MaxSessions) {
            Some(most) if self.logins(name) >= most as usize => Err(too_many(most)),
            _ => Ok(()),
        }
    }

    /// Logins of the account from the network, without one that this would only go on with.
    fn logins(&self, name: &Username) -> usize {
        let goes_on = (self.door == Door::Web).then_some((self.surface, self.origin));
        self.appliance.sessions.logins(name) + self.appliance.web.logins(name, goes_on)
    }

    fn lock(&self, settings: &Settings, name: &Username, account: &Account) -> Option<admission::Bar> {
        admission::lock(account, &self.appliance.logins.of(name), &settings.accounts.rules, clock::now())
    }

    /// Addresses first; a name is looked up only when they do not decide.
    fn is_at_its_host(&self, settings: &Settings, account: &Account) -> bool {
        if account.hosts.is_empty() {
            return true;
        }
        let Some(peer) = peer(self.origin) else { return false };
        let listed = |host: &Host| matches!(host, Host::Address(address) if address.to_canonical() == peer);
        let named = |host: &Host| matches!(host, Host::Name(name) if self.is_named(settings, name, peer));
        account.hosts.iter().any(listed) || account.hosts.iter().any(named)
    }

    fn is_named(&self, settings: &Settings, name: &mmp_model::DomainName, peer: IpAddr) -> bool {
        settings.dns != mmp_model::dns::Dns::default() && resolver::has_address(name, peer)
    }

    fn refused(&self, name: &Username, reason: &str) {
        journal::login(&format!("Login of {name} from {} refused: {reason}", self.origin));
    }
}

/// Now, where the appliance is.
fn moment(settings: &Settings) -> Moment {
    let now = clock::now();
    Moment { now, local: clock::local_time(now, &settings.timezone.zone) }
}

/// The refusal of one login more than the rule allows.
pub fn too_many(most: u32) -> Refusal {
    Refusal::new(Kind::Denied, format!("Maximum of {most} logins at a time"))
        .hint("log out elsewhere, or have the others ended with `user evict <username>`")
        .code(Code::TooMany)
}

fn admitted(name: &Username, account: &Account) -> Reply {
    Reply::Admitted(Admitted { user: name.clone(), uid: account.uid })
}

fn incorrect() -> Refusal {
    Refusal::new(Kind::Denied, "Login incorrect").code(Code::Wrong)
}

fn no_business(role: Role) -> Refusal {
    let (door, hint) = match role {
        Role::Api => ("Web Admin", "the role is for requests of the API alone"),
        _ => ("Web Admin and the API", "use the command line, by SSH or at the console"),
    };
    Refusal::new(Kind::Denied, format!("Role {role} has no access to {door}")).hint(hint).code(Code::Role)
}
