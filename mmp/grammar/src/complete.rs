//! What may follow at a place in a line: for Tab, for `?` and for the greyed rest of the usage.
//!
//! Invariants: only what the role may run is offered; a placeholder (`<gateway>`) is listed but never inserted. Values
//! that exist on the appliance are not known here: [`Completion::live`] says which to fetch, [`Completion::add_live`]
//! takes them in.

use mmp_control::request::Live;
use mmp_model::Role;

use crate::{
    action::FilterKind,
    families::restore,
    parse::{alive, tried},
    table::{self, Command, Part},
    tokens::{Token, tokens},
};

/// One thing that may follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// As typed, or what stands for it.
    pub text: String,
    /// One line about it.
    pub about: String,
    /// What it is.
    pub kind: ChoiceKind,
    /// Another word may follow it.
    pub more: bool,
}

/// What a [`Choice`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChoiceKind {
    /// A word to insert.
    Word,
    /// Stands for a value that must be typed.
    Placeholder,
    /// A flag or a filter, at the end of a line that is complete.
    Option,
    /// The line is complete.
    Enter,
}

/// Values to fetch before the choices are complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSlot {
    /// Which.
    pub kind: Live,
    /// Words that a value of several words must begin with, because they are typed already.
    pub before: Vec<String>,
    /// Words that may stand from here to the end of the command.
    left: usize,
}

/// What may stand at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The part of the word that is typed already.
    pub partial: String,
    /// What may follow, in the order of the table.
    pub choices: Vec<Choice>,
    /// Values to fetch.
    pub live: Option<LiveSlot>,
}

impl Completion {
    fn offer(&mut self, text: &str, about: &str, kind: ChoiceKind, more: bool) {
        let inserted = matches!(kind, ChoiceKind::Word | ChoiceKind::Option);
        if inserted && !text.starts_with(&self.partial) {
            return;
        }
        match self.choices.iter_mut().find(|choice| choice.text == text) {
            Some(known) => known.more |= more,
            None => self.choices.push(Choice { text: text.into(), about: about.into(), kind, more }),
        }
    }

    /// Takes in live values: what is typed, and one line about each.
    pub fn add_live(&mut self, values: impl IntoIterator<Item = (String, String)>) {
        let Some(slot) = self.live.take() else { return };
        for (value, about) in values {
            let words: Vec<&str> = value.split_whitespace().collect();
            let typed = slot.before.len();
            if words.len() > typed && words.iter().zip(&slot.before).all(|(word, before)| word == before) {
                let more = words.len() - typed < slot.left;
                self.offer(&words[typed..].join(" "), &about, ChoiceKind::Word, more);
            }
        }
    }

    /// Words that Tab may insert. Flags and filters only when one has been begun.
    pub fn words(&self) -> impl Iterator<Item = &Choice> {
        let begun = !self.partial.is_empty();
        let inserted = move |kind| kind == ChoiceKind::Word || (begun && kind == ChoiceKind::Option);
        self.choices.iter().filter(move |choice| inserted(choice.kind))
    }

    /// What Tab inserts at the cursor: what all words have in common, or the only word with the blank that follows it.
    pub fn insertion(&self) -> String {
        let mut words = self.words();
        let Some(first) = words.next() else { return String::new() };
        let mut common = first.text.as_str();
        let mut only = true;
        for word in words {
            only = false;
            let shared = common.char_indices().zip(word.text.chars()).take_while(|((_, a), b)| a == b);
            common = &common[..shared.map(|((at, c), _)| at + c.len_utf8()).last().unwrap_or(0)];
        }
        let mut insertion = common.get(self.partial.len()..).unwrap_or_default().to_owned();
        if only && first.more {
            insertion.push(' ');
        }
        insertion
    }
}

/// A line up to the cursor, in words that are complete and one that is not.
struct Begun {
    complete: Vec<Token>,
    partial: Option<Token>,
}

fn begun(line: &str, cursor: usize) -> Begun {
    let mut end = cursor.min(line.len());
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let mut complete = tokens(&line[..end]);
    let partial = complete.pop_if(|token| token.span.end == end);
    Begun { complete, partial }
}

/// What may stand at the cursor.
pub fn complete(line: &str, cursor: usize, role: Role) -> Completion {
    let Begun { complete, partial } = begun(line, cursor);
    // Inside quotes only the kind of value is told: whatever is inserted would have to be quoted too.
    let quoted = partial.as_ref().is_some_and(|token| token.quoted);
    let partial = partial.filter(|token| !token.quoted).map(|token| token.text).unwrap_or_default();
    let mut found = Completion { partial, ..Completion::default() };
    let Some((first, rest)) = complete.split_first() else {
        if !quoted {
            offer_commands(&mut found, role);
        }
        return found;
    };
    if let Some(start) = tried(&complete) {
        return self::complete(line.get(start..).unwrap_or_default(), cursor.saturating_sub(start), role);
    }
    if first.is(restore::TRY_WORD) && matches!(rest.len(), 0 | 2) && !quoted {
        offer_commands(&mut found, role);
    }
    if let Some(pipe) = rest.iter().rposition(|token| token.is("|")) {
        filters(&mut found, &rest[pipe + 1..]);
        return found;
    }
    let Some(family) = table::family(&first.text) else { return found };
    let words: Vec<&str> = rest.iter().filter(|token| !flag(token)).map(|token| token.text.as_str()).collect();
    let commands = alive(family, &words, role);
    for command in &commands {
        match (command.parts.get(words.len()), command.parts.last()) {
            (Some(part), _) => next(&mut found, part, command, &commands, &words),
            (None, Some(part @ Part::Many(_))) => {
                end(&mut found, command, rest);
                next(&mut found, part, command, &commands, &words);
            }
            (None, _) => end(&mut found, command, rest),
        }
    }
    if quoted {
        found.choices.retain(|choice| choice.kind == ChoiceKind::Placeholder);
        found.live = None;
    }
    found
}

