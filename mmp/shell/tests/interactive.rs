//! The shell on a terminal.

mod support;

use mmp_control::{Kind, Refusal, Reply, Request, Welcome, reply::LiveValue, request::User};
use nix::sys::signal::Signal;
use support::{Mmpd, Say, welcome};

fn mmpd() -> Mmpd {
    mmpd_with(welcome())
}

fn mmpd_with(welcome: Welcome) -> Mmpd {
    Mmpd::new(welcome, |request| match request {
        Request::Status(_) => Say::Done(Reply::Value("CMS VM".into())),
        Request::Timezone(_) => Say::Done(Reply::Timezones((0..100).map(|n| format!("Zone/Z{n}")).collect())),
        Request::Probe(..) => Say::UntilCancelled("64 bytes from 192.0.2.1\n"),
        Request::Live(_) => Say::Done(Reply::Values(vec![LiveValue { value: "bob".into(), about: "crypto".into() }])),
        Request::User(User::ChangeOwn { new, .. }) if new.reveal() == "admin" => Say::Refused(Refusal::new(
            Kind::BadValue,
            "Password does not meet the password rules: it must differ from the present one",
        )),
        _ => Say::Done(Reply::Nothing),
    })
}

#[test]
fn a_session_greets_answers_and_ends() {
    let login = mmp_control::Login { at: 1_791_205_440, origin: "console ttyS0".into() };
    let notices = vec!["A reboot is required".to_owned()];
    let mmpd = mmpd_with(Welcome { failed_logins: 2, last_login: Some(login), notices, ..welcome() });
    let mut terminal = mmpd.terminal(&[]);
    let greeting = terminal.expect("cms> ");
    assert!(
        greeting.starts_with(
            "Failed logins since last successful login 2\r\n\
             Last login 2026-10-05 13:04:00 UTC from console ttyS0\r\n\
             A reboot is required\r\n"
        ),
        "{greeting:?}"
    );
    terminal.send("model\r");
    assert_eq!(terminal.expect("cms> ").replace("\x1b[K", "").trim_matches('\r'), "\x1b[5Cmodel\r\nCMS VM\r\n");
    terminal.send("exit\r");
    assert_eq!(terminal.end(), Some(0));
    assert_eq!(mmpd.lines(), ["model", "exit"]);
}

