//! Measuring a running appliance: the dialogue with its shell, used inside the machine and on the host alike.
//!
//! Invariant: nothing here is on the image; the program of this crate reaches a machine through an initramfs that is
//! appended to the appliance's own, and runs before it.

pub mod dialogue;
