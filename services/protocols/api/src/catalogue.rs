//! Every node of the API as data (`api.md` 3): its path, its names, which methods work, and each field with its type and
//! with what it is good for. Routing, checking, writing and the OpenAPI document all come from here, so that a new object
//! is a table and no code.
//!
//! The order of a table's fields is the order of the elements in an answer.

mod calls;
mod cluster;
mod dialplan;
mod people;
mod profiles;
mod queries;
mod spaces;
mod system;

use crate::{fault::Code, value::Value};

/// Fields of one page of a list, or one object, or what an action takes.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The canonical name; others match in any case.
    pub name: &'static str,
    /// Another name under which clients send it.
    pub alias: Option<&'static str>,
    /// Its type.
    pub value: Value,
    /// Set on creation.
    pub create: bool,
    /// Set on modification.
    pub modify: bool,
    /// Shown on the object.
    pub read: bool,
    /// Shown in lists.
    pub list: bool,
    /// Must be given on creation.
    pub mandatory: bool,
    /// Mandatory only while this other one is not given.
    pub unless: Option<&'static str>,
    /// A mandatory field whose empty value means something.
    pub may_be_empty: bool,
    /// Shown as an empty element while unset.
    pub shown_empty: bool,
    /// Shown only while it has this value.
    pub only: Option<&'static str>,
    /// Stored on creation when not given, and again when unset.
    pub default: Option<&'static str>,
    /// What holds while unset, for the reader of the document.
    pub implied: Option<&'static str>,
    /// Never logged.
    pub secret: bool,
    /// The release in which it came.
    pub since: Option<&'static str>,
    /// Fields within, for a group.
    pub within: &'static [Field],
}

/// A field that is set on creation and modification and shown on the object: the usual case.
pub const fn field(name: &'static str, value: Value) -> Field {
    Field {
        name,
        alias: None,
        value,
        create: true,
        modify: true,
        read: true,
        list: false,
        mandatory: false,
        unless: None,
        may_be_empty: false,
        shown_empty: false,
        only: None,
        default: None,
        implied: None,
        secret: false,
        since: None,
        within: &[],
    }
}

/// A field that only the product sets.
pub const fn shown(name: &'static str, value: Value) -> Field {
    let mut made = field(name, value);
    made.create = false;
    made.modify = false;
    made
}

/// A field that only lists show.
pub const fn listed(name: &'static str, value: Value) -> Field {
    let mut made = shown(name, value);
    made.read = false;
    made.list = true;
    made
}

/// A parameter that is never shown.
pub const fn given(name: &'static str, value: Value) -> Field {
    let mut made = field(name, value);
    made.read = false;
    made
}

/// An element with fields below it.
pub const fn group(name: &'static str, within: &'static [Field]) -> Field {
    let mut made = shown(name, Value::Group);
    made.within = within;
    made
}

impl Field {
    /// Shown in lists too.
    pub const fn in_list(mut self) -> Self {
        self.list = true;
        self
    }

    /// Set on creation only.
    pub const fn once(mut self) -> Self {
        self.modify = false;
        self
    }

    /// Set on modification only.
    pub const fn later(mut self) -> Self {
        self.create = false;
        self
    }

    /// Must be given on creation.
    pub const fn mandatory(mut self) -> Self {
        self.mandatory = true;
        self
    }

    /// Must be given on creation unless the other one is.
    pub const fn mandatory_unless(mut self, other: &'static str) -> Self {
        self.mandatory = true;
        self.unless = Some(other);
        self
    }

    /// Shown only while it has this value.
    pub const fn only(mut self, value: &'static str) -> Self {
        self.only = Some(value);
        self
    }

    /// Mandatory, but the empty value means something.
    pub const fn even_empty(mut self) -> Self {
        self.mandatory = true;
        self.may_be_empty = true;
        self
    }

    /// An empty element while unset.
    pub const fn always(mut self) -> Self {
        self.shown_empty = true;
        self
    }

    /// Stored so unless given.
    pub const fn default(mut self, value: &'static str) -> Self {
        self.default = Some(value);
        self
    }

    /// Means so while unset.
    pub const fn implied(mut self, value: &'static str) -> Self {
        self.implied = Some(value);
        self
    }

