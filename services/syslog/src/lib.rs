//! The forwarder of the logs; its parts follow.
