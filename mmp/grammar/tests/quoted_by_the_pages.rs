//! What Web Admin's pages write into a line is read as the very value that was meant, one word of the line.

use std::collections::BTreeMap;

use mmp_grammar::tokens::tokens;

#[test]
fn every_value_that_the_pages_quote_is_one_word_again() {
    let cases: BTreeMap<String, String> =
        serde_json::from_str(include_str!("../../../tests/browser/quoted.json")).unwrap();
    assert!(cases.len() > 20);
    for (value, written) in cases {
        let line = format!("banner add {written} end");
        let words = tokens(&line);
        let texts: Vec<_> = words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(texts, ["banner", "add", value.as_str(), "end"], "{line}");
        let looks_like_more = value == "|" || value == "?" || value.starts_with('-');
        assert!(!looks_like_more || words[2].quoted, "{line}");
        assert!(!words.iter().any(|word| word.open), "{line}");
    }
}
