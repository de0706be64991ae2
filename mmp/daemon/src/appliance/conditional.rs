//! Changes on condition: begun, extended, confirmed, and undone when nobody confirms.
//!
//! Invariants: the record of the trial is durable before the change is, and goes after the undoing is durable, so that at
//! every moment a killed mmpd or a power cut ends in the old settings; only the administrator who began can confirm; an
//! undoing is saved before it is applied, and goes on to its end whatever fails on the way.

use std::{
    sync::{Arc, Condvar, MutexGuard, PoisonError, atomic::Ordering},
    thread,
    time::Duration,
};

use mmp_control::{Kind, Refusal, Reply, chain, reply};
use mmp_model::{Role, Settings, Username, restore::ConfirmTime, versions::Stored};

use super::{Appliance, Asked, Changing};
use crate::{
    apply::Moment,
    journal, loud,
    loud::Note,
    observe::clock,
    plan::{Step, plan},
    render::{Rendered, render},
    store::Author,
    trial::{self, Trial},
};

/// Between the answer and a change that may cut the connection that carries it.
const ANSWER_TIME: Duration = Duration::from_secs(1);
/// Between two attempts to undo on a disk that takes nothing.
const UNDO_AGAIN: Duration = Duration::from_secs(5);

/// What is still to be done once the answer is on its way; nothing else is changed meanwhile.
#[must_use]
pub struct Rest<'a> {
    appliance: &'a Appliance,
    changing: MutexGuard<'a, Changing>,
    steps: Vec<Step>,
    line: String,
}

/// Wakes the thread that watches the time.
#[derive(Debug, Default)]
pub struct Timer {
    begun: Condvar,
}

impl Appliance {
    /// What is on condition now.
    pub fn trial(&self) -> Option<reply::Trial> {
        self.lock_trial().as_ref().map(Trial::shown)
    }

    /// Refuses a change of families that wait for somebody's confirmation, and a second administrator's trial.
    pub(super) fn check_trial(&self, asked: &Asked, touched: &Stored) -> Result<(), Refusal> {
        let running = self.lock_trial();
        let Some(trial) = running.as_ref() else { return Ok(()) };
        let mine = trial.user == asked.user.as_str();
        let tried = asked.within.is_some();
        if (mine && tried) || !(tried || trial.holds(touched.keys())) {
            return Ok(());
        }
        let line = trial.lines.last().map_or("", String::as_str);
        let (user, left) = (&trial.user, trial.seconds_left());
        let refusal = Refusal::new(
            Kind::Conflict,
            format!("<{line}> of {user} waits for its confirmation and is undone in {left} s otherwise"),
        );
        Err(refusal.state("Nothing was changed by your command").hint(if mine {
            "type 'confirm' to keep it, 'undo' to drop it, or put 'try' before this command too".to_owned()
        } else {
            format!("wait for it, ask {user}, or type 'undo'")
        }))
    }

