//! The line editor: rustyline with the keys of `mmp.md` section 1.4, Tab, `?` and greyed hints.
//!
//! Invariants: Tab and `?` are answered by the table and mmpd, never by files; only lines fit for logs reach the history
//! file; a history that cannot be read or written costs the history and nothing else.

use std::{
    borrow::Cow,
    env,
    fs::File,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use mmp_grammar::{hint, loggable};
use mmp_model::Role;
use rustyline::{
    Cmd, Completer, ConditionalEventHandler, Config, Event, EventContext, EventHandler, Helper, KeyCode, KeyEvent,
    Modifiers, Movement, RepeatCount, Validator, config::Configurer, error::ReadlineError, highlight::Highlighter,
    hint::Hinter, history::FileHistory,
};

use crate::{input, listing, output, session::Session};

/// Lines kept.
const HISTORY: usize = 1000;
/// Longest line that can be typed.
const LONGEST: usize = input::LONGEST;
/// Keys that all follow each other faster than this come from a script, which has no use for hints and pages.
const TYPING: Duration = Duration::from_millis(75);

/// What came out of the editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entered {
    /// Lines to carry out.
    Lines {
        /// Several when they were pasted as one.
        lines: Vec<String>,
        /// A person typed them, and can turn pages.
        by_hand: bool,
    },
    /// What may follow here?
    Question {
        /// The line as far as it is typed.
        line: String,
        /// Where in it, in bytes.
        cursor: usize,
    },
    /// Ctrl-C, or bytes that are no text.
    Nothing,
    /// Ctrl-D on an empty line, or the terminal is gone.
    End,
}

/// What the key handlers leave for the loop.
#[derive(Default)]
struct Keys {
    /// `?`, or a second Tab, was pressed at this place.
    asked: Option<(String, usize)>,
    /// What the last Tab left behind, if it could not decide.
    undecided: Option<(String, usize)>,
    /// When the last key of this line came.
    last: Option<Instant>,
    /// The last key came slowly.
    slow: bool,
    /// Some key of this line came slowly.
    by_hand: bool,
}

impl Keys {
    /// Notes that a key was pressed.
    fn press(&mut self) {
        let now = Instant::now();
        self.slow = self.last.replace(now).is_some_and(|last| now.duration_since(last) >= TYPING) && !input::pending();
        self.by_hand |= self.slow;
    }
}

type Shared<T> = Arc<Mutex<T>>;

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The editor with its history.
pub struct Editor {
    rustyline: rustyline::Editor<Assistant, FileHistory>,
    keys: Shared<Keys>,
    history: Option<PathBuf>,
    /// What the next line begins with, before and after the cursor.
    initial: (String, String),
}

impl Editor {
    /// An editor on standard input and output.
    pub fn new(session: &Shared<Session>) -> rustyline::Result<Self> {
        // No bracketed paste and no synchronised output: a serial line or a script would see their escape sequences.
        let config =
            Config::builder().max_history_size(HISTORY)?.history_ignore_dups(true)?.bracketed_paste(false).build();
        let mut rustyline = rustyline::Editor::with_config(config)?;
        rustyline.enable_synchronized_output(false);
        let keys = Shared::<Keys>::default();
        let role = lock(session).welcome.role;
        rustyline.set_helper(Some(Assistant { role, keys: Arc::clone(&keys) }));
        bind(&mut rustyline, session, &keys);
        let history = env::var_os("HOME").map(|home| Path::new(&home).join("history"));
        if let Some(history) = &history {
            let _ = rustyline.load_history(history);
        }
        Ok(Self { rustyline, keys, history, initial: Default::default() })
    }

    /// Lets the administrator type a line.
    pub fn line(&mut self, prompt: &str) -> Entered {
        let (before, after) = std::mem::take(&mut self.initial);
        {
            let mut keys = lock(&self.keys);
            // A line that was put back was typed by whoever asked what may follow.
            (keys.last, keys.slow, keys.by_hand) = (None, false, !before.is_empty());
        }
        let typed = self.rustyline.readline_with_initial(prompt, (&before, &after));
        if let Some((line, cursor)) = lock(&self.keys).asked.take() {
            return Entered::Question { line, cursor };
        }
        match typed {
            Ok(typed) => {
                let lines: Vec<String> =
                    typed.split(['\n', '\r']).filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
                for line in &lines {
                    self.remember(line);
                }
                Entered::Lines { lines, by_hand: lock(&self.keys).by_hand }
            }
            Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => Entered::Nothing,
            Err(ReadlineError::Io(error)) if error.kind() == std::io::ErrorKind::InvalidData => {
                output::error("Invalid character");
                Entered::Nothing
            }
            Err(_) => Entered::End,
        }
    }

    /// Drops what was typed ahead and not read yet: after a question it may be the answer, which must not be run.
    pub fn forget_typed_ahead(&mut self, session: &Shared<Session>) {
        // rustyline gives no other way to its buffer.
        if let Ok(new) = Self::new(session) {
            *self = new;
        }
    }