    /// Never logged.
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Came in that release.
    pub const fn since(mut self, release: &'static str) -> Self {
        self.since = Some(release);
        self
    }

    /// Known under this name too.
    pub const fn or(mut self, alias: &'static str) -> Self {
        self.alias = Some(alias);
        self
    }
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A list with objects below it.
    Collection,
    /// One object without an id.
    Single,
    /// A deed.
    Action,
}

/// Methods that work, on a node and on the objects below it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Methods {
    /// GET.
    pub get: bool,
    /// POST.
    pub post: bool,
    /// PUT.
    pub put: bool,
    /// DELETE.
    pub delete: bool,
}

/// Methods by their letters: G, P(OST), U(PDATE), D.
const fn methods(letters: &str) -> Methods {
    let mut found = Methods { get: false, post: false, put: false, delete: false };
    let bytes = letters.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'G' => found.get = true,
            b'P' => found.post = true,
            b'U' => found.put = true,
            _ => found.delete = true,
        }
        at += 1;
    }
    found
}

/// What a list is narrowed by.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    /// The parameter.
    pub name: &'static str,
    /// The type of its value.
    pub value: Value,
    /// What it means.
    pub meaning: Meaning,
}

/// What a filter means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Any of these fields holds the text, in any case.
    Contains(&'static [&'static str]),
    /// This field is exactly so; the empty value means that it is unset.
    Is(&'static str),
    /// The object is referred to by another, or by none.
    Usage,
    /// What the store alone can tell.
    Told,
}

/// A substring filter over these fields.
const fn filter(fields: &'static [&'static str]) -> Filter {
    Filter { name: "filter", value: Value::Text, meaning: Meaning::Contains(fields) }
}

/// A filter by the value of a field.
const fn exactly(name: &'static str, field: &'static str, value: Value) -> Filter {
    Filter { name, value, meaning: Meaning::Is(field) }
}

/// A filter of which only the store knows.
const fn told(name: &'static str, value: Value) -> Filter {
    Filter { name, value, meaning: Meaning::Told }
}

const TENANT_FILTER: Filter = exactly("tenantFilter", "tenant", Value::Reference("tenants"));
const PROFILE_FILTER: Filter = exactly("callLegProfileFilter", "callLegProfile", Value::Reference("callLegProfiles"));
const USAGE_FILTER: Filter =
    Filter { name: "usageFilter", value: Value::OneOf(&["referenced", "unreferenced"]), meaning: Meaning::Usage };

/// How the store keeps a nested list: as objects of its own below the parent, or as those of another collection that point
/// to the parent with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// The collection that keeps the objects and names their `Location`.
    pub of: &'static str,
    /// The field that holds the parent's id.
    pub by: &'static str,
}

/// A node.
#[derive(Debug, Clone, Copy)]
pub struct Node {
    /// The canonical path below `/api/v1/`, with `{}` for an id.
    pub path: &'static str,
    /// What it is.
    pub shape: Shape,
    /// The element of one object, a single one, or what an action answers.
    pub element: &'static str,
    /// The element of a list.
    pub root: &'static str,
    /// What works on the node itself.
    pub here: Methods,
    /// What works on an object below it.
    pub below: Methods,
    /// Its fields, in the order of the elements.
    pub fields: &'static [Field],
    /// Parameters that are never shown here, after the fields.
    pub also: &'static [Field],
    /// Fields in the order of a list, where that is another.
    pub list_order: &'static [&'static str],
    /// What a list may be narrowed by.
    pub filters: &'static [Filter],
    /// Most objects on one page.
    pub cap: u64,
    /// The refusal of an unknown id below it.
    pub unknown: Option<Code>,
    /// Objects that another collection keeps.
    pub view: Option<View>,
    /// More attributes of a list's root, after `total`.
    pub attributes: &'static [(&'static str, &'static str)],
    /// The body of a PUT is a document and no form, and GET answers one of this type.
    pub document: Option<&'static str>,
    /// What the log calls the object.
    pub label: &'static str,
    /// Release in which it came.
    pub since: Option<&'static str>,
    /// Last release that had it.
    pub until: Option<&'static str>,
    /// What it is for, in a line.
    pub about: &'static str,
}

