//! The tables hold together.

use std::collections::BTreeSet;

use super::*;

#[test]
fn paths_are_named_once_and_their_parents_exist() {
    let mut seen = BTreeSet::new();
    for node in nodes() {
        assert!(seen.insert(node.path.to_lowercase()), "{} is there twice", node.path);
        let ids = node.path.matches("{}").count();
        assert_eq!(node.parents().count(), ids, "{}: a parent is missing", node.path);
        assert!(!node.about.is_empty(), "{}: what is it for?", node.path);
    }
    assert!(seen.len() > 80, "only {} nodes", seen.len());
}

#[test]
fn references_lead_to_collections_with_a_refusal() {
    for node in nodes() {
        for field in node.fields.iter().chain(node.also).flat_map(|field| field.within.iter().chain([field])) {
            if let Value::Reference(kept_at) = field.value {
                let target = find(kept_at).unwrap_or_else(|| panic!("{}: {} leads nowhere", node.path, field.name));
                assert!(target.unknown.is_some(), "{kept_at} has no refusal");
            }
        }
        if let Some(view) = node.view {
            assert!(find(view.of).is_some(), "{}: {} keeps nothing", node.path, view.of);
        }
        if node.below != Methods::default() {
            assert!(node.unknown.is_some(), "{}: no refusal of an unknown id", node.path);
        }
    }
}

#[test]
fn defaults_are_values_of_their_type() {
    for node in nodes() {
        for field in node.fields.iter().chain(node.also) {
            for value in [field.default, field.implied, field.only].into_iter().flatten() {
                assert_eq!(field.value.read(value), Ok(value.to_owned()), "{} {}", node.path, field.name);
            }
            if let Some(other) = field.unless {
                assert!(node.parameters().any(|it| it.name == other), "{} {other}", node.path);
            }
        }
        for name in node.list_order {
            assert!(node.field(name).is_some(), "{}: {name} is no field", node.path);
        }
    }
}

#[test]
fn a_parameter_is_named_once() {
    for node in nodes() {
        let names: Vec<String> = node
            .parameters()
            .flat_map(|field| [Some(field.name), field.alias])
            .flatten()
            .map(str::to_lowercase)
            .collect();
        let unique: BTreeSet<&String> = names.iter().collect();
        assert_eq!(names.len(), unique.len(), "{}: {names:?}", node.path);
    }
}
