//! Writing XML byte for byte as clients expect it (`api.md` 1.5): no white space between elements, an empty element as a
//! pair of tags, and only characters that XML 1.0 allows, whatever a stored value holds.

use std::{borrow::Cow, fmt::Write};

/// What every document begins with; no encoding, no line break.
pub const PROLOGUE: &str = "<?xml version=\"1.0\"?>";

/// How an element without content is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Closing {
    /// `<a></a>`.
    #[default]
    Pair,
    /// `<a/>`.
    Tight,
    /// `<a />`: error elements, whose text clients compare.
    Spaced,
}

/// One element with attributes, and children or text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    name: Cow<'static, str>,
    attributes: Vec<(&'static str, String)>,
    text: String,
    children: Vec<Element>,
    closing: Closing,
}

impl Element {
    /// An empty element.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            attributes: Vec::new(),
            text: String::new(),
            children: Vec::new(),
            closing: Closing::Pair,
        }
    }

    /// An element that holds a value.
    #[allow(clippy::needless_pass_by_value, reason = "tables of values read better without references")]
    pub fn of(name: impl Into<Cow<'static, str>>, value: impl ToString) -> Self {
        Self { text: value.to_string(), ..Self::new(name) }
    }

    /// With one more attribute, after the others.
    #[must_use]
    #[allow(clippy::needless_pass_by_value, reason = "tables of values read better without references")]
    pub fn attribute(mut self, name: &'static str, value: impl ToString) -> Self {
        self.attributes.push((name, value.to_string()));
        self
    }

    /// With one more child, after the others.
    #[must_use]
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// With more children, after the others.
    #[must_use]
    pub fn children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// Written so while it is empty.
    #[must_use]
    pub fn closed(mut self, closing: Closing) -> Self {
        self.closing = closing;
        self
    }

    /// Whether it has neither text nor children.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.children.is_empty()
    }

    /// The element alone, without prologue.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// The whole document.
    pub fn document(&self) -> Vec<u8> {
        let mut out = String::from(PROLOGUE);
        self.write(&mut out);
        out.into_bytes()
    }

    fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        for (name, value) in &self.attributes {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            value.chars().for_each(|c| escape_attribute(out, c));
            out.push('"');
        }
        if self.is_empty() && self.closing != Closing::Pair {
            out.push_str(if self.closing == Closing::Spaced { " />" } else { "/>" });
            return;
        }
        out.push('>');
        self.text.chars().for_each(|c| escape(out, c));
        self.children.iter().for_each(|child| child.write(out));
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }
}

/// Whether XML 1.0 can carry this character at all (production 2, `Char`).
pub const fn allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

/// A carriage return is written as a reference, for a parser would make a line feed of it.
fn escape(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '\r' => out.push_str("&#13;"),
        c if allowed(c) => out.push(c),
        _ => out.push('\u{fffd}'),
    }
}

/// In attributes a parser makes a space of every white space that is not a reference.
fn escape_attribute(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("&quot;"),
        '\t' | '\n' => write!(out, "&#{};", u32::from(c)).expect("a string takes any text"),
        c => escape(out, c),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn empty_elements_are_written_in_three_ways() {
        assert_eq!(Element::new("a").text(), "<a></a>");
        assert_eq!(Element::new("a").attribute("b", 1).closed(Closing::Tight).text(), "<a b=\"1\"/>");
        assert_eq!(Element::new("a").closed(Closing::Spaced).text(), "<a />");
        assert_eq!(Element::new("a").child(Element::of("b", "c")).closed(Closing::Spaced).text(), "<a><b>c</b></a>");
    }

    #[test]
    fn what_xml_cannot_carry_is_replaced() {
        assert_eq!(Element::of("a", "\0\u{b}\u{ffff}").text(), "<a>\u{fffd}\u{fffd}\u{fffd}</a>");
    }

    proptest! {
        #[test]
        fn any_value_comes_back_from_a_parser(text in any::<String>(), attribute in any::<String>()) {
            let clean = |s: &str| s.chars().map(|c| if allowed(c) { c } else { '\u{fffd}' }).collect::<String>();
            let bytes = Element::of("a", &text).attribute("b", &attribute).document();
            let read = String::from_utf8(bytes).unwrap();
            let parsed = roxmltree::Document::parse(&read).unwrap();
            let root = parsed.root_element();
            prop_assert_eq!(root.text().unwrap_or_default(), clean(&text));
            let found = root.attribute("b").unwrap();
            let wanted = clean(&attribute);
            prop_assert_eq!(found, wanted.as_str());
        }
    }
}
