//! From a line to an [`Action`], or to the documented error with the reason and the place.
//!
//! Invariants: a line either has exactly one form of the table or is refused; nothing is abbreviated and nothing is
//! guessed. Whether the role may run a command is mmpd's decision, so a well-formed line of any role is parsed; only
//! what a role sees of a family's usage depends on it.

use std::ops::Range;

use mmp_model::{InvalidValue, Role, restore::ConfirmTime};

use crate::{
    action::{Action, Condition, Filter, FilterKind, Parsed},
    families::restore,
    help, suggest,
    table::{self, Command, Family, Part},
    tokens::{Token, tokens},
};

/// Why a line was not understood, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct ParseError {
    /// What is wrong.
    pub mistake: Mistake,
    /// Bytes of the line that it is about; empty at the end where something is missing.
    pub span: Range<usize>,
}

/// What is wrong with a line.
#[derive(Clone, Debug)]
pub enum Mistake {
    /// There is no word.
    Empty,
    /// A control character.
    Control,
    /// A quote is not closed.
    OpenQuote,
    /// No such family.
    Unknown {
        /// What was typed.
        word: String,
        /// What was probably meant.
        meant: Option<&'static str>,
    },
    /// A word is not a value of its kind.
    Value(InvalidValue),
    /// The words are in no form of the family.
    Usage {
        /// The family.
        family: &'static Family,
        /// What could stand here.
        expected: Vec<&'static str>,
        /// What does stand here.
        found: Option<String>,
        /// What was probably meant.
        meant: Option<&'static str>,
    },
    /// The role may run nothing of this family.
    Denied,
    /// `--json` at a command that shows nothing.
    NothingToShow,
    /// What follows `|` is no filter.
    Filter,
}

impl PartialEq for Mistake {
    fn eq(&self, other: &Self) -> bool {
        format!("{self:?}") == format!("{other:?}")
    }
}

impl ParseError {
    fn new(mistake: Mistake, span: Range<usize>) -> Self {
        Self { mistake, span }
    }

    /// The documented lines (`mmp.md` section 1.5).
    pub fn message(&self, role: Role) -> String {
        match &self.mistake {
            Mistake::Empty => String::new(),
            Mistake::Control => "Invalid character".into(),
            Mistake::OpenQuote => "Missing closing quote".into(),
            Mistake::Unknown { word, .. } => format!("Unknown command: {word}\nType 'help' for a list of commands"),
            Mistake::Value(value) => value.to_string(),
            Mistake::Usage { family, .. } => help::usage(family, role),
            Mistake::Denied => "Permission denied".into(),
            Mistake::NothingToShow => "Nothing to show as JSON: this command does not show anything".into(),
            Mistake::Filter => "Usage:\n   <command> | (include|exclude) <text>\n   <command> | count".into(),
        }
    }

    /// The precise reason, where the documented lines do not say it.
    pub fn hint(&self) -> Option<String> {
        match &self.mistake {
            Mistake::Unknown { meant, .. } => meant.map(|word| format!("Did you mean '{word}'?")),
            Mistake::Usage { expected, found, meant, .. } => Some(match (found, meant) {
                (Some(found), Some(meant)) => format!("'{found}' is not known here. Did you mean '{meant}'?"),
                (Some(found), None) if expected.is_empty() => format!("Nothing is expected at '{found}'"),
                (Some(found), None) => format!("At '{found}' this is expected: {}", expected.join(" ")),
                (None, _) => format!("Still missing: {}", expected.join(" ")),
            }),
            _ => None,
        }
    }
}

/// Understands a line.
pub fn parse(line: &str, role: Role) -> Result<Parsed, ParseError> {
    if let Some((at, c)) = line.char_indices().find(|(_, c)| c.is_control() && *c != '\t') {
        return Err(ParseError::new(Mistake::Control, at..at + c.len_utf8()));
    }
    let words = tokens(line);
    let Some((first, rest)) = words.split_first() else { return Err(ParseError::new(Mistake::Empty, 0..0)) };
    if let Some(open) = words.last().filter(|token| token.open) {
        return Err(ParseError::new(Mistake::OpenQuote, open.span.clone()));
    }
    if let Some(start) = tried(&words) {
        return on_condition(line, &words, start, role);
    }
    let Some(family) = table::family(&first.text) else {
        let meant = suggest::nearest(&first.text, table::permitted(role).map(|family| family.name));
        let mistake = Mistake::Unknown { word: first.text.clone(), meant };
        return Err(ParseError::new(mistake, first.span.clone()));
    };
    let mut pipes = rest.split(|token| token.is("|"));
    let head = pipes.next().unwrap_or_default();
    if let Some(question) = head.last().filter(|token| token.is("?")) {
        let action = Action::List(line[..question.span.start].to_owned());
        let command = &family.commands[0];
        return Ok(Parsed { action, command, json: false, yes: false, filters: Vec::new(), condition: None });
    }
    let filters = pipes.map(|words| filter(words, line)).collect::<Result<_, _>>()?;
    let flag = |name| head.iter().any(|token: &Token| token.is(name));
    let (json, yes) = (flag("--json"), flag("--yes"));
    let plain: Vec<&Token> = head.iter().filter(|token| !token.is("--json") && !token.is("--yes")).collect();
    let (command, values) = matched(family, &plain, line, role)?;
    if json && !command.show {
        return Err(ParseError::new(Mistake::NothingToShow, first.span.start..line.len()));
    }
    let whole = first.span.start..plain.last().unwrap_or(&first).span.end;
    let action = (command.build)(&values).map_err(|wrong| ParseError::new(Mistake::Value(wrong), whole))?;
    Ok(Parsed { action, command, json, yes, filters, condition: None })
}

