//! `/api/mmp/v1/line`: a line of the MMP shell, parsed by its table to the very request that the shell sends.

use http::StatusCode;
use mmp_client::{Client, ClientError};
use mmp_control::{
    Request, Welcome,
    request::{Audit, Syslog, Trial},
};
use mmp_grammar::{Action, loggable, parse};
use serde::Deserialize;
use serde_json::json;

use crate::{
    machine::Output,
    respond::{self, Response},
};

/// What is typed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Typed {
    /// As in the shell.
    pub line: String,
    /// The question of a command that asks one is answered with yes.
    #[serde(default)]
    pub confirmed: bool,
}

/// Carries a line out.
///
/// # Errors
/// mmpd's.
pub fn carry_out(client: &mut Client, welcome: &Welcome, typed: &Typed) -> Result<Response, ClientError> {
    let role = welcome.role;
    let logged = loggable(&typed.line);
    let parsed = match parse(&typed.line, role) {
        Ok(parsed) => parsed,
        Err(wrong) => {
            client.call(&logged, Request::Noted)?;
            let denied = wrong.mistake == mmp_grammar::Mistake::Denied;
            let (status, code) =
                if denied { (StatusCode::FORBIDDEN, "denied") } else { (StatusCode::BAD_REQUEST, "bad_line") };
            let hint = wrong.hint();
            let error = json!({ "error": {
                "code": code, "message": wrong.message(role), "hint": hint, "span": [wrong.span.start, wrong.span.end],
            } });
            return Ok(respond::json(status, &error));
        }
    };
    let request = match &parsed.action {
        Action::Request(Request::Syslog(Syslog::Follow) | Request::Audit(Audit::Follow)) => {
            return Ok(elsewhere(
                "streams",
                "This line goes on for ever.",
                "GET /api/mmp/v1/log/follow or /audit/follow",
            ));
        }
        Action::Request(request) => request.clone(),
        Action::Help(family) => {
            client.call(&logged, Request::Noted)?;
            let text =
                family.map_or_else(|| mmp_grammar::help::all(role), |family| mmp_grammar::help::family(family, role));
            return Ok(respond::json(StatusCode::OK, &json!({ "line": typed.line, "output": text })));
        }
        Action::List(_) | Action::Exit => {
            return Ok(elsewhere("shell_only", "This line means something only in the shell.", "use ssh"));
        }
        secret => {
            let request = secret.probe().map(|request| json!(request).to_string()).unwrap_or_default();
            let hint = format!("POST /api/mmp/v1/request with the typed request; its shape is that of {request}");
            return Ok(elsewhere("secret", "This line asks for a secret, and none may stand in a line.", &hint));
        }
    };
    if !parsed.filters.is_empty() {
        return Ok(elsewhere(
            "filter",
            "A filter is for text, and this answers with values.",
            "leave out what follows '|'",
        ));
    }
    if let Some(question) = parsed.command.confirm.filter(|_| !parsed.yes && !typed.confirmed) {
        let hint = Some("send it again with \"confirmed\": true");
        return Ok(respond::error(StatusCode::CONFLICT, "confirm", question, hint));
    }
    let request = match &parsed.condition {
        Some(condition) => Request::Trial(Trial::Change(condition.within, Box::new(request))),
        None => request,
    };
    let mut output = Output::default();
    let reply = client.call_streaming(&logged, request, &mut |text| output.take(text), &|| false)?;
    Ok(respond::json(StatusCode::OK, &json!({ "line": typed.line, "reply": reply, "output": output.text() })))
}

fn elsewhere(code: &str, message: &str, hint: &str) -> Response {
    respond::error(StatusCode::UNPROCESSABLE_ENTITY, code, message, Some(hint))
}