/// Most configuration objects on one page (`api.md` 1.6).
pub const PAGE: u64 = 20;
/// Most calls, legs or participants on one page.
pub const LIVE_PAGE: u64 = 10;

const fn node(path: &'static str, shape: Shape, element: &'static str) -> Node {
    Node {
        path,
        shape,
        element,
        root: element,
        here: methods(""),
        below: methods(""),
        fields: &[],
        also: &[],
        list_order: &[],
        filters: &[],
        cap: PAGE,
        unknown: None,
        view: None,
        attributes: &[],
        document: None,
        label: "object",
        since: None,
        until: None,
        about: "",
    }
}

/// A list whose objects can be listed, made, read, changed and removed.
const fn collection(path: &'static str, root: &'static str, element: &'static str, unknown: Code) -> Node {
    let mut made = node(path, Shape::Collection, element);
    made.root = root;
    made.here = methods("GP");
    made.below = methods("GUD");
    made.unknown = Some(unknown);
    made.label = element;
    made
}

/// One object without an id, to be read.
const fn single(path: &'static str, element: &'static str) -> Node {
    let mut made = node(path, Shape::Single, element);
    made.here = methods("G");
    made
}

/// A deed by the named methods.
const fn action(path: &'static str, element: &'static str, letters: &str) -> Node {
    let mut made = node(path, Shape::Action, element);
    made.here = methods(letters);
    made
}

impl Node {
    const fn fields(mut self, fields: &'static [Field]) -> Self {
        self.fields = fields;
        self
    }

    const fn also(mut self, fields: &'static [Field]) -> Self {
        self.also = fields;
        self
    }

    const fn filters(mut self, filters: &'static [Filter]) -> Self {
        self.filters = filters;
        self
    }

    const fn here(mut self, letters: &str) -> Self {
        self.here = methods(letters);
        self
    }

    const fn below(mut self, letters: &str) -> Self {
        self.below = methods(letters);
        self
    }

    const fn cap(mut self, cap: u64) -> Self {
        self.cap = cap;
        self
    }

    const fn listed_as(mut self, order: &'static [&'static str]) -> Self {
        self.list_order = order;
        self
    }

    const fn view(mut self, of: &'static str, by: &'static str) -> Self {
        self.view = Some(View { of, by });
        self
    }

    const fn label(mut self, label: &'static str) -> Self {
        self.label = label;
        self
    }

    const fn since(mut self, release: &'static str) -> Self {
        self.since = Some(release);
        self
    }

    const fn until(mut self, release: &'static str) -> Self {
        self.until = Some(release);
        self
    }

    const fn about(mut self, text: &'static str) -> Self {
        self.about = text;
        self
    }

    const fn document(mut self, content_type: &'static str) -> Self {
        self.document = Some(content_type);
        self
    }

    const fn attributes(mut self, attributes: &'static [(&'static str, &'static str)]) -> Self {
        self.attributes = attributes;
        self
    }

    /// The path of the collection that keeps its objects.
    pub const fn kept_at(&self) -> &'static str {
        match self.view {
            Some(view) => view.of,
            None => self.path,
        }
    }

    /// The collections whose ids the path names, outermost first.
    pub fn parents(&self) -> impl Iterator<Item = &'static Node> {
        let path = self.path;
        path.match_indices("/{}").filter_map(move |(at, _)| find(&path[..at]))
    }

    /// What a client may send, in order.
    pub fn parameters(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().chain(self.also).filter(|field| field.create || field.modify)
    }

    /// The field by its canonical name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The fields of a list's elements, in order.
    pub fn list_fields(&self) -> Vec<&'static Field> {
        if self.list_order.is_empty() {
            self.fields.iter().filter(|field| field.list).collect()
        } else {
            self.list_order.iter().filter_map(|name| self.field(name)).collect()
        }
    }
}

/// Every node.
pub fn nodes() -> impl Iterator<Item = &'static Node> {
    [
        spaces::NODES,
        dialplan::NODES,
        calls::NODES,
        profiles::NODES,
        cluster::NODES,
        people::NODES,
        system::NODES,
        queries::NODES,
    ]
    .into_iter()
    .flatten()
}

/// The node with exactly this canonical path.
pub fn find(path: &str) -> Option<&'static Node> {
    nodes().find(|node| node.path == path)
}

#[cfg(test)]
mod tests;
