//! Packets off a byte stream and replies onto one.
//!
//! Invariants: replies come in the order of the requests; output is written when no whole request is waiting or
//! [`FLUSH_AT`] bytes have gathered, so that neither a pipeline of requests nor memory is wasted.

use std::io::{self, Read, Write};

use crate::wire::{self, Code, LONGEST_DATA, LONGEST_PACKET, OVERHEAD, Packet, Reply, Request, WireError};

const FLUSH_AT: usize = LONGEST_DATA;
const LONGEST: usize = LONGEST_PACKET + OVERHEAD;

/// Why a session ended early.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The peer cannot be heard or reached.
    #[error("the connection was lost")]
    Lost(#[from] io::Error),
    /// After this nothing that follows can be read.
    #[error("a packet of {0} bytes")]
    Length(usize),
    /// No conversation was opened, or it was opened twice, or a packet is none.
    #[error("not the SFTP protocol")]
    Protocol,
}

/// Serves until the client ends the stream. `answer` carries a request out.
pub fn serve(
    answer: &mut impl FnMut(&Request<'_>) -> Reply,
    mut input: impl Read,
    mut output: impl Write,
) -> Result<(), StreamError> {
    let mut buffer = vec![0; 2 * (LONGEST + 4)];
    let (mut start, mut end) = (0, 0);
    let mut out = Vec::with_capacity(FLUSH_AT + LONGEST);
    let mut opened = false;
    loop {
        while let Some(body) = packet(&buffer[start..end])? {
            take(answer, body, &mut opened, &mut out)?;
            start += 4 + body.len();
            if out.len() >= FLUSH_AT {
                output.write_all(&out)?;
                out.clear();
            }
        }
        if !out.is_empty() {
            output.write_all(&out)?;
            output.flush()?;
            out.clear();
        }
        if start == end {
            (start, end) = (0, 0);
        } else if buffer.len() - start < LONGEST + 4 {
            buffer.copy_within(start..end, 0);
            (start, end) = (0, end - start);
        }
        match input.read(&mut buffer[end..]) {
            Ok(0) => return Ok(()),
            Ok(count) => end += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The first packet's body, when it is all there.
fn packet(bytes: &[u8]) -> Result<Option<&[u8]>, StreamError> {
    let Some((header, rest)) = bytes.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*header) as usize;
    if length == 0 || length > LONGEST {
        return Err(StreamError::Length(length));
    }
    Ok(rest.get(..length))
}

fn take(
    answer: &mut impl FnMut(&Request<'_>) -> Reply,
    body: &[u8],
    opened: &mut bool,
    out: &mut Vec<u8>,
) -> Result<(), StreamError> {
    match wire::decode(body) {
        Ok(Packet::Init(_)) if !*opened => {
            *opened = true;
            wire::encode_version(out);
        }
        Ok(Packet::Request(number, request)) if *opened => wire::encode(number, &answer(&request), out),
        Err(WireError::Malformed(number)) if *opened => {
            wire::encode(number, &Reply::Status(Code::BadMessage, "The request cannot be read".into()), out);
        }
        _ => return Err(StreamError::Protocol),
    }
    Ok(())
}