fn offer_commands(found: &mut Completion, role: Role) {
    for family in table::permitted(role) {
        let more = family.permitted(role).any(|command| !command.parts.is_empty());
        found.offer(family.name, family.summary, ChoiceKind::Word, more);
    }
}

fn flag(token: &Token) -> bool {
    token.is("--json") || token.is("--yes")
}

fn next(found: &mut Completion, part: &Part, command: &Command, commands: &[&Command], words: &[&str]) {
    let more = command.parts.len() > words.len() + 1;
    for word in part.words() {
        let sharing = commands.iter().filter(|c| c.parts.get(words.len()).is_some_and(|p| p.is_literal(word.text)));
        let alone = word.about.is_empty() && sharing.count() == 1;
        found.offer(word.text, if alone { command.summary } else { word.about }, ChoiceKind::Word, more);
    }
    let Some(value) = part.value() else { return };
    if value.check.is_some() {
        let open = value.usage.trim_start_matches('(').split('|').next().unwrap_or(value.usage);
        found.offer(open, value.about, ChoiceKind::Placeholder, more);
    }
    if let Some(kind) = value.live {
        let before = words[words.len().saturating_sub(value.live_offset)..].iter().map(|&w| w.to_owned()).collect();
        let left = command.parts.len().saturating_sub(words.len());
        found.live.get_or_insert(LiveSlot { kind, before, left });
    }
}

/// The line is complete as it stands.
fn end(found: &mut Completion, command: &Command, typed: &[Token]) {
    if found.partial.is_empty() {
        found.offer("<Enter>", command.summary, ChoiceKind::Enter, false);
    }
    let given = |name| typed.iter().any(|token| token.is(name));
    if command.show && !given("--json") {
        found.offer("--json", "Print the answer as JSON", ChoiceKind::Option, false);
    }
    if command.confirm.is_some() && !given("--yes") {
        found.offer("--yes", "Do not ask", ChoiceKind::Option, false);
    }
    if command.show || command.streams {
        found.offer("|", "Filter the output", ChoiceKind::Option, true);
    }
}

fn filters(found: &mut Completion, words: &[Token]) {
    let kind = |token: &Token| FilterKind::ALL.into_iter().find(|(_, word, _)| token.is(word)).map(|(kind, ..)| kind);
    match words {
        [] => {
            for (kind, word, about) in FilterKind::ALL {
                found.offer(word, about, ChoiceKind::Word, kind != FilterKind::Count);
            }
        }
        [first] if matches!(kind(first), Some(FilterKind::Include | FilterKind::Exclude)) => {
            found.offer("<text>", "Text to look for, in quotes if it has blanks", ChoiceKind::Placeholder, false);
        }
        _ => {
            found.offer("<Enter>", "Run the command", ChoiceKind::Enter, false);
            found.offer("|", "Filter what is left", ChoiceKind::Option, true);
        }
    }
}

/// The rest of the usage of the only command that the line can become, to be shown greyed after the cursor.
pub fn hint(line: &str, role: Role) -> Option<String> {
    let Begun { complete, partial } = begun(line, line.len());
    let mut text = String::new();
    let mut words = complete;
    if let Some(partial) = partial {
        if partial.quoted || partial.is("|") {
            return None;
        }
        let found = self::complete(line, line.len(), role);
        let mut choices = found.words().filter(|choice| choice.kind == ChoiceKind::Word);
        let mut word = partial;
        match (choices.next(), choices.next()) {
            (Some(only), None) => {
                text.push_str(only.text.get(word.text.len()..)?);
                word.text.clone_from(&only.text);
            }
            (Some(_), Some(_)) => return None,
            (None, _) => {}
        }
        words.push(word);
    }
    if let Some(start) = tried(&words) {
        return hint(line.get(start..)?, role);
    }
    let (first, rest) = words.split_first()?;
    if rest.iter().any(|token| token.is("|")) {
        return None;
    }
    let family = table::family(&first.text)?;
    let rest: Vec<&str> = rest.iter().filter(|token| !flag(token)).map(|token| token.text.as_str()).collect();
    if let [only] = alive(family, &rest, role).as_slice() {
        let blank = text.is_empty() && line.ends_with([' ', '\t']);
        for (index, part) in only.parts.iter().skip(rest.len()).enumerate() {
            if index > 0 || !blank {
                text.push(' ');
            }
            text.push_str(part.usage());
        }
    }
    (!text.is_empty()).then_some(text)
}
