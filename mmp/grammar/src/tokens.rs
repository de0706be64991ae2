//! Words of a line, with where they stand.
//!
//! Invariants: blanks separate words except inside double quotes, which may begin in the middle of a word
//! (`CN:"a b"`); inside them `\"` is a quote and any other byte is itself. A lone `|` outside quotes is its own token.
//! Spans cover the quotes and lie on character boundaries.

use std::ops::Range;

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{tag, take_while, take_while1},
    character::complete::none_of,
    combinator::{map, opt, recognize, value},
    multi::{fold_many0, fold_many1},
    sequence::preceded,
};

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Without the quotes.
    pub text: String,
    /// Where it stands, with the quotes.
    pub span: Range<usize>,
    /// It has quotes, so it is never a flag, a pipe or a question mark.
    pub quoted: bool,
    /// Its last quote is not closed.
    pub open: bool,
}

impl Token {
    /// Whether it is this word, unquoted.
    pub fn is(&self, text: &str) -> bool {
        !self.quoted && self.text == text
    }
}

#[derive(Clone, Default)]
struct Word {
    text: String,
    quoted: bool,
    open: bool,
}

fn blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

/// `"..."`, closed or not.
fn quotation(input: &str) -> IResult<&str, Word> {
    let character = alt((value('"', tag("\\\"")), none_of("\"")));
    let text = fold_many0(character, String::new, |mut text: String, c| {
        text.push(c);
        text
    });
    map((preceded(tag("\""), text), opt(tag("\""))), |(text, end)| Word { text, quoted: true, open: end.is_none() })
        .parse(input)
}

fn plain(input: &str) -> IResult<&str, Word> {
    let text = recognize(take_while1(|c| !blank(c) && c != '"'));
    map(text, |text: &str| Word { text: text.to_owned(), ..Word::default() }).parse(input)
}

fn one_word(input: &str) -> IResult<&str, Word> {
    fold_many1(alt((quotation, plain)), Word::default, |mut word: Word, next: Word| {
        word.text.push_str(&next.text);
        word.quoted |= next.quoted;
        word.open = next.open;
        word
    })
    .parse(input)
}

/// The words of a line.
pub fn tokens(line: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = line;
    loop {
        let skipped: IResult<&str, &str> = take_while(blank).parse(rest);
        rest = skipped.map_or(rest, |(rest, _)| rest);
        let Ok((after, word)) = one_word(rest) else { return found };
        let span = line.len() - rest.len()..line.len() - after.len();
        found.push(Token { text: word.text, span, quoted: word.quoted, open: word.open });
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(line: &str) -> Vec<String> {
        tokens(line).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn quotes_hold_a_word_together_wherever_they_begin() {
        assert_eq!(texts("pki csr demo CN:\"a b\" \"OU:c d\""), ["pki", "csr", "demo", "CN:a b", "OU:c d"]);
        assert_eq!(texts("dns add rr \"x TXT \\\"y z\\\"\""), ["dns", "add", "rr", "x TXT \"y z\""]);
        assert_eq!(texts("a \"\""), ["a", ""]);
    }

    #[test]
    fn an_open_quote_takes_the_rest_of_the_line() {
        let last = tokens("dns \"a b ").pop().unwrap();
        assert_eq!((last.text.as_str(), last.open, last.span), ("a b ", true, 4..9));
    }

    #[test]
    fn a_pipe_inside_a_word_is_part_of_it() {
        assert_eq!(texts("user duty bob Mo|Tu | count"), ["user", "duty", "bob", "Mo|Tu", "|", "count"]);
    }

    proptest! {
        #[test]
        fn spans_are_in_order_and_on_character_boundaries(line in "[a-z \"\\\\|é\\t]{0,40}|\\PC*") {
            let mut end = 0;
            for token in tokens(&line) {
                prop_assert!(token.span.start >= end && token.span.end > token.span.start);
                prop_assert!(line.get(token.span.clone()).is_some());
                end = token.span.end;
            }
        }
    }
}
