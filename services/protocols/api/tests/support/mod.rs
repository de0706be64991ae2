//! A door over objects in memory.
#![allow(dead_code, reason = "each test program uses a part")]
#![allow(clippy::panic, reason = "a test says what it got")]

use meeting_api::{Answer, Memory, Request, System, answer};

/// An id that nothing has.
pub const NOWHERE: &str = "ffffffff-ffff-4fff-bfff-ffffffffffff";

pub struct Door {
    pub store: Memory,
}

impl Door {
    pub fn new() -> Self {
        Self { store: Memory::new(System::default()) }
    }

    /// The body's text and the answer.
    pub fn send(&self, method: &str, path: &str, query: &str, body: &str) -> (String, Answer) {
        let answer = answer(&Request { method, path, query, body: body.as_bytes() }, &self.store);
        (String::from_utf8(answer.body.clone()).expect("bodies are text"), answer)
    }

    /// The body of a GET that succeeds.
    pub fn get(&self, path: &str) -> String {
        let (text, answer) = self.send("GET", &format!("/api/v1/{path}"), "", "");
        assert_eq!(answer.status, 200, "GET {path}: {text}");
        text
    }

    /// The id of a new object.
    pub fn made(&self, path: &str, body: &str) -> String {
        let (text, answer) = self.send("POST", &format!("/api/v1/{path}"), "", body);
        let location = answer.header("Location").unwrap_or_else(|| panic!("POST {path} {body}: {text}"));
        location.rsplit('/').next().expect("a path has elements").to_owned()
    }
}
