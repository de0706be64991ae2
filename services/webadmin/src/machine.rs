//! `/api/mmp/v1`: the MMP for programs and for the pages.

use std::net::SocketAddr;

use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use mmp_client::Client;
use mmp_control::{
    Request as Asked, Secret,
    request::{Audit, Syslog},
};
use serde_json::{Value, json};

use crate::{
    body, follow, line,
    mmpd::{Lane, Mmpd, leash},
    respond::{self, Response},
    session::not_allowed,
    transfer,
};

/// Output of one command that is kept for the answer, in bytes; what comes after it is left out.
const MOST_OUTPUT: usize = 1 << 20;

/// Output that comes bit by bit.
#[derive(Debug, Default)]
pub struct Output(String);

impl Output {
    /// A bit more.
    pub fn take(&mut self, text: &str) {
        let room = MOST_OUTPUT.saturating_sub(self.0.len());
        let end = (0..=room.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        self.0.push_str(&text[..end]);
    }

    /// All of it; none when nothing came.
    pub fn text(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(self.0.as_str())
    }
}

/// Answers a request of a session; `path` is what follows `/api/mmp/v1`.
pub async fn answer(mmpd: &Mmpd, token: Secret, path: &str, request: Request<Incoming>, peer: SocketAddr) -> Response {
    let method = request.method().clone();
    let is = |wanted: Method| method == wanted;
    match path {
        "/request" if is(Method::POST) => match body::json(request.into_body()).await {
            Ok(asked) => typed(mmpd, token, asked, peer).await,
            Err(response) => response,
        },
        "/line" if is(Method::POST) => match body::json::<line::Typed>(request.into_body()).await {
            Ok(typed) => {
                let (leash, collar) = leash();
                let talk = move |client: &mut Client, welcome| line::carry_out(client, &welcome, &typed);
                let answer = mmpd.act(Lane::Request, token, peer, Some(collar), talk).await;
                drop(leash);
                answer.unwrap_or_else(|fault| respond::fault(&fault))
            }
            Err(response) => response,
        },
        "/log/follow" if is(Method::GET) => {
            follow::answer(mmpd, token, "syslog follow", Asked::Syslog(Syslog::Follow), peer).await
        }
        "/audit/follow" if is(Method::GET) => {
            follow::answer(mmpd, token, "audit follow", Asked::Audit(Audit::Follow), peer).await
        }
        "/request" | "/line" => not_allowed("POST"),
        "/log/follow" | "/audit/follow" => not_allowed("GET"),
        _ => match path.strip_prefix("/files").map(|rest| rest.strip_prefix('/').unwrap_or(rest)) {
            Some(name) => transfer::answer(mmpd, token, &method, name, request.into_body(), peer).await,
            None => respond::error(
                StatusCode::NOT_FOUND,
                "no_such_path",
                "There is nothing at this path.",
                Some("GET /api/mmp/v1/openapi.json lists what there is"),
            ),
        },
    }
}

async fn typed(mmpd: &Mmpd, token: Secret, asked: Asked, peer: SocketAddr) -> Response {
    if matches!(asked, Asked::Access(_) | Asked::Web(_) | Asked::File(_)) {
        let hint = Some("sign-in is at /api/mmp/v1/session, files are at /api/mmp/v1/files");
        return respond::error(
            StatusCode::UNPROCESSABLE_ENTITY,
            "not_here",
            "This request is not for this door.",
            hint,
        );
    }
    let line = named(&asked);
    let (leash, collar) = leash();
    let talk = move |client: &mut Client, _| {
        let mut output = Output::default();
        let reply = client.call_streaming(&line, asked, &mut |text| output.take(text), &|| false)?;
        Ok(json!({ "reply": reply, "output": output.text() }))
    };
    let answer = mmpd.act(Lane::Request, token, peer, Some(collar), talk).await;
    drop(leash);
    answer.map_or_else(|fault| respond::fault(&fault), |value| respond::json(StatusCode::OK, &value))
}

/// For the logs: the request's names without its values, which may be secret.
fn named(asked: &Asked) -> String {
    let mut words = vec!["request".to_owned()];
    let mut value = serde_json::to_value(asked).unwrap_or_default();
    while words.len() < 4 {
        match value {
            Value::Object(map) => {
                let Some((name, inner)) = map.into_iter().next() else { break };
                words.push(name);
                value = inner;
            }
            Value::String(word) if words.len() == 2 => {
                words.push(word);
                break;
            }
            _ => break,
        }
        // Below the command there are values.
        if words.len() == 3 {
            break;
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use mmp_control::request::{Dns, User};

    use super::*;

    #[test]
    fn a_log_line_names_the_command_and_no_secret() {
        assert_eq!(named(&Asked::Dns(Dns::Show)), "request dns show");
        let secret = || Secret::new("hunter2".into());
        let change = User::ChangeOwn { old: Some(secret()), new: secret() };
        assert_eq!(named(&Asked::User(change)), "request user changeown");
        let reset = User::Reset("eva".parse().unwrap(), secret());
        assert_eq!(named(&Asked::User(reset)), "request user reset");
    }

    #[test]
    fn output_is_bounded_at_a_character() {
        let mut output = Output::default();
        for _ in 0..100 {
            output.take(&"ä".repeat(10_000));
        }
        assert!(output.text().unwrap().len() <= MOST_OUTPUT);
    }
}