#[test]
fn an_expired_password_is_changed_before_anything_else() {
    let mmpd = mmpd_with(Welcome { must_change_password: true, ..welcome() });
    let mut terminal = mmpd.terminal(&[]);
    terminal.expect("Password has expired\r\n");
    let mut attempt = |first: &str, second: &str, answer: &str| {
        terminal.expect("Please enter new password:");
        terminal.send(first);
        terminal.expect("Please enter new password again:");
        terminal.send(second);
        assert_eq!(terminal.expect(answer).trim(), "", "nothing is echoed");
    };
    attempt("one\r", "two\r", "Passwords do not match\r\n");
    attempt("admin\r", "admin\r", "Password does not meet the password rules: it must differ from the present one\r\n");
    attempt("better one\r", "better one\r", "Failed logins since last successful login 0\r\n");
    terminal.expect("cms> ");
    terminal.send("\x04");
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn leaving_at_the_forced_change_logs_out() {
    let mmpd = mmpd_with(Welcome { must_change_password: true, ..welcome() });
    let mut terminal = mmpd.terminal(&[]);
    terminal.expect("Please enter new password:");
    terminal.send("\x04");
    assert_eq!(terminal.end(), Some(5));
    assert!(mmpd.calls().is_empty());
}

#[test]
fn tab_completes_and_the_second_tab_lists() {
    let mmpd = mmpd();
    let mut terminal = mmpd.terminal(&[]);
    terminal.expect("cms> ");
    terminal.send("dn\t");
    terminal.expect("dns ");
    terminal.send("\t");
    terminal.expect("  flush    Empty the cache\r\n");
    terminal.expect("cms> dns ");
    terminal.send("\x03");
    terminal.expect("cms> ");
    terminal.send("user info \tx");
    terminal.expect("bob");
    terminal.send("\x7f\r");
    terminal.expect("cms> ");
    assert_eq!(mmpd.lines(), ["user info bob"]);
}

#[test]
fn a_question_mark_lists_what_may_follow_and_keeps_the_line() {
    let mmpd = mmpd();
    let mut terminal = mmpd.terminal(&[]);
    terminal.expect("cms> ");
    terminal.send("ipv4 a de?");
    terminal.expect("  del      Remove the address\r\n  default  Make it the interface of last resort\r\n");
    terminal.expect("cms> ipv4 a de");
    terminal.send("fault\r");
    terminal.expect("cms> ");
    assert_eq!(mmpd.lines(), ["ipv4 a default"]);
    terminal.send("dns add rr \"a?b\"\x15model\r");
    terminal.expect("CMS VM");
}

#[test]
fn destructive_commands_want_a_capital_y() {
    let mmpd = mmpd();
    let mut terminal = mmpd.terminal(&[]);
    for (answer, reply) in [("y\r", "Aborted\r\n"), ("\r", "Aborted\r\n"), ("yes\r", "Aborted\r\n")] {
        terminal.expect("cms> ");
        terminal.send("reboot\r");
        terminal.expect("Are you sure you want to reboot? (Y/n)");
        terminal.send(answer);
        terminal.expect(reply);
    }
    assert!(mmpd.calls().iter().all(|call| call.request == Request::Noted));
    terminal.expect("cms> ");
    terminal.send("reboot\r");
    terminal.expect("(Y/n)");
    terminal.send("Y\r");
    terminal.expect("cms> ");
    assert!(matches!(mmpd.calls().pop().unwrap().request, Request::Power(_)));
}

#[test]
fn a_long_answer_is_paged() {
    let mmpd = mmpd();
    let mut terminal = mmpd.terminal(&[]);
    terminal.expect("cms> ");
    terminal.type_slowly("timezone list\r");
    terminal.expect("Zone/Z22\r\n--More--");
    terminal.send("\r");
    terminal.expect("Zone/Z23\r\n--More--");
    terminal.send("/Z42\r");
    terminal.expect("...skipping\r\nZone/Z42\r\n");
    terminal.expect("--More--");
    terminal.send("q");
    terminal.expect("cms> ");
    terminal.send("timezone list | include Z42\r");
    terminal.expect("Zone/Z42\r\n");
    terminal.expect("cms> ");
}

#[test]
fn control_c_ends_a_command_and_not_the_session() {
    let mmpd = mmpd();
    let mut terminal = mmpd.terminal(&[]);
    terminal.expect("cms> ");
    terminal.send("ping 192.0.2.1\r");
    terminal.expect("64 bytes");
    // The test's terminal is not the controlling one, so the signal is sent as the kernel would.
    let process = nix::unistd::Pid::from_raw(terminal.child.id().try_into().unwrap());
    for signal in [Signal::SIGQUIT, Signal::SIGTSTP, Signal::SIGINT] {
        nix::sys::signal::kill(process, signal).unwrap();
    }
    terminal.expect("cms> ");
    terminal.send("model\r");
    terminal.expect("CMS VM");
}

#[test]
fn the_history_outlives_the_session_and_holds_no_password() {
    let mmpd = mmpd();
    for round in 0..2 {
        let mut terminal = mmpd.terminal(&[]);
        terminal.expect("cms> ");
        if round == 0 {
            terminal.send("model\r");
            terminal.expect("CMS VM");
            terminal.expect("cms> ");
            terminal.send("user add bob admin hunter2\r");
        } else {
            terminal.send("\x1b[A\x1b[A\r");
            terminal.expect("CMS VM");
        }
        terminal.expect("cms> ");
        terminal.send("exit\r");
        assert_eq!(terminal.end(), Some(0));
    }
    let history = std::fs::read_to_string(mmpd.home().join("history")).unwrap();
    assert!(history.contains("model") && !history.contains("hunter2"), "{history}");
    assert!(mmpd.lines().iter().all(|line| !line.contains("hunter2")));
}

#[test]
fn what_was_typed_before_a_password_question_is_not_taken_for_a_command() {
    let mmpd = mmpd();
    let mut terminal = mmpd.terminal(&[]);
    terminal.expect("cms> ");
    terminal.send("user add bob admin\rhunter2\rhunter2\r");
    terminal.expect("Please enter new password:");
    terminal.send("\x04");
    terminal.expect("Aborted");
    terminal.expect("cms> ");
    terminal.send("model\r");
    terminal.expect("CMS VM");
    assert!(mmpd.lines().iter().all(|line| !line.contains("hunter2")), "{:?}", mmpd.lines());
}

#[test]
fn pasted_lines_are_carried_out_one_after_the_other() {
    let mmpd = mmpd();
    let mut terminal = mmpd.terminal(&[]);
    terminal.expect("cms> ");
    terminal.send("model\rserial\nmodel\r");
    for _ in 0..3 {
        terminal.expect("CMS VM");
        terminal.expect("cms> ");
    }
    assert_eq!(mmpd.lines(), ["model", "serial", "model"]);
}

#[test]
fn hints_are_for_people_and_not_for_scripts() {
    let mmpd = mmpd();
    let mut terminal = mmpd.terminal(&[]);
    terminal.expect("cms> ");
    terminal.type_slowly("hostna");
    terminal.expect("\x1b[90mme\x1b[0m");
    terminal.send("\x15reboot\x15ipv4 a add\r");
    let rest = terminal.expect("Usage:");
    assert!(!rest.contains("\x1b[90m"), "{rest:?}");
    terminal.expect("cms> ");
    terminal.send("timezone list\r");
    assert!(!terminal.expect("cms> ").contains("--More--"), "a script reads to the prompt");
}

#[test]
fn a_terminal_without_editing_and_without_a_size_still_works() {
    let mmpd = mmpd();
    let mut command = mmpd.command(&[]);
    let mut terminal = mmpd.terminal_with(command.env("TERM", "dumb"), 0, 0);
    terminal.expect("cms> ");
    terminal.send("ipv4 a de?\n");
    terminal.expect("Usage:");
    terminal.expect("cms> ");
    terminal.send("ipv4 a ?\n");
    terminal.expect("dhcp");
    terminal.expect("cms> ");
    terminal.send("timezone list\n");
    terminal.expect("Zone/Z99\r\ncms> ");
    terminal.send("\x04");
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn odd_keys_do_not_end_the_session() {
    let mmpd = mmpd();
    let mut terminal = mmpd.terminal(&[]);
    terminal.expect("cms> ");
    terminal.send("\x1b[99~\x1a\x1b\x1b\x16\x01\x0f\x00é\u{202e}\u{1f469}\u{200d}\r");
    terminal.expect("cms> ");
    terminal.send_bytes(b"\xff\xfe\x80\r");
    terminal.expect("cms> ");
    terminal.send(&format!("{}\r", "x".repeat(70_000)));
    terminal.expect("Unknown command");
    terminal.expect("cms> ");
    terminal.send("model\r");
    terminal.expect("CMS VM");
}

#[test]
fn the_documented_keys_edit_the_line() {
    let mmpd = mmpd();
    let mut terminal = mmpd.terminal(&[]);
    terminal.expect("cms> ");
    // Ctrl-B twice, Ctrl-T; Ctrl-A, a letter, Ctrl-B, Ctrl-D; Ctrl-E, two words, Ctrl-W, Ctrl-B, Ctrl-F; Ctrl-A, Ctrl-E.
    terminal.send("moedl\x02\x02\x14\x01x\x02\x04\x05 junk\x17\x02\x06\x01\x05\r");
    terminal.expect("CMS VM");
    terminal.expect("cms> ");
    // Ctrl-K at the start, Ctrl-U at the end.
    terminal.send("dns\x01\x0bfax\x15serial\r");
    terminal.expect("CMS VM");
    terminal.expect("cms> ");
    // Ctrl-P twice, Ctrl-N.
    terminal.send("\x10\x10\x0e\r");
    terminal.expect("CMS VM");
    terminal.expect("cms> ");
    terminal.send("\x0c");
    terminal.expect("\x1b[H");
    terminal.expect("cms> ");
    assert_eq!(mmpd.lines(), ["model", "serial", "serial"]);
}

#[test]
fn a_second_control_c_gives_up_on_a_daemon_that_hangs() {
    let mmpd = Mmpd::new(welcome(), |request| match request {
        Request::Status(_) => Say::Done(Reply::Value("CMS VM".into())),
        _ => Say::Never,
    });
    let mut terminal = mmpd.terminal(&[]);
    terminal.expect("cms> ");
    terminal.send("dns\r");
    let process = nix::unistd::Pid::from_raw(terminal.child.id().try_into().unwrap());
    terminal.wait_for(|| mmpd.lines() == ["dns"]);
    // One signal at a time: the kernel keeps only one of a kind.
    nix::sys::signal::kill(process, Signal::SIGINT).unwrap();
    terminal.wait_for(|| mmpd.cancelled());
    nix::sys::signal::kill(process, Signal::SIGINT).unwrap();
    terminal.expect("Given up; whether the command was carried out is not known");
    terminal.expect("cms> ");
    terminal.send("model\r");
    terminal.expect("CMS VM");
}

#[test]
fn what_the_role_may_not_do_is_not_asked_about_first() {
    let mmpd = Mmpd::new(Welcome { role: mmp_model::Role::Audit, ..welcome() }, |request| match request {
        Request::Noted => Say::Done(Reply::Nothing),
        _ => Say::Refused(Refusal::denied()),
    });
    let mut terminal = mmpd.terminal(&[]);
    for line in ["reboot", "passwd bob", "user add bob admin"] {
        terminal.expect("cms> ");
        terminal.send(&format!("{line}\r"));
        terminal.expect("Permission denied");
    }
}

#[test]
fn what_others_changed_is_told_before_the_next_prompt() {
    let mmpd = Mmpd::new(welcome(), |_| Say::Done(Reply::Nothing));
    let mut terminal = mmpd.terminal(&[]);
    terminal.expect("cms> ");
    mmpd.tell("root from 192.0.2.7:50022 changed: hostname cms2");
    terminal.send("\r");
    terminal.expect("*** root from 192.0.2.7:50022 changed: hostname cms2\r\n");
    terminal.expect("cms> ");
}

#[test]
fn a_line_behind_try_goes_to_mmpd_as_a_change_on_condition() {
    let mmpd = Mmpd::new(welcome(), |_| Say::Done(Reply::Notice("On condition".into())));
    let output = mmpd.run(&["-c", "try for 60 ipv4 a dhcp"], "");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "On condition\n");
    let calls = mmpd.calls();
    let Request::Trial(mmp_control::request::Trial::Change(within, request)) = &calls[0].request else {
        panic!("{calls:?}")
    };
    assert_eq!((within.seconds(), calls[0].line.as_str()), (60, "try for 60 ipv4 a dhcp"));
    assert!(matches!(**request, Request::Ipv4(_, mmp_control::request::Ipv4::Dhcp)));
}
