//! Serves a [`Medium`] to QEMU over NBD (the protocol's `doc/proto.md`: fixed newstyle handshake, simple replies).
//!
//! Invariants: requests are carried out one after the other, so a flush covers every write that was answered before it;
//! at a power cut nothing is answered any more, the machine neither hears of an error nor of a success.

use std::{
    io::{self, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    thread,
};

use anyhow::{Context as _, Result};

use crate::medium::{Entry, Medium};

const GREETING: u64 = 0x4e42_444d_4147_4943;
const OPTION: u64 = 0x4948_4156_454f_5054;
const OPTION_REPLY: u64 = 0x0003_e889_0455_65a9;
const REQUEST: u32 = 0x2560_9513;
const REPLY: u32 = 0x6744_6698;

/// Fixed newstyle, and no zeroes after the export.
const HANDSHAKE_FLAGS: u16 = 3;
/// Flags are valid; flush and write-zeroes are known. FUA is not, so that each kept write shows as a flush.
const EXPORT_FLAGS: u16 = 1 | 4 | 64;
/// Longest request; QEMU keeps to what it is told.
const MOST: u32 = 32 << 20;
/// Longest option.
const MOST_OPTION: u32 = 64 << 10;

const INVALID: u32 = 22;
const INPUT_OUTPUT: u32 = 5;

/// Listens on a unix socket for as long as the process lives; one machine at a time.
pub fn serve(medium: &Medium, socket: &Path) -> Result<()> {
    let listener = UnixListener::bind(socket).with_context(|| format!("cannot listen on {}", socket.display()))?;
    let medium = medium.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // The machine went away in the middle of a request, as it does at a power cut.
            let _ = converse(&medium, stream);
        }
    });
    Ok(())
}

fn converse(medium: &Medium, mut stream: UnixStream) -> io::Result<()> {
    stream.write_all(&GREETING.to_be_bytes())?;
    stream.write_all(&OPTION.to_be_bytes())?;
    stream.write_all(&HANDSHAKE_FLAGS.to_be_bytes())?;
    let _client_flags = word(&mut stream)?;
    if negotiate(medium, &mut stream)? {
        let mut answers = stream.try_clone()?;
        while transmit(medium, &mut stream, &mut answers)? {}
    }
    Ok(())
}

/// Options until the disk is chosen; `false` when the peer leaves.
fn negotiate(medium: &Medium, stream: &mut UnixStream) -> io::Result<bool> {
    let export = [medium.size().to_be_bytes().as_slice(), &EXPORT_FLAGS.to_be_bytes()].concat();
    loop {
        if quad(stream)? != OPTION {
            return Err(unexpected("an option"));
        }
        let (option, length) = (word(stream)?, word(stream)?);
        if length > MOST_OPTION {
            return Err(unexpected("an option of that length"));
        }
        io::copy(&mut stream.take(u64::from(length)), &mut io::sink())?;
        match option {
            // NBD_OPT_EXPORT_NAME: no reply, the export itself.
            1 => return stream.write_all(&export).map(|()| true),
            // NBD_OPT_ABORT.
            2 => return reply(stream, option, 1, &[]).map(|()| false),
            // NBD_OPT_INFO and NBD_OPT_GO: the export, the block sizes, then the acknowledgement.
            6 | 7 => {
                reply(stream, option, 3, &[&[0, 0], export.as_slice()].concat())?;
                let sizes = [512_u32, 4096, MOST].map(u32::to_be_bytes).concat();
                reply(stream, option, 3, &[&[0, 3], sizes.as_slice()].concat())?;
                reply(stream, option, 1, &[])?;
                if option == 7 {
                    return Ok(true);
                }
            }
            // NBD_REP_ERR_UNSUP: structured replies, contexts, TLS.
            _ => reply(stream, option, 0x8000_0001, &[])?,
        }
    }
}

fn reply(stream: &mut UnixStream, option: u32, kind: u32, data: &[u8]) -> io::Result<()> {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut bytes = OPTION_REPLY.to_be_bytes().to_vec();
    for word in [option, kind, length] {
        bytes.extend(word.to_be_bytes());
    }
    bytes.extend(data);
    stream.write_all(&bytes)
}

/// One request; `false` when the peer leaves or the power has gone.
fn transmit(medium: &Medium, stream: &mut UnixStream, answers: &mut UnixStream) -> io::Result<bool> {
    if word(stream)? != REQUEST {
        return Err(unexpected("a request"));
    }
    let command = word(stream)? & 0xffff;
    let (cookie, offset, length) = (quad(stream)?, quad(stream)?, word(stream)?);
    let short = length <= MOST;
    let mut data = Vec::new();
    let done = match command {
        0 if short => {
            data.resize(length as usize, 0);
            medium.read(offset, &mut data).map(|()| true)
        }
        1 if short => {
            let mut bytes = vec![0; length as usize];
            stream.read_exact(&mut bytes)?;
            medium.act(Entry::Write(offset, bytes.into()))
        }
        2 => return Ok(false),
        3 => medium.act(Entry::Flush),
        6 => medium.act(Entry::Zero(offset, u64::from(length))),
        _ => Err(unexpected("such a command")),
    };
    let error = match done {
        Ok(true) => 0,
        Ok(false) => {
            // The power has gone. The connection stays until the machine is ended, and is deaf.
            io::copy(stream, &mut io::sink())?;
            return Ok(false);
        }
        Err(error) => {
            data.clear();
            if error.kind() == io::ErrorKind::Other { INPUT_OUTPUT } else { INVALID }
        }
    };
    let head = [REPLY.to_be_bytes().as_slice(), &error.to_be_bytes(), &cookie.to_be_bytes()].concat();
    answers.write_all(&head)?;
    answers.write_all(&data)?;
    Ok(true)
}

fn word(stream: &mut UnixStream) -> io::Result<u32> {
    let mut bytes = [0; 4];
    stream.read_exact(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes))
}

fn quad(stream: &mut UnixStream) -> io::Result<u64> {
    let mut bytes = [0; 8];
    stream.read_exact(&mut bytes)?;
    Ok(u64::from_be_bytes(bytes))
}

fn unexpected(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not {what}"))
}
