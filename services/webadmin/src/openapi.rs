//! The description of `/api/mmp/v1` (OpenAPI 3.1), made from the command table.
//!
//! Typed requests are those of the control protocol; each command of the table that a program can send has its example
//! here, as a line and as the request that the line comes down to.

use std::sync::LazyLock;

use mmp_grammar::{Action, parse};
use mmp_model::Role;
use serde_json::{Map, Value, json};

/// The document, as it is served and checked in.
pub fn document() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let mut text = serde_json::to_string_pretty(&whole()).unwrap_or_default();
        text.push('\n');
        text
    });
    &TEXT
}

fn whole() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Management of the appliance",
            "version": "1",
            "description": "Everything that the MMP shell does, for programs. Authenticate with HTTP basic authentication, \
                            or with the cookie of POST /session; requests other than GET that come with the cookie need \
                            the header X-CSRF-Token and an Origin of this host.",
        },
        "servers": [{ "url": "/api/mmp/v1" }],
        "security": [{ "basic": [] }, { "cookie": [] }],
        "paths": paths(),
        "components": {
            "securitySchemes": {
                "basic": { "type": "http", "scheme": "basic" },
                "cookie": { "type": "apiKey", "in": "cookie", "name": "__Host-session" },
            },
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["error"],
                    "properties": { "error": {
                        "type": "object",
                        "required": ["code", "message"],
                        "properties": {
                            "code": { "type": "string", "description": "For programs." },
                            "message": { "type": "string", "description": "What happened." },
                            "state": { "type": ["string", "null"], "description": "What is now true, where that needs saying." },
                            "hint": { "type": ["string", "null"], "description": "What to do next." },
                        },
                    } },
                },
                "Session": {
                    "type": "object",
                    "required": ["user", "role", "expires_in", "idle", "csrf", "notices"],
                    "properties": {
                        "user": { "type": "string" },
                        "role": { "enum": Role::ALL.map(|role| json!(role)) },
                        "expires_in": { "type": "integer", "description": "Seconds until it ends in any case." },
                        "idle": { "type": "integer", "description": "Seconds without a request after which it ends." },
                        "csrf": { "type": "string", "description": "For the header X-CSRF-Token." },
                        "notices": { "type": "array", "items": { "type": "string" } },
                    },
                },
                "Request": {
                    "description": "A request of the control protocol, named by its family.",
                    "oneOf": [{ "type": "string" }, { "type": "object", "minProperties": 1, "maxProperties": 1 }],
                },
                "Answer": {
                    "type": "object",
                    "required": ["reply"],
                    "properties": {
                        "line": { "type": "string" },
                        "reply": { "description": "The typed reply, as `--json` shows it in the shell, below its name." },
                        "output": { "type": ["string", "null"], "description": "What came bit by bit." },
                    },
                },
                "File": {
                    "type": "object",
                    "required": ["name", "size", "modified", "writable"],
                    "properties": {
                        "name": { "type": "string" },
                        "size": { "type": "integer", "description": "Bytes." },
                        "modified": { "type": "integer", "description": "Seconds since 1970 UTC." },
                        "writable": { "type": "boolean" },
                    },
                },
            },
        },
    })
}

