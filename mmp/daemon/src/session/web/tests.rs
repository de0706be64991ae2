//! What people and programs find at the web door.

use std::{io::Write, os::unix::net::UnixStream, path::Path};

use mmp_control::{
    Answer, Ask, Call, Code, Hello, Program, Refusal, Reply, Request, Secret, frame,
    reply::SignedIn,
    request::{Status, Surface, User, Web},
};
use mmp_model::{
    Role, Settings,
    account::{Account, Accounts},
    rules::RuleChange,
};

use super::super::strangers::{answer, conversation};
use crate::{
    appliance::Appliance,
    observe::clock,
    password,
    paths::Paths,
    store::{Author, Store},
};

const HERE: &str = "192.0.2.1:1000";

/// An appliance with an account of each role, `<role>` with the password `admin`, which is nobody's temporary one.
fn appliance(folder: &Path, change: impl FnOnce(&mut Settings)) -> Appliance {
    let hash = password::factory();
    let mut settings = Settings::factory(Accounts::factory(hash.clone()));
    settings.accounts.accounts.clear();
    for (number, role) in (10_000..).zip(Role::ALL) {
        let mut account = Account::new(number, role, hash.clone(), clock::now());
        account.expired = false;
        settings.accounts.accounts.insert(role.word().parse().unwrap(), account);
    }
    change(&mut settings);
    let paths = Paths::below(folder);
    std::fs::create_dir_all(paths.settings()).unwrap();
    let author = Author { user: "test".into(), origin: "test".into(), line: String::new(), at: 0 };
    Store::load(&paths.settings()).store.save(&settings, author).unwrap();
    Appliance::start(paths, false)
}

fn ask(stream: &mut UnixStream, request: Request) -> Option<Answer> {
    let call = Call { line: "line".into(), request };
    stream.write_all(&frame::encode(&Ask::Call(Box::new(call))).unwrap()).unwrap();
    answer(stream)
}

fn web<T>(appliance: &Appliance, talk: impl FnOnce(&mut UnixStream) -> T) -> T {
    conversation(appliance, |mut stream| {
        let hello = Hello { program: Program::Webadmin, origin: "webadmin".into() };
        stream.write_all(&frame::encode(&hello).unwrap()).unwrap();
        assert_eq!(answer(&mut stream), Some(Answer::Ready));
        talk(&mut stream)
    })
}

fn secret(text: &str) -> Secret {
    Secret::new(text.into())
}

fn sign_in(
    appliance: &Appliance,
    (user, password, new): (&str, &str, Option<&str>),
    surface: Surface,
    origin: &str,
) -> Result<SignedIn, Refusal> {
    let sign_in = Web::SignIn {
        user: user.into(),
        password: secret(password),
        new_password: new.map(secret),
        surface,
        origin: origin.into(),
    };
    match web(appliance, |stream| ask(stream, Request::Web(sign_in))) {
        Some(Answer::Done(Reply::SignedIn(session))) => Ok(session),
        Some(Answer::Refused(refusal)) => Err(refusal),
        other => panic!("{other:?}"),
    }
}

fn holds(appliance: &Appliance, token: &Secret, origin: &str) -> Result<(), Option<Code>> {
    let check = Request::Web(Web::Check { token: token.clone(), origin: origin.into() });
    match web(appliance, |stream| ask(stream, check)) {
        Some(Answer::Done(Reply::WebSession(_))) => Ok(()),
        Some(Answer::Refused(refusal)) => Err(refusal.code),
        other => panic!("{other:?}"),
    }
}

fn code(result: Result<SignedIn, Refusal>) -> Option<Code> {
    result.err().and_then(|refusal| refusal.code)
}

#[test]
fn each_role_comes_in_where_it_has_business_and_a_guess_learns_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let appliance = appliance(folder.path(), |_| {});
    for (place, role) in Role::ALL.into_iter().enumerate() {
        // Each from a place of its own: the brake counts whoever does not come in.
        let here = format!("192.0.2.{}:1000", 10 + place);
        for (surface, may) in [
            (Surface::Pages, matches!(role, Role::Admin | Role::Appadmin)),
            (Surface::Api, matches!(role, Role::Admin | Role::Appadmin | Role::Api)),
        ] {
            let answer = sign_in(&appliance, (role.word(), "admin", None), surface, &here);
            assert_eq!(answer.is_ok(), may, "{role} {surface:?}");
            assert!(may || code(answer) == Some(Code::Role));
        }
    }
    let wrong = sign_in(&appliance, ("admin", "Admin", None), Surface::Api, "192.0.2.7:1").unwrap_err();
    assert_eq!(wrong.code, Some(Code::Wrong));
    assert_eq!(sign_in(&appliance, ("nobody", "admin", None), Surface::Api, "192.0.2.7:1").unwrap_err(), wrong);
}

