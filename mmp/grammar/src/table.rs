//! What a command is: the types of the table and short constructors to write it with.
//!
//! Invariants: a command is its family's name followed by parts; each part takes one word of the line, except
//! [`Part::Rest`], which stands last and takes all that remain. A keyword goes before a value: where both could take a
//! word, the keyword does.

use std::str::FromStr;

use mmp_control::{request::Live, roles};
use mmp_model::{InvalidValue, Role};

use crate::{action::Action, families, parse};

/// All commands that begin with one word.
#[derive(Debug)]
pub struct Family {
    /// The first word.
    pub name: &'static str,
    /// What it is for, in one line.
    pub summary: &'static str,
    /// What the usage lines cannot say, line by line; often nothing.
    pub details: &'static [&'static str],
    /// Its forms, in the order of the usage block.
    pub commands: &'static [Command],
}

/// One form of a command.
#[derive(Debug)]
pub struct Command {
    /// What follows the family's name.
    pub parts: &'static [Part],
    /// What it does, in one line.
    pub summary: &'static str,
    /// A line that can be typed.
    pub example: &'static str,
    /// What it comes down to.
    pub build: Build,
    /// Asked before a destructive command goes on.
    pub confirm: Option<&'static str>,
    /// It only shows something, so `--json` is allowed and asking twice does no harm.
    pub show: bool,
    /// Its output comes bit by bit until it ends or is interrupted.
    pub streams: bool,
}

/// Judges one word; its error is the documented line.
pub type Check = fn(&str) -> Result<(), InvalidValue>;

/// Turns the values of a line, in order, into what is to be done.
pub type Build = fn(&[String]) -> Result<Action, InvalidValue>;

/// What one word of a line may be.
#[derive(Debug)]
pub enum Part {
    /// Exactly this word.
    Keyword(Word),
    /// One word of several, or a value.
    Value(Value),
    /// The rest of the line: one quoted word, or several words as they stand.
    Rest(Value),
    /// The words that remain, one at least, each a value of its own.
    Many(Value),
}

/// A literal word.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// As typed.
    pub text: &'static str,
    /// One line; empty when the summary of the only command that goes on with it says it all.
    pub about: &'static str,
}

/// An argument.
#[derive(Debug)]
pub struct Value {
    /// How it stands in a usage line: `<gateway>`, `(enable|disable)`, `(<value>|none)`.
    pub usage: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Literal words that it may be.
    pub words: &'static [Word],
    /// Whether a word that is not literal will do; its error is the documented line. Without it only `words` will do,
    /// and another word is a mistake in the form of the line.
    pub check: Option<Check>,
    /// Values that exist now, for completion.
    pub live: Option<Live>,
    /// How many words before this one belong to the same live value (`domain server`).
    pub live_offset: usize,
}

/// A keyword whose summary is its command's.
pub const fn word(text: &'static str) -> Part {
    Part::Keyword(Word { text, about: "" })
}

/// A keyword that several commands go on with.
pub const fn group(text: &'static str, about: &'static str) -> Part {
    Part::Keyword(Word { text, about })
}

/// A literal word with its line.
pub const fn literal(text: &'static str, about: &'static str) -> Word {
    Word { text, about }
}

/// One of several words.
pub const fn choice(usage: &'static str, about: &'static str, words: &'static [Word]) -> Part {
    Part::Value(Value { usage, about, words, check: None, live: None, live_offset: 0 })
}

/// A value of a type that the model checks.
pub const fn value<T: FromStr<Err = InvalidValue>>(usage: &'static str, about: &'static str) -> Value {
    Value { usage, about, words: &[], check: Some(is::<T>), live: None, live_offset: 0 }
}

/// A value with a check of its own.
pub const fn checked(usage: &'static str, about: &'static str, check: fn(&str) -> Result<(), InvalidValue>) -> Value {
    Value { usage, about, words: &[], check: Some(check), live: None, live_offset: 0 }
}

fn is<T: FromStr<Err = InvalidValue>>(text: &str) -> Result<(), InvalidValue> {
    text.parse::<T>().map(drop)
}

