//! Plays mmpd: `eva` with `right` is let in, and every other request is answered with a line about it.

use std::{
    fs,
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    thread,
};

use mmp_control::{
    Answer, Ask, Code, Hello, Kind, Refusal, Reply, Request, Secret, Welcome, frame,
    reply::{SignedIn, WebSession},
    request::{File, Surface, Web},
};
use mmp_model::Role;

/// Behind this socket, for as long as the test runs.
pub fn play(socket: &Path) {
    let _ = fs::remove_file(socket);
    let listener = UnixListener::bind(socket).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            thread::spawn(move || converse(stream));
        }
    });
}

fn converse(mut stream: UnixStream) -> Option<std::convert::Infallible> {
    frame::decode::<Hello>(&received(&mut stream)?).ok()?;
    let mut sender = stream.try_clone().ok()?;
    let mut send = |answer: &Answer| sender.write_all(&frame::encode(answer).unwrap()).ok();
    send(&Answer::Ready)?;
    loop {
        let Ask::Call(call) = frame::decode(&received(&mut stream)?).ok()? else { continue };
        send(&answer(&call.line, call.request))?;
    }
}

fn answer(line: &str, request: Request) -> Answer {
    let token = "ab".repeat(32);
    let session = WebSession {
        user: "eva".parse().unwrap(),
        role: Role::Admin,
        surface: Surface::Pages,
        idle: 1800,
        expires_in: 43200,
    };
    match request {
        Request::Web(Web::SignIn { user, password, .. }) if user == "eva" && password.reveal() == "right" => {
            Answer::Done(Reply::SignedIn(SignedIn {
                token: Secret::new(token),
                session,
                failed_logins: 0,
                last_login: None,
                notices: vec!["look out".into()],
            }))
        }
        Request::Web(Web::SignIn { .. }) => {
            Answer::Refused(Refusal::new(Kind::Denied, "Login incorrect").code(Code::Wrong))
        }
        Request::Web(Web::Check { token: given, .. }) if given.reveal() == token => {
            Answer::Done(Reply::WebSession(session))
        }
        Request::Web(Web::Act { token: given, .. }) if given.reveal() == token => Answer::Opened(Welcome {
            user: session.user,
            role: session.role,
            hostname: "cms".parse().unwrap(),
            must_change_password: false,
            failed_logins: 0,
            last_login: None,
            notices: Vec::new(),
            motd: None,
        }),
        Request::Web(Web::SignOut { .. }) => Answer::Done(Reply::Nothing),
        Request::Web(_) => Answer::Refused(Refusal::new(Kind::Denied, "The session has ended").code(Code::SessionOver)),
        Request::File(File::List) => Answer::Done(Reply::Files(Vec::new())),
        Request::File(_) => Answer::Refused(Refusal::new(Kind::Absent, "No such file")),
        Request::Alarms => Answer::Done(Reply::Alarms(vec!["look out".into()])),
        _ => Answer::Done(Reply::Notice(format!("did {line}"))),
    }
}

fn received(stream: &mut UnixStream) -> Option<Vec<u8>> {
    let mut header = [0; 4];
    stream.read_exact(&mut header).ok()?;
    let mut body = vec![0; frame::body_length(header).ok()?];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}