/// Where the command begins that `try` makes conditional; `None` when the line is no such line.
pub(crate) fn tried(words: &[Token]) -> Option<usize> {
    let (first, rest) = words.split_first().filter(|(first, _)| first.is(restore::TRY_WORD))?;
    let command = match rest {
        [word, _, command, ..] if word.is(restore::FOR_WORD) => command,
        [word, ..] if word.is(restore::FOR_WORD) => return None,
        [command, ..] if !command.is("?") && !command.is("|") && !command.is("--json") => command,
        _ => return None,
    };
    debug_assert!(first.span.end <= command.span.start);
    Some(command.span.start)
}

/// A line behind `try`: the command is parsed as it would be alone, and its places are those in the whole line.
fn on_condition(line: &str, words: &[Token], start: usize, role: Role) -> Result<Parsed, ParseError> {
    let timed = words[1].is(restore::FOR_WORD);
    let within = if timed {
        words[2].text.parse().map_err(|wrong| ParseError::new(Mistake::Value(wrong), words[2].span.clone()))?
    } else {
        ConfirmTime::DEFAULT
    };
    let command = &restore::TRY.commands[if timed { 3 } else { 1 }];
    if words.iter().any(|token| token.span.start == start && token.is(restore::TRY_WORD)) {
        let expected = vec!["<command>"];
        let found = Some(restore::TRY_WORD.to_owned());
        let mistake = Mistake::Usage { family: &restore::TRY, expected, found, meant: None };
        return Err(ParseError::new(mistake, start..line.len()));
    }
    let mut parsed = parse(&line[start..], role).map_err(|error| {
        let span = error.span.start + start..error.span.end + start;
        ParseError { span, ..error }
    })?;
    if let Action::List(rest) = &mut parsed.action {
        rest.insert_str(0, &line[..start]);
    }
    parsed.condition = Some(Condition { within, command });
    Ok(parsed)
}

fn filter(words: &[Token], line: &str) -> Result<Filter, ParseError> {
    let wrong = || {
        let start = words.first().map_or(line.len(), |token| token.span.start);
        ParseError::new(Mistake::Filter, start..words.last().map_or(start, |token| token.span.end))
    };
    let (first, rest) = words.split_first().ok_or_else(wrong)?;
    let (kind, ..) = FilterKind::ALL.into_iter().find(|(_, word, _)| first.is(word)).ok_or_else(wrong)?;
    let text = match (kind, rest) {
        (FilterKind::Count, []) => String::new(),
        (FilterKind::Include | FilterKind::Exclude, [word]) => word.text.clone(),
        _ => return Err(wrong()),
    };
    Ok(Filter { kind, text })
}

/// Words in the form of a command.
struct Fit {
    /// One entry a part: the word is a literal one, which goes before values.
    literal: Vec<bool>,
    values: Vec<String>,
    wrong: Option<(InvalidValue, Range<usize>)>,
}

fn matched(
    family: &'static Family,
    words: &[&Token],
    line: &str,
    role: Role,
) -> Result<(&'static Command, Vec<String>), ParseError> {
    let fits = family.commands.iter().filter_map(|command| Some((command, fit(command, words, line)?)));
    let visible = || family.permitted(role).next().is_some();
    let denied = |span| ParseError::new(Mistake::Denied, span);
    let best = fits.reduce(|best, next| if next.1.literal > best.1.literal { next } else { best });
    match best {
        Some((_, Fit { wrong: Some((_, span)), .. })) if !visible() => Err(denied(span)),
        Some((_, Fit { wrong: Some((wrong, span)), .. })) => Err(ParseError::new(Mistake::Value(wrong), span)),
        Some((command, fit)) => Ok((command, fit.values)),
        None if !visible() => Err(denied(0..line.len())),
        None => Err(misfit(family, words, line, role)),
    }
}

