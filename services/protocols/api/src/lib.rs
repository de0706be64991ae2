//! The REST API `/api/v1` of the product as one pure layer (`api.md`).
//!
//! [`plan`] turns the bytes of a request into an [`Operation`] or into the answer that refuses it; whoever keeps the objects
//! does the operation; [`render`] turns the [`Outcome`] into the bytes of the answer. [`answer`] is all three for a keeper
//! that answers at once. Every object is a table in [`catalogue`].
//!
//! Invariants: no input makes this layer panic or answer with anything but a status of the reference; an answer's body is
//! empty, or one XML 1.0 document, or the document that was stored; a request that is refused changed nothing. There is no
//! IO, no clock and no chance in here.

pub mod catalogue;
pub mod exchange;
pub mod fault;
pub mod form;
pub mod guid;
pub mod memory;
pub mod openapi;
pub mod operation;
mod plan;
mod render;
pub mod system;
pub mod value;
pub mod without_callbridge;
pub mod xml;

pub use exchange::{Answer, Request};
pub use fault::{Code, Fault};
pub use guid::Guid;
pub use memory::Memory;
pub use operation::{Changes, Operation, Outcome, Query, Record, Store, What};
pub use plan::{DOCUMENT_MAX, plan};
pub use render::render;
pub use system::System;
pub use without_callbridge::WithoutCallBridge;

/// Answers one request out of this store.
pub fn answer(request: &Request<'_>, store: &impl Store) -> Answer {
    match plan(request) {
        Ok(operation) => render(&operation, store.perform(&operation)),
        Err(refusal) => refusal,
    }
}
