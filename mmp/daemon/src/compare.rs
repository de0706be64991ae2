//! What differs between two settings, family by family, as lines `path = value`. Pure.
//!
//! Invariant: no secret is in a line; that it differs is.

use std::collections::BTreeMap;

use mmp_control::reply::Difference;
use mmp_model::versions::Stored;
use serde_json::Value;

/// Keys whose values are never printed.
const SECRET: [&str; 2] = ["password", "history"];
const MASK: &str = "(secret)";

/// The differences, families in order of their names.
pub fn differences(old: &Stored, new: &Stored) -> Vec<Difference> {
    let mut families: Vec<&String> = old.keys().chain(new.keys()).collect();
    families.sort_unstable();
    families.dedup();
    let lines = |stored: &Stored, family: &String| {
        let mut lines = BTreeMap::new();
        if let Some(found) = stored.get(family) {
            flatten(&found.settings, String::new(), false, &mut lines);
        }
        lines
    };
    let compared = families.into_iter().map(|family| {
        let (old, new) = (lines(old, family), lines(new, family));
        Difference { family: family.clone(), removed: only(&old, &new), added: only(&new, &old) }
    });
    compared.filter(|difference| !(difference.removed.is_empty() && difference.added.is_empty())).collect()
}

/// A line and the value that decides whether it differs.
type Lines = BTreeMap<String, (String, Value)>;

fn only(these: &Lines, others: &Lines) -> Vec<String> {
    let differing = these.iter().filter(|(path, (_, value))| others.get(*path).map(|(_, value)| value) != Some(value));
    differing
        .map(|(path, (shown, _))| if path.is_empty() { shown.clone() } else { format!("{path} = {shown}") })
        .collect()
}

/// Objects by their keys; an element of a list is its own path, so that a list with one more element differs in that
/// element and not in all that follow it.
fn flatten(value: &Value, path: String, secret: bool, lines: &mut Lines) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                flatten(value, below(key), secret || SECRET.contains(&key.as_str()), lines);
            }
        }
        // An empty list or map is shown by what the other has and it has not.
        Value::Object(_) => {}
        Value::Array(elements) if !secret => {
            for element in elements {
                lines.insert(below(&element.to_string()), ("set".into(), element.clone()));
            }
        }
        _ => {
            let shown = if secret { MASK.to_owned() } else { value.to_string() };
            lines.insert(path, (shown, value.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use mmp_control::{Request, request};
    use mmp_model::{Settings, account::PasswordHash, versions::store};

    use super::*;
    use crate::change::tests::{after, clean};

    fn compared(old: &Settings, new: &Settings) -> Vec<Difference> {
        differences(&store(old), &store(new))
    }

    #[test]
    fn equal_settings_have_no_difference() {
        assert!(compared(&clean(), &clean()).is_empty());
    }

    #[test]
    fn one_more_server_is_one_more_line() {
        let add = |n: u8| Request::Ntp(request::Ntp::Add(format!("192.0.2.{n}").parse().unwrap()));
        let found = compared(&after(&[add(1)]), &after(&[add(2), add(1)]));
        let [Difference { family, removed, added }] = &found[..] else { panic!("{found:?}") };
        assert_eq!((family.as_str(), removed.len(), added.len()), ("ntp", 0, 1));
        assert_eq!(added[0], "servers.\"192.0.2.2\" = set");
    }

    #[test]
    fn that_a_password_differs_is_shown_and_nothing_of_it() {
        let mut new = clean();
        let admin = new.accounts.accounts.values_mut().next().unwrap();
        admin.password = PasswordHash::new("$y$other".into());
        let found = compared(&clean(), &new);
        assert_eq!(found[0].added, ["accounts.admin.password = (secret)"]);
        assert!(!format!("{found:?}").contains("$y$"));
    }
}