impl Value {
    /// Adds literal words that are taken too.
    #[must_use]
    pub const fn or(mut self, words: &'static [Word]) -> Self {
        self.words = words;
        self
    }

    /// Completes from what exists now.
    #[must_use]
    pub const fn live(mut self, live: Live) -> Self {
        self.live = Some(live);
        self
    }

    /// Completes from the second word of live values.
    #[must_use]
    pub const fn live_second(self, live: Live) -> Self {
        self.live_after(live, 1)
    }

    /// Completes from live values that begin so many words before this one.
    #[must_use]
    pub const fn live_after(mut self, live: Live, words: usize) -> Self {
        self.live = Some(live);
        self.live_offset = words;
        self
    }

    /// As a part of one word.
    pub const fn part(self) -> Part {
        Part::Value(self)
    }

    /// As a part that takes the rest of the line.
    pub const fn rest(self) -> Part {
        Part::Rest(self)
    }

    /// As a part that takes every word that remains, each by itself.
    pub const fn many(self) -> Part {
        Part::Many(self)
    }
}

impl Part {
    /// Literal words that the part may be.
    pub fn words(&self) -> &[Word] {
        match self {
            Self::Keyword(word) => std::slice::from_ref(word),
            Self::Value(value) | Self::Rest(value) | Self::Many(value) => value.words,
        }
    }

    /// How it stands in a usage line.
    pub fn usage(&self) -> &'static str {
        match self {
            Self::Keyword(word) => word.text,
            Self::Value(value) | Self::Rest(value) | Self::Many(value) => value.usage,
        }
    }

    /// The argument, unless it is a keyword.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Keyword(_) => None,
            Self::Value(value) | Self::Rest(value) | Self::Many(value) => Some(value),
        }
    }

    /// Whether a word has the right form: a keyword or a literal is itself, an open value is anything.
    pub fn takes(&self, text: &str) -> bool {
        self.is_literal(text) || self.value().is_some_and(|value| value.check.is_some())
    }

    /// Whether the word is one of the part's literal words.
    pub fn is_literal(&self, text: &str) -> bool {
        self.words().iter().any(|word| word.text == text)
    }
}

impl Command {
    /// A command that shows something.
    pub const fn show(parts: &'static [Part], summary: &'static str, example: &'static str, build: Build) -> Self {
        Self { show: true, ..Self::set(parts, summary, example, build) }
    }

    /// A command that does something.
    pub const fn set(parts: &'static [Part], summary: &'static str, example: &'static str, build: Build) -> Self {
        Self { parts, summary, example, build, confirm: None, show: false, streams: false }
    }

    /// Asks before it goes on.
    #[must_use]
    pub const fn confirmed(mut self, question: &'static str) -> Self {
        self.confirm = Some(question);
        self
    }

    /// Gives its output bit by bit.
    #[must_use]
    pub const fn streaming(mut self) -> Self {
        self.streams = true;
        self
    }

    /// Whether the role may run it; asked of the one role table with the request of the command's own example.
    pub fn permits(&self, role: Role) -> bool {
        parse::example(self).is_some_and(|action| action.probe().is_none_or(|request| roles::permits(role, &request)))
    }
}

impl Family {
    /// The usage line of one of its commands.
    pub fn usage(&self, command: &Command) -> String {
        let mut line = self.name.to_owned();
        for part in command.parts {
            line.push(' ');
            line.push_str(part.usage());
        }
        line
    }

    /// Its commands that the role may run.
    pub fn permitted(&self, role: Role) -> impl Iterator<Item = &'static Command> + use<> {
        self.commands.iter().filter(move |command| command.permits(role))
    }
}

/// The family of this name. `?` is another name of `help`.
pub fn family(name: &str) -> Option<&'static Family> {
    let name = if name == "?" { "help" } else { name };
    families::ALL.iter().copied().find(|family| family.name == name)
}

/// Families that the role may use, in the order of `help`.
pub fn permitted(role: Role) -> impl Iterator<Item = &'static Family> {
    families::ALL.iter().copied().filter(move |family| family.permitted(role).next().is_some())
}
