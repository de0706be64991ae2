//! The processor's time stamp counter: in a machine whose time is counted in instructions it tells nanoseconds since power
//! on, firmware included, which no clock of the kernel does.
#![allow(unsafe_code)]

/// Its value now.
pub fn now() -> u64 {
    // SAFETY: every x86-64 processor has the instruction, and no system that this runs on forbids it to programs.
    unsafe { core::arch::x86_64::_rdtsc() }
}