/// What the command's own example comes down to.
pub(crate) fn example(command: &Command) -> Option<Action> {
    let words = tokens(command.example);
    let words: Vec<&Token> = words.iter().skip(1).collect();
    (command.build)(&fit(command, &words, command.example)?.values).ok()
}

fn fit(command: &Command, words: &[&Token], line: &str) -> Option<Fit> {
    let mut found = Fit { literal: Vec::new(), values: Vec::new(), wrong: None };
    let mut left = words;
    for part in command.parts {
        let (taken, text) = match (part, left) {
            (_, []) => return None,
            // One word loses its quotes; several are taken as they stand, with the quotes inside them.
            (Part::Rest(_), [only]) => (left, only.text.clone()),
            (Part::Rest(_), [first, .., last]) => (left, line[first.span.start..last.span.end].to_owned()),
            (_, [first, ..]) => (&left[..1], first.text.clone()),
        };
        left = &left[taken.len()..];
        if let Part::Many(value) = part {
            for token in std::iter::once(&taken[0]).chain(std::mem::take(&mut left)) {
                if let (Some(check), None) = (value.check, &found.wrong) {
                    found.wrong = check(&token.text).err().map(|wrong| (wrong, token.span.clone()));
                }
                found.values.push(token.text.clone());
            }
            found.literal.push(false);
            continue;
        }
        let literal = part.is_literal(&text);
        if !part.takes(&text) {
            return None;
        }
        if let Some(value) = part.value() {
            if let (false, Some(check), None) = (literal, value.check, &found.wrong) {
                let span = taken.first()?.span.start..taken.last()?.span.end;
                found.wrong = check(&text).err().map(|wrong| (wrong, span));
            }
            found.values.push(text);
        }
        found.literal.push(literal);
    }
    left.is_empty().then_some(found)
}

/// Commands of the family whose first parts take these words.
pub(crate) fn alive(family: &'static Family, words: &[&str], role: Role) -> Vec<&'static Command> {
    let mut alive: Vec<&Command> = family.permitted(role).collect();
    for (index, word) in words.iter().enumerate() {
        let part = |command: &'static Command| command.parts.get(index).or(rest(command));
        let literally = alive.iter().any(|command| part(command).is_some_and(|part| part.is_literal(word)));
        alive.retain(|command| {
            part(command).is_some_and(|part| if literally { part.is_literal(word) } else { part.takes(word) })
        });
    }
    alive
}

fn rest(command: &'static Command) -> Option<&'static Part> {
    command.parts.last().filter(|part| matches!(part, Part::Rest(_) | Part::Many(_)))
}

fn misfit(family: &'static Family, words: &[&Token], line: &str, role: Role) -> ParseError {
    let texts: Vec<&str> = words.iter().map(|token| token.text.as_str()).collect();
    let known = (0..=texts.len()).rev().find(|&n| !alive(family, &texts[..n], role).is_empty()).unwrap_or(0);
    let next: Vec<&Part> =
        alive(family, &texts[..known], role).into_iter().filter_map(|command| command.parts.get(known)).collect();
    let mut expected: Vec<_> = next.iter().map(|part| part.usage()).collect();
    expected.dedup();
    let at = words.get(known);
    let literals = next.iter().flat_map(|part| part.words()).map(|word| word.text);
    let meant = at.and_then(|token| suggest::nearest(&token.text, literals));
    let span = at.map_or(line.len()..line.len(), |token| token.span.clone());
    let found = at.map(|token| token.text.clone());
    ParseError::new(Mistake::Usage { family, expected, found, meant }, span)
}

/// Longest line that is written to a log.
const LOGGED: usize = 1024;

/// The line as it may be written to a log or a history file: on one line, and without what stands where somebody may
/// have typed a password although none belongs on a command line.
pub fn loggable(line: &str) -> String {
    let words = tokens(line);
    let before = tried(&words).map_or(0, |start| words.iter().take_while(|token| token.span.start < start).count());
    let kept = match words.get(before).map(|token| token.text.as_str()) {
        Some("passwd") => before + 2,
        Some("user") if words.get(before + 1).is_some_and(|token| token.is("host")) => before + 5,
        Some("user") => before + 4,
        Some("backup") => before + 3,
        _ => usize::MAX,
    };
    let end = words.get(kept).map_or(line.len(), |token| token.span.start);
    let mut text: String =
        line[..end].trim().chars().map(|c| if c.is_control() { '?' } else { c }).take(LOGGED).collect();
    if end < line.len() {
        text.push_str(" ***");
    }
    text
}
