//! What a recovery means to the appliance: who is told, and which change it makes.
//!
//! Invariants: only an administrator's password is set, it is temporary, and nothing else is touched; everybody who
//! could mind is told, at once and at the next login.

use mmp_control::{
    Kind, Refusal, Reply, Request, Secret,
    reply::RecoveryStep,
    request::{Recover, User},
};
use mmp_model::{Role, Username};

use super::{Appliance, Asked};
use crate::{evict, host_keys, journal, loud, loud::Note, memory, observe::clock, recovery::Step, store::Author};

/// Stands where a session's number would; no session has it.
const NO_SEAT: u64 = u64::MAX;

impl Appliance {
    /// Somebody at a console asks.
    pub fn recover(&self, console: &str, ask: &Recover) -> Result<Reply, Refusal> {
        if !self.settings().recovery.enabled {
            journal::login(&format!("A recovery of a password on console {console} was refused: it is switched off"));
            return Err(Refusal::new(Kind::Denied, "Recovery is switched off on this appliance"));
        }
        match ask {
            Recover::Begin => self.begin_recovery(console),
            Recover::Set { user, password } => self.set_recovered(console, user, password),
        }
    }

    fn begin_recovery(&self, console: &str) -> Result<Reply, Refusal> {
        match self.recovery.begin(console)? {
            Step::Open => Ok(Reply::Recovery(RecoveryStep::Choose(self.administrators()))),
            Step::Armed { seconds, first } => {
                let text = format!("The recovery of a lost password was asked for on console {console}");
                journal::login(&text);
                if first {
                    self.tell_administrators(&text);
                }
                Ok(Reply::Recovery(RecoveryStep::SwitchOff { seconds }))
            }
        }
    }

    fn set_recovered(&self, console: &str, user: &str, password: &Secret) -> Result<Reply, Refusal> {
        self.recovery.check_open(console)?;
        let administrators = self.administrators();
        let found = administrators.into_iter().find(|name| name.as_str() == user);
        let user = found.ok_or_else(|| Refusal::new(Kind::Absent, "No such administrator"))?;
        let author = Author {
            user: user.to_string(),
            origin: format!("console {console}"),
            line: "recover password".into(),
            at: clock::now(),
        };
        let asked = Asked { user: &user, author, seat: NO_SEAT, within: None };
        let request = Request::User(User::Reset(user.clone(), password.clone()));
        let changed = self.change(&asked, &request, &mut self.news.reader(NO_SEAT));
        changed.unwrap_or_else(|| Err(Refusal::denied()))?;
        self.recovery.close();
        self.logins.unlock(&user, clock::now());
        self.sessions.end(&user, None);
        let number = self.settings().accounts.accounts.get(&user).map(|account| account.uid);
        if let (true, Some(number)) = (self.system.device, number)
            && let Err(error) = evict::processes_of(number, None)
        {
            journal::error(&format!("logins of {user} could not be ended: {error}"));
        }
        let text = format!("The password of {user} was replaced on console {console} as a lost one");
        journal::login(&text);
        self.tell_administrators(&text);
        Ok(Reply::Nothing)
    }

    /// An administrator has come in, so no password is lost; or the appliance is restarted by command.
    pub fn end_recovery(&self, why: &str) {
        if self.recovery.close() {
            journal::login(&format!("The recovery of a password is over: {why}"));
        }
    }

    fn administrators(&self) -> Vec<Username> {
        let settings = self.settings();
        let all = settings.accounts.accounts.iter();
        all.filter(|(_, account)| account.role == Role::Admin).map(|(name, _)| name.clone()).collect()
    }

    /// The kernel ended programs for want of memory; an older note about it is replaced.
    pub fn memory_ran_short(&self, text: &str) {
        journal::warning(text);
        self.notes.forget(memory::BEGIN);
        self.tell_administrators(text);
    }

    /// Host keys that nobody could use make room for new ones.
    pub(super) fn look_at_host_keys(&mut self) {
        let looked = host_keys::look(&self.system.paths);
        self.faults.extend(looked.faults);
        if !looked.taken_away.is_empty() {
            let text = host_keys::told(&looked.taken_away);
            journal::undone(&text);
            self.note_administrators(&text);
        }
    }

    fn tell_administrators(&self, text: &str) {
        if self.system.device {
            loud::on_consoles(&self.board.consoles, text);
        }
        self.news.add(None, text.to_owned(), []);
        self.note_administrators(text);
    }

    fn note_administrators(&self, text: &str) {
        for user in self.administrators() {
            self.notes.add(Note { user: user.to_string(), at: clock::now(), text: text.to_owned() });
        }
    }
}