    /// Puts a line back for the next [`Self::line`].
    pub fn put_back(&mut self, line: String, cursor: usize) {
        let mut before = line;
        let after = before.split_off(cursor);
        self.initial = (before, after);
    }

    /// Adds the line to the history and its file before it is carried out, so that not even `reboot` is missing.
    fn remember(&mut self, line: &str) {
        if loggable(line) != line.trim() || self.rustyline.add_history_entry(line.trim()).is_err() {
            return;
        }
        let Some(path) = self.history.clone() else { return };
        if self.rustyline.append_history(&path).is_ok() {
            // The disk may take its time; nobody has to wait for it.
            let _ = thread::Builder::new().spawn(move || File::open(path).and_then(|file| file.sync_data()));
        }
    }
}

fn bind(editor: &mut rustyline::Editor<Assistant, FileHistory>, session: &Shared<Session>, keys: &Shared<Keys>) {
    let tab = Tab { session: Arc::clone(session), keys: Arc::clone(keys) };
    editor.bind_sequence(KeyEvent(KeyCode::Tab, Modifiers::NONE), EventHandler::Conditional(Box::new(tab)));
    let question = Question { keys: Arc::clone(keys) };
    editor.bind_sequence(KeyEvent::from('?'), EventHandler::Conditional(Box::new(question)));
    editor.bind_sequence(KeyEvent::ctrl('U'), Cmd::Kill(Movement::WholeLine));
    // There is nothing to come back to after a suspended login shell.
    editor.bind_sequence(KeyEvent::ctrl('Z'), Cmd::Noop);
    let any = AnyKey { keys: Arc::clone(keys) };
    editor.bind_sequence(Event::Any, EventHandler::Conditional(Box::new(any)));
}

/// Takes the time of every key that has no other handler, and refuses to let a line grow without end.
struct AnyKey {
    keys: Shared<Keys>,
}

impl ConditionalEventHandler for AnyKey {
    fn handle(&self, event: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        lock(&self.keys).press();
        let typed = matches!(event.get(0), Some(KeyEvent(KeyCode::Char(_), modifiers)) if modifiers.is_empty());
        (typed && context.line().len() >= LONGEST).then_some(Cmd::Noop)
    }
}

/// `?` lists what may follow, except inside quotes, where it is a character like any other.
struct Question {
    keys: Shared<Keys>,
}

impl ConditionalEventHandler for Question {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        let (line, cursor) = (context.line(), context.pos());
        let before = mmp_grammar::tokens::tokens(line.get(..cursor)?);
        if before.last().is_some_and(|token| token.open) {
            return None;
        }
        lock(&self.keys).asked = Some((line.to_owned(), cursor));
        Some(Cmd::Interrupt)
    }
}

/// Tab completes as far as it is certain; pressed again, it lists.
struct Tab {
    session: Shared<Session>,
    keys: Shared<Keys>,
}

impl ConditionalEventHandler for Tab {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        lock(&self.keys).press();
        let (line, cursor) = (context.line(), context.pos());
        let found = listing::completion(&mut lock(&self.session), line, cursor);
        let insertion = found.insertion();
        let mut keys = lock(&self.keys);
        if insertion.is_empty() {
            let here = (line.to_owned(), cursor);
            if keys.undecided.take().as_ref() == Some(&here) {
                keys.asked = Some(here);
                return Some(Cmd::Interrupt);
            }
            keys.undecided = Some(here);
            output::write("\x07");
            return Some(Cmd::Noop);
        }
        let mut left = line.get(..cursor)?.to_owned();
        left.push_str(&insertion);
        let after = left.len();
        keys.undecided = Some((left + line.get(cursor..)?, after));
        Some(Cmd::Insert(1, insertion))
    }
}

/// Hints, and nothing else that rustyline offers.
#[derive(Completer, Helper, Validator)]
struct Assistant {
    role: Role,
    keys: Shared<Keys>,
}

impl Highlighter for Assistant {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\x1b[90m{hint}\x1b[0m"))
    }
}

impl Hinter for Assistant {
    type Hint = Hint;

    fn hint(&self, line: &str, cursor: usize, _: &rustyline::Context<'_>) -> Option<Hint> {
        if !lock(&self.keys).slow || cursor < line.len() || line.len() < 2 {
            return None;
        }
        hint(line, self.role).map(Hint)
    }
}

/// The rest of a usage line.
struct Hint(String);

impl rustyline::hint::Hint for Hint {
    fn display(&self) -> &str {
        &self.0
    }

    /// Only keywords can be taken over; a placeholder stands for something else.
    fn completion(&self) -> Option<&str> {
        let words = self.0.split(['<', '(']).next().unwrap_or_default();
        (!words.trim().is_empty()).then_some(words)
    }
}
