//! What a request asks for once it is understood, and what comes of it: the seam between this layer and whoever keeps the
//! objects.

use std::{collections::BTreeMap, fmt};

use crate::{
    catalogue::{Field, Filter, Node},
    fault::{Code, Fault},
    guid::Guid,
    xml::Element,
};

/// One understood and checked request.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The node.
    pub node: &'static Node,
    /// The ids that the path names, outermost first, each with the node that keeps it. They are ids, but nobody has looked
    /// yet whether such objects exist.
    pub parents: Vec<(&'static Node, Guid)>,
    /// What is asked of the node.
    pub what: What,
}

/// What is asked of a node.
#[derive(Debug, Clone)]
pub enum What {
    /// One page of a collection: [`Outcome::Page`].
    List(Query),
    /// A new object: [`Outcome::Created`].
    Create(Changes),
    /// Removal of the objects that match: [`Outcome::Done`].
    Clear(Query),
    /// One object of a collection: [`Outcome::Record`].
    Read(Guid),
    /// Changes to an object: [`Outcome::Done`].
    Modify(Guid, Changes),
    /// Removal of an object: [`Outcome::Done`].
    Remove(Guid),
    /// The node itself: [`Outcome::Record`], [`Outcome::Element`] or [`Outcome::Document`].
    Show,
    /// Changes to the node itself: [`Outcome::Done`].
    Set(Changes),
    /// A new document for the node: [`Outcome::Done`].
    Replace(Vec<u8>),
    /// A deed: [`Outcome::Done`], [`Outcome::Created`], [`Outcome::Record`] or [`Outcome::Token`].
    Run(Changes),
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Query {
    /// How many matching objects come before.
    pub offset: u64,
    /// How many are wanted; never above the node's cap.
    pub limit: u64,
    /// Filters with their values; `None` for the empty value.
    pub filters: Vec<(&'static Filter, Option<String>)>,
}

/// Checked parameters in canonical order, in stored form; `None` unsets.
#[derive(Clone, Default)]
pub struct Changes(pub Vec<(&'static Field, Option<String>)>);

impl Changes {
    /// The new value of this field, if it is set by this change.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field.name == name).and_then(|(_, value)| value.as_deref())
    }

    /// Ids in parameters, each with the path at which such objects are kept.
    pub fn references(&self) -> impl Iterator<Item = (&'static str, Guid)> {
        self.0.iter().filter_map(|(field, value)| match field.value {
            crate::value::Value::Reference(kept_at) => Some((kept_at, value.as_ref()?.parse().ok()?)),
            _ => None,
        })
    }
}

/// Secrets are not shown.
impl fmt::Debug for Changes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.iter().map(|(field, value)| match value {
            Some(_) if field.secret => (field.name, Some("***")),
            value => (field.name, value.as_deref()),
        });
        out.debug_map().entries(shown).finish()
    }
}

/// An object or a single node as its keeper knows it. Values are in stored form; the catalogue says which are shown where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// Its id, if it has one.
    pub id: Option<Guid>,
    /// More attributes of its element.
    pub attributes: Vec<(&'static str, String)>,
    /// Fields that are set, by canonical name; those of a group beside the others.
    pub values: BTreeMap<&'static str, String>,
    /// Elements below, by the field that stands for them.
    pub trees: BTreeMap<&'static str, Vec<Element>>,
    /// Elements that no field stands for, such as the detail of an alarm, with the field after which they are shown.
    pub details: Vec<(&'static str, Element)>,
}

impl Record {
    /// An object without fields.
    pub fn new(id: Guid) -> Self {
        Self { id: Some(id), ..Self::default() }
    }

    /// With this field set.
    #[must_use]
    #[allow(clippy::needless_pass_by_value, reason = "tables of values read better without references")]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.values.insert(name, value.to_string());
        self
    }

    /// With elements for this field.
    #[must_use]
    pub fn tree(mut self, name: &'static str, elements: Vec<Element>) -> Self {
        self.trees.insert(name, elements);
        self
    }
}

/// What came of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// One page, with the number of all that match.
    Page {
        /// How many match the filters, on all pages together.
        total: u64,
        /// Those of this page.
        records: Vec<Record>,
    },
    /// One object.
    Record(Record),
    /// An object was made.
    Created(Guid),
    /// It was done.
    Done,
    /// A whole answer, for nodes of their own form.
    Element(Element),
    /// A document that is no XML.
    Document(Vec<u8>),
    /// A token for the events.
    Token(String),
}

/// Who keeps the objects. An asynchronous keeper does not need this: it calls [`crate::plan`], does what the operation says,
/// and calls [`crate::render`].
pub trait Store {
    /// Does it, or refuses and changes nothing.
    fn perform(&self, operation: &Operation) -> Result<Outcome, Fault>;
}

impl Operation {
    /// The refusal when the object that is asked for does not exist.
    pub fn unknown(&self) -> Fault {
        self.node.unknown.unwrap_or(Code::UnrecognisedObject).into()
    }
}
