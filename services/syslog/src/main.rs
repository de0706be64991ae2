//! The forwarder of the logs.

fn main() {}