    /// Makes the change on condition. What may cut the administrator off is only applied by the [`Rest`].
    pub(super) fn begin_trial<'a>(
        &'a self,
        mut changing: MutexGuard<'a, Changing>,
        (old, next): (&Settings, Settings),
        asked: &Asked,
        within: ConfirmTime,
    ) -> Result<Option<Rest<'a>>, Refusal> {
        let running = self.lock_trial().clone();
        let uid = old.accounts.accounts.get(asked.user).map_or(0, |account| account.uid);
        let begun = Trial::begin(running.as_ref(), &asked.author, uid, within, trial::differing(old, &next));
        self.keep_trial(Some(begun))?;
        let rendered = render(&next, &self.surroundings(&next));
        let steps = plan(Some((old, &changing.rendered)), (&next, &rendered));
        if !steps.iter().any(may_cut) {
            return match self.put_in_force(&mut changing, old, next, &asked.author) {
                Ok(()) => Ok(None),
                Err(refusal) => {
                    // What was on condition before still is.
                    self.keep_trial(running)?;
                    Err(refusal)
                }
            };
        }
        if let Err(error) = changing.store.save(&next, asked.author.clone()) {
            self.keep_trial(running)?;
            return Err(super::not_saved(&error));
        }
        self.settled(&mut changing, old, next, rendered);
        Ok(Some(Rest { appliance: self, changing, steps, line: asked.author.line.clone() }))
    }

    /// The time begins anew.
    pub fn extend_trial(&self, user: &Username, within: ConfirmTime) -> Result<Reply, Refusal> {
        let _changing = self.changing();
        let trial = self.own_trial(user)?;
        self.keep_trial(Some(trial.extended(within)))?;
        Ok(Reply::Notice(condition(within)))
    }

    /// What is on condition stays.
    pub fn confirm_trial(&self, user: &Username, author: &Author) -> Result<Reply, Refusal> {
        let _changing = self.changing();
        let trial = self.own_trial(user)?;
        self.keep_trial(None)?;
        let lines = trial.lines.join("; ");
        journal::info(&format!("{user} from {} confirmed: {lines}", author.origin));
        Ok(Reply::Notice(format!("Confirmed: {lines}")))
    }

    /// What is on condition is undone at the wish of an administrator, or of who began it.
    pub fn undo_trial(&self, user: &Username) -> Result<Reply, Refusal> {
        let mut changing = self.changing();
        let trial = self.lock_trial().clone().ok_or_else(nothing_tried)?;
        let settings = self.settings();
        let role = settings.accounts.accounts.get(user).map(|account| account.role);
        if role != Some(Role::Admin) && trial.user != user.as_str() {
            return Err(Refusal::denied());
        }
        self.undo(&mut changing, &trial, &format!("undone by {user}"));
        Ok(Reply::Notice(format!("Undone: {}", trial.lines.join("; "))))
    }

    /// The trial, if it is this administrator's.
    fn own_trial(&self, user: &Username) -> Result<Trial, Refusal> {
        let trial = self.lock_trial().clone().ok_or_else(nothing_tried)?;
        let uid = self.settings().accounts.accounts.get(user).map(|account| account.uid);
        if trial.user == user.as_str() && uid == Some(trial.uid) {
            return Ok(trial);
        }
        Err(Refusal::new(Kind::Conflict, format!("Only {} can confirm this change", trial.user))
            .hint("'try' shows it; 'undo' drops it"))
    }

    /// Watches the time for ever.
    pub fn watch_trials(&self) {
        let mut trial = self.lock_trial();
        loop {
            let left = trial.as_ref().map(Trial::seconds_left);
            trial = match left {
                None => self.timer.begun.wait(trial).unwrap_or_else(PoisonError::into_inner),
                Some(0) => {
                    drop(trial);
                    self.expire();
                    self.lock_trial()
                }
                Some(seconds) => {
                    let woken = self.timer.begun.wait_timeout(trial, Duration::from_secs(seconds));
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// At the start of mmpd, before anything is applied: in the same boot the time goes on, in another it is over.
    pub(super) fn end_old_trial(&mut self) {
        let over = self.lock_trial().clone().filter(|trial| trial.seconds_left() == 0);
        let Some(trial) = over else { return };
        let mut changing = self.changing();
        let why = "not confirmed before the restart and therefore undone";
        match trial.undone(&self.settings()) {
            Ok(next) => {
                if let Err(error) = changing.store.save(&next, by_itself(&trial, why)) {
                    journal::error(&format!("the old settings are in force but not saved: {}", chain(&error)));
                }
                *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
            }
            Err(error) => journal::error(&format!("a change cannot be undone: {}", chain(&error))),
        }
        self.end(&trial, why);
    }

    fn expire(&self) {
        let mut changing = self.changing();
        // It may have been confirmed or extended while the change before it was waited for.
        let over = self.lock_trial().clone().filter(|trial| trial.seconds_left() == 0);
        let Some(trial) = over else { return };
        self.undo(&mut changing, &trial, "not confirmed in time and therefore undone");
        if self.lock_trial().is_some() {
            drop(changing);
            thread::sleep(UNDO_AGAIN);
        }
    }

    /// Puts the settings before the trial in force.
    fn undo(&self, changing: &mut Changing, trial: &Trial, why: &str) {
        let old = self.settings();
        match trial.undone(&old) {
            Ok(next) if next == *old => {}
            Ok(next) => self.force(changing, &old, next, by_itself(trial, why)),
            Err(error) => journal::error(&format!("a change cannot be undone: {}", chain(&error))),
        }
        self.end(trial, why);
    }

    /// The trial is over and its change undone: everybody is told, and the record goes.
    fn end(&self, trial: &Trial, why: &str) {
        let line = trial.lines.join("; ");
        self.tell(&trial.user, &format!("<{line}> of {} was {why}", trial.user), trial.families());
        if let Err(refusal) = self.keep_trial(None) {
            journal::error(&format!("an undone change is still on record: {refusal}"));
        }
    }

    /// Puts settings in force without asking back: saved first, and every step is tried.
    pub(super) fn force(&self, changing: &mut Changing, old: &Settings, next: Settings, author: Author) {
        if let Err(error) = changing.store.save(&next, author) {
            journal::error(&format!("the old settings are in force but not saved: {}", chain(&error)));
        }
        let rendered = render(&next, &self.surroundings(&next));
        let steps = plan(Some((old, &changing.rendered)), (&next, &rendered));
        changing.touches += u64::from(super::aftermath::touches_daemon(&steps));
        for step in &steps {
            if let Err(error) = self.system.apply(step, Moment::Change) {
                journal::error(&format!("while going back to the old settings: {}", chain(&error)));
            }
        }
        self.settled(changing, old, next, rendered);
    }

    /// Says on consoles, in the log, to everybody logged in and at the next login what the appliance did by itself.
    pub(super) fn tell<'a>(&self, user: &str, text: &str, families: impl IntoIterator<Item = &'a String>) {
        journal::undone(text);
        self.news.add(None, text.to_owned(), families);
        self.notes.add(Note { user: user.to_owned(), at: clock::now(), text: text.to_owned() });
        loud::on_consoles(&self.board.consoles, text);
    }

    /// The new settings are in force and saved.
    pub(super) fn settled(&self, changing: &mut Changing, old: &Settings, next: Settings, rendered: Rendered) {
        self.follow_accounts(old, &next);
        if self.settings_lost.swap(false, Ordering::AcqRel) {
            self.show_whether_lost();
        }
        changing.rendered = rendered;
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }

    fn keep_trial(&self, trial: Option<Trial>) -> Result<(), Refusal> {
        trial::save(&self.system.paths.settings(), trial.as_ref()).map_err(|error| super::not_saved(&error))?;
        *self.lock_trial() = trial;
        self.timer.begun.notify_all();
        Ok(())
    }

    fn lock_trial(&self) -> MutexGuard<'_, Option<Trial>> {
        self.trial.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rest<'_> {
    /// Applies what may cut the administrator off.
    pub fn carry_out(mut self) {
        thread::sleep(ANSWER_TIME);
        let Err(error) = self.appliance.apply_all(&self.steps) else { return };
        let reason = chain(&error);
        journal::undone(&format!("<{}> did not take effect: {reason}", self.line));
        let trial = self.appliance.lock_trial().clone();
        if let Some(trial) = trial {
            self.appliance.undo(&mut self.changing, &trial, &format!("undone, as it did not take effect: {reason}"));
        }
    }
}

/// What `try` says once the change is made.
pub fn condition(within: ConfirmTime) -> String {
    format!("On condition: type 'confirm' within {within} s, or it is undone")
}

fn by_itself(trial: &Trial, why: &str) -> Author {
    let line = format!("<{}> of {} {why}", trial.lines.join("; "), trial.user);
    Author { user: "appliance".into(), origin: "here".into(), line, at: clock::now() }
}

/// Whether a step may take the ground from under the administrator's feet.
fn may_cut(step: &Step) -> bool {
    matches!(step, Step::ReloadNetwork(_) | Step::LinkMode(..) | Step::Nftables(_) | Step::RestartSshd)
}

fn nothing_tried() -> Refusal {
    Refusal::new(Kind::Absent, "Nothing waits for a confirmation")
        .hint("put 'try' before a command to change on condition")
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use mmp_control::{Request, request};
    use mmp_model::Role;

    use super::*;
    use crate::{news::Reader, paths::Paths};

    fn start(folder: &Path) -> Appliance {
        Appliance::start(Paths::below(folder), false)
    }

    fn zone(name: &str) -> Request {
        let zone = mmp_model::dns::ForwardZone { domain: name.parse().unwrap(), server: "192.0.2.53".parse().unwrap() };
        Request::Dns(request::Dns::AddZone(zone))
    }

    fn address(last: u8) -> Request {
        let address = format!("192.0.2.{last}/24").parse().unwrap();
        Request::Ipv4(mmp_model::Letter::A, request::Ipv4::Add(address, [192, 0, 2, 1].into()))
    }

    /// One administrator's session.
    struct Seat<'a> {
        appliance: &'a Appliance,
        user: Username,
        reader: Reader,
    }

    impl<'a> Seat<'a> {
        fn of(appliance: &'a Appliance, user: &str, seat: u64) -> Self {
            Self { appliance, user: user.parse().unwrap(), reader: appliance.news.reader(seat) }
        }

        fn author(&self, line: &str) -> Author {
            Author { user: self.user.to_string(), origin: "here".into(), line: line.into(), at: 1 }
        }

        fn change(&mut self, request: &Request, within: Option<&str>) -> Result<(), String> {
            let within = within.map(|text| text.parse().unwrap());
            let asked = Asked { user: &self.user, author: self.author(&format!("{request:?}")), seat: 1, within };
            let changed = self.appliance.change(&asked, request, &mut self.reader).unwrap();
            if let Some(rest) = changed.map_err(|refusal| refusal.message)?.rest {
                rest.carry_out();
            }
            Ok(())
        }
    }

    fn end_time(folder: &Path) {
        let path = folder.join("data/settings/trial.json");
        let text = fs::read_to_string(&path).unwrap();
        let mut trial: serde_json::Value = serde_json::from_str(&text).unwrap();
        trial["boot"] = "another".into();
        fs::write(path, trial.to_string()).unwrap();
    }

    #[test]
    fn what_is_not_confirmed_is_undone_at_the_next_boot_and_said() {
        let folder = tempfile::tempdir().unwrap();
        let before = {
            let appliance = start(folder.path());
            let mut admin = Seat::of(&appliance, "admin", 1);
            admin.change(&zone("a.example"), None).unwrap();
            let before = appliance.settings();
            admin.change(&address(7), Some("60")).unwrap();
            assert_ne!(appliance.settings(), before);
            before
        };
        // In the same boot the time goes on.
        assert_ne!(start(folder.path()).settings(), before);
        end_time(folder.path());
        let appliance = start(folder.path());
        assert_eq!(appliance.settings(), before);
        let notices = appliance.notices();
        assert!(notices.iter().any(|line| line.contains("was not confirmed before the restart")), "{notices:?}");
        appliance.notes.told("admin");
        drop(appliance);
        let again = start(folder.path());
        assert_eq!((again.settings(), again.notes.all().len(), again.trial()), (before, 0, None));
    }

    #[test]
    fn what_is_confirmed_stays_and_only_its_maker_confirms() {
        let folder = tempfile::tempdir().unwrap();
        let appliance = start(folder.path());
        let mut admin = Seat::of(&appliance, "admin", 1);
        let author = admin.author("confirm");
        let nobodys = appliance.confirm_trial(&admin.user, &author).unwrap_err().message;
        assert_eq!(nobodys, "Nothing waits for a confirmation");
        admin.change(&address(7), Some("60")).unwrap();
        let other: Username = "root".parse().unwrap();
        assert_eq!(appliance.confirm_trial(&other, &author).unwrap_err().message, "Only admin can confirm this change");
        appliance.confirm_trial(&admin.user, &author).unwrap();
        let tried = appliance.settings();
        drop(appliance);
        assert_eq!(start(folder.path()).settings(), tried);
    }

    #[test]
    fn the_time_ends_a_change_that_nobody_confirms() {
        let folder = tempfile::tempdir().unwrap();
        let appliance = start(folder.path());
        let before = appliance.settings();
        Seat::of(&appliance, "admin", 1).change(&zone("a.example"), Some("3600")).unwrap();
        let mut over = appliance.lock_trial().clone().unwrap();
        over = over.extended(ConfirmTime::DEFAULT);
        let text = serde_json::to_value(&over).unwrap().to_string().replace(r#""deadline":"#, r#""deadline":1,"was":"#);
        let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
        value.as_object_mut().unwrap().remove("was");
        *appliance.lock_trial() = Some(serde_json::from_value(value).unwrap());
        appliance.expire();
        assert_eq!((appliance.settings(), appliance.trial()), (before, None));
        assert_eq!(trial::load(&appliance.system.paths.settings()), Ok(None));
    }

    #[test]
    fn other_changes_go_on_beside_it_unless_they_touch_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let appliance = start(folder.path());
        let mut admin = Seat::of(&appliance, "admin", 1);
        let secret = mmp_control::Secret::new("Temporary-Pass-1".into());
        let add = Request::User(request::User::Add("root".parse().unwrap(), Role::Admin, secret));
        admin.change(&add, None).unwrap();
        admin.change(&address(7), Some("60")).unwrap();
        let mut root = Seat::of(&appliance, "root", 2);
        root.change(&zone("a.example"), None).unwrap();
        assert!(root.change(&address(8), None).unwrap_err().contains("of admin waits for its confirmation"));
        assert!(root.change(&zone("b.example"), Some("60")).unwrap_err().contains("waits for its confirmation"));
        assert!(admin.change(&address(8), None).unwrap_err().contains("waits for its confirmation"));
        admin.change(&address(9), Some("60")).unwrap();
        appliance.undo_trial(&root.user).unwrap();
        let settings = appliance.settings();
        assert_eq!(settings.interfaces, mmp_model::interface::Interfaces::default());
        assert_eq!(settings.dns.forward_zones.len(), 1);
    }

    #[test]
    fn an_account_made_on_condition_goes_with_the_condition() {
        let folder = tempfile::tempdir().unwrap();
        let appliance = start(folder.path());
        let secret = mmp_control::Secret::new("Temporary-Pass-1".into());
        let add = Request::User(request::User::Add("bob".parse().unwrap(), Role::Admin, secret));
        Seat::of(&appliance, "admin", 1).change(&add, Some("60")).unwrap();
        let numbers = appliance.settings().accounts.next_uid;
        appliance.undo_trial(&Username::factory()).unwrap();
        let accounts = &appliance.settings().accounts;
        assert_eq!((accounts.accounts.len(), accounts.next_uid), (1, numbers));
    }
}