fn paths() -> Value {
    let session = || answer("The session.", "Session");
    let (lines, requests) = examples();
    let answered = || answer("Carried out.", "Answer");
    let stream = json!({ "200": { "description": "Lines as they come.", "content": { "text/event-stream": {} } } });
    let name = json!([{ "name": "name", "in": "path", "required": true, "schema": { "type": "string" } }]);
    let raw = json!({ "application/octet-stream": {} });
    json!({
        "/session": {
            "post": {
                "summary": "Sign in", "security": [], "responses": responses(session()),
                "requestBody": content(&json!({
                    "type": "object",
                    "required": ["user", "password"],
                    "properties": {
                        "user": { "type": "string" },
                        "password": { "type": "string", "format": "password" },
                        "new_password": {
                            "type": "string", "format": "password",
                            "description": "Where the present one has expired (code `password_expired`).",
                        },
                    },
                }), Map::new()),
            },
            "get": { "summary": "Who is signed in", "responses": responses(session()) },
            "delete": { "summary": "Sign out", "responses": responses(json!({ "204": { "description": "Signed out." } })) },
        },
        "/line": { "post": {
            "summary": "Carry out a line of the shell", "responses": responses(answered()),
            "requestBody": content(&json!({
                "type": "object",
                "required": ["line"],
                "properties": {
                    "line": { "type": "string" },
                    "confirmed": {
                        "type": "boolean",
                        "description": "The question of a destructive command is answered with yes.",
                    },
                },
            }), lines),
        } },
        "/request": { "post": {
            "summary": "Carry out a typed request", "responses": responses(answered()),
            "requestBody": content(&reference("Request"), requests),
        } },
        "/files": { "get": { "summary": "The files", "responses": responses(json!({ "200": {
            "description": "Those that the role may see.",
            "content": { "application/json": { "schema": { "type": "array", "items": reference("File") } } },
        } })) } },
        "/files/{name}": {
            "parameters": name,
            "get": {
                "summary": "Download",
                "responses": responses(json!({ "200": { "description": "Its content.", "content": raw } })),
            },
            "put": {
                "summary": "Upload; the name changes when all of it has arrived",
                "requestBody": { "required": true, "content": raw },
                "responses": responses(answer("Stored.", "File")),
            },
            "delete": { "summary": "Delete", "responses": responses(json!({ "204": { "description": "Deleted." } })) },
        },
        "/log/follow": { "get": { "summary": "The system log, live", "responses": responses(stream.clone()) } },
        "/audit/follow": { "get": { "summary": "The audit log, live", "responses": responses(stream) } },
        "/openapi.json": { "get": { "summary": "This document", "security": [], "responses": { "200": {
            "description": "OpenAPI 3.1.", "content": { "application/json": {} },
        } } } },
    })
}

/// Examples of lines and of typed requests, from the table.
fn examples() -> (Map<String, Value>, Map<String, Value>) {
    let (mut lines, mut requests) = (Map::new(), Map::new());
    for family in mmp_grammar::families::ALL {
        for (number, command) in family.commands.iter().enumerate() {
            let Ok(parsed) = parse(command.example, Role::Admin) else { continue };
            let Action::Request(request) = &parsed.action else { continue };
            let name = format!("{} {number}", family.name);
            lines.insert(name.clone(), json!({ "summary": command.summary, "value": { "line": command.example } }));
            requests.insert(name, json!({ "summary": command.summary, "value": request }));
        }
    }
    (lines, requests)
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn content(schema: &Value, examples: Map<String, Value>) -> Value {
    let mut media = json!({ "schema": schema });
    if !examples.is_empty() {
        media["examples"] = Value::Object(examples);
    }
    json!({ "required": true, "content": { "application/json": media } })
}

fn answer(description: &str, schema: &str) -> Value {
    json!({ "200": {
        "description": description, "content": { "application/json": { "schema": reference(schema) } },
    } })
}

/// With the errors that every request may have.
fn responses(mut good: Value) -> Value {
    let errors = [
        ("400", "Not understood."),
        ("401", "Not signed in, or a wrong password."),
        ("403", "Not permitted, or a new password comes first."),
        ("409", "Not in the present state, or not confirmed."),
        ("422", "A value is wrong."),
        ("429", "Too many wrong passwords from this address."),
        ("503", "The management daemon is away or busy."),
    ];
    for (status, description) in errors {
        good[status] = json!({
            "description": description, "content": { "application/json": { "schema": reference("Error") } },
        });
    }
    good
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_example_is_a_request_that_is_understood() {
        let (lines, requests) = examples();
        assert!(lines.len() > 50 && lines.len() == requests.len());
        for example in requests.values() {
            let value = example["value"].clone();
            serde_json::from_value::<mmp_control::Request>(value).unwrap();
        }
    }

    #[test]
    fn each_reference_leads_somewhere() {
        let (text, whole) = (document(), whole());
        for part in text.split("\"#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(whole["components"]["schemas"][name].is_object(), "{name}");
        }
    }
}
