//! An error with its causes on one line, for the edge of a program: each layer's own text says its own part only.

/// `what happened: why: why that`.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::frame::{self, FrameError};

    #[test]
    fn causes_follow_what_happened() {
        let error: FrameError = frame::decode::<crate::Ask>(b"{").unwrap_err();
        assert!(super::chain(&error).starts_with("the frame is not a message of the control protocol: EOF"));
    }
}
