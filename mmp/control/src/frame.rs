//! Framing: four bytes of length (big endian), then that many bytes of JSON.
//!
//! Invariants: no IO; a frame is at most [`MAX_FRAME`] bytes, checked before anything is reserved for it.

use serde::{Serialize, de::DeserializeOwned};

/// Longest frame in bytes, header excluded. The longest honest one is the list of time zones, under 64 KiB.
pub const MAX_FRAME: usize = 1 << 20;

/// Bytes of the header.
pub const HEADER: usize = 4;

/// Why bytes are not a frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Longer than [`MAX_FRAME`].
    #[error("a frame of {0} bytes is too long")]
    TooLong(usize),
    /// Not JSON, or not a message of this protocol.
    #[error("the frame is not a message of the control protocol")]
    Malformed(#[from] serde_json::Error),
}

/// The message with its header.
pub fn encode(message: &impl Serialize) -> Result<Vec<u8>, FrameError> {
    let mut bytes = vec![0; HEADER];
    serde_json::to_writer(&mut bytes, message)?;
    let length = bytes.len() - HEADER;
    let header = u32::try_from(length).ok().filter(|_| length <= MAX_FRAME).ok_or(FrameError::TooLong(length))?;
    bytes[..HEADER].copy_from_slice(&header.to_be_bytes());
    Ok(bytes)
}

/// Bytes that follow this header.
pub fn body_length(header: [u8; HEADER]) -> Result<usize, FrameError> {
    let length = u32::from_be_bytes(header) as usize;
    if length > MAX_FRAME { Err(FrameError::TooLong(length)) } else { Ok(length) }
}

/// The message in a frame's body.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, FrameError> {
    Ok(serde_json::from_slice(body)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Answer, Call, Request, request::Dns};

    #[test]
    fn a_call_goes_there_and_back() {
        let call = Call { line: "dns".into(), request: Request::Dns(Dns::Show) };
        let bytes = encode(&call).unwrap();
        let length = body_length(bytes[..4].try_into().unwrap()).unwrap();
        assert_eq!(length, bytes.len() - 4);
        assert_eq!(decode::<Call>(&bytes[4..]).unwrap(), call);
    }

    #[test]
    fn a_frame_past_the_limit_is_refused_by_its_header() {
        assert!(matches!(body_length([0xff; 4]), Err(FrameError::TooLong(_))));
        assert!(matches!(encode(&"x".repeat(MAX_FRAME)), Err(FrameError::TooLong(_))));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode::<crate::Ask>(&bytes);
            let _ = decode::<Answer>(&bytes);
        }
    }
}