#[test]
fn an_expired_password_opens_nothing_until_a_new_one_comes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let appliance = appliance(folder.path(), |settings| {
        settings.accounts.rules.set(RuleChange::parse("min_length", "8").unwrap());
        settings.accounts.accounts.values_mut().for_each(|account| account.expired = true);
    });
    let enter = |password, new| sign_in(&appliance, ("admin", password, new), Surface::Pages, HERE);
    assert_eq!(code(enter("admin", None)), Some(Code::PasswordExpired));
    assert_eq!(code(sign_in(&appliance, ("admin", "admin", None), Surface::Api, HERE)), Some(Code::PasswordExpired));
    assert!(enter("admin", Some("short")).unwrap_err().message.contains("password rules"));
    assert!(appliance.web.elsewhere().is_empty());
    let session = enter("admin", Some("New-Pass-1")).unwrap();
    assert_eq!(holds(&appliance, &session.token, HERE), Ok(()));
    assert!(enter("New-Pass-1", None).is_ok() && code(enter("admin", None)) == Some(Code::Wrong));
    // Nobody can ask a program for a new password.
    assert!(sign_in(&appliance, ("api", "admin", None), Surface::Api, HERE).is_ok());
}

#[test]
fn a_conversation_acts_for_the_session_as_long_as_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let appliance = appliance(folder.path(), |_| {});
    let session = |user| sign_in(&appliance, (user, "admin", None), Surface::Pages, HERE).unwrap().token;
    let act = |stream: &mut UnixStream, token: &Secret| {
        ask(stream, Request::Web(Web::Act { token: token.clone(), origin: "192.0.2.1:2000".into() }))
    };
    let (first, second, other) = (session("admin"), session("admin"), session("appadmin"));
    web(&appliance, |stream| {
        // Before it acts for somebody nothing is answered.
        assert!(matches!(ask(stream, Request::Status(Status::Version)), Some(Answer::Refused(_))));
        assert!(matches!(act(stream, &secret("guess")), Some(Answer::Refused(r)) if r.code == Some(Code::SessionOver)));
        assert!(matches!(act(stream, &other), Some(Answer::Opened(welcome)) if welcome.role == Role::Appadmin));
        assert!(matches!(ask(stream, Request::User(User::List)), Some(Answer::Refused(_))));
        // It stays that session's.
        assert!(matches!(act(stream, &first), Some(Answer::Refused(_))));
    });
    web(&appliance, |stream| {
        assert!(matches!(act(stream, &first), Some(Answer::Opened(welcome)) if welcome.user.as_str() == "admin"));
        let Some(Answer::Done(Reply::Users(users))) = ask(stream, Request::User(User::List)) else { panic!() };
        assert!(users.iter().all(|row| row.logged_in == ["admin", "appadmin"].contains(&row.username.as_str())));
        let change = User::ChangeOwn { old: Some(secret("admin")), new: secret("New-Pass-1") };
        assert!(matches!(ask(stream, Request::User(change)), Some(Answer::Done(_))));
        // Its own session goes on, every other one of the account has ended.
        assert!(matches!(ask(stream, Request::User(User::List)), Some(Answer::Done(_))));
        assert_eq!(holds(&appliance, &first, HERE), Ok(()));
        assert_eq!(holds(&appliance, &second, HERE), Err(Some(Code::SessionOver)));
        assert_eq!(holds(&appliance, &other, HERE), Ok(()));
        assert!(matches!(ask(stream, Request::User(User::Evict("appadmin".parse().unwrap()))), Some(Answer::Done(_))));
        assert_eq!(holds(&appliance, &other, HERE), Err(Some(Code::SessionOver)));
        let sign_out = Request::Web(Web::SignOut { token: first.clone() });
        assert_eq!(web(&appliance, |stream| ask(stream, sign_out)), Some(Answer::Done(Reply::Nothing)));
        assert!(
            matches!(ask(stream, Request::User(User::List)), Some(Answer::Refused(r)) if r.code == Some(Code::SessionOver))
        );
        assert_eq!(answer(stream), None);
    });
}

#[test]
fn hosts_and_numbers_of_logins_hold_at_the_web_door_too() {
    let folder = tempfile::tempdir().unwrap();
    let appliance = appliance(folder.path(), |settings| {
        settings.accounts.rules.set(RuleChange::parse("max_sessions", "2").unwrap());
        let appadmin = settings.accounts.accounts.get_mut(&"appadmin".parse().unwrap()).unwrap();
        appadmin.hosts = vec!["192.0.2.1".parse().unwrap()];
    });
    let enter = |surface, origin: &str| sign_in(&appliance, ("appadmin", "admin", None), surface, origin);
    assert_eq!(code(enter(Surface::Pages, "192.0.2.2:1")), Some(Code::Host));
    let session = enter(Surface::Pages, HERE).unwrap();
    assert_eq!(holds(&appliance, &session.token, "192.0.2.1:5"), Ok(()));
    assert_eq!(holds(&appliance, &session.token, "192.0.2.2:5"), Err(Some(Code::Host)));
    // A program that signs in for each of its requests is one login.
    assert!((1..4).all(|port| enter(Surface::Api, &format!("192.0.2.1:{port}")).is_ok()));
    assert_eq!(code(enter(Surface::Pages, "192.0.2.1:9")), Some(Code::TooMany));
}
