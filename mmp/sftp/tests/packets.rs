//! The byte stream: framing, pipelines, and bytes of no sense.

use std::io::{self, Read};

use mmp_sftp::{
    directory::Directory,
    server::Server,
    stream::{StreamError, serve},
    wire::LONGEST_PACKET,
};
use proptest::prelude::*;

/// A packet as a client frames it.
#[cfg(test)]
fn packet(kind: u8, number: u32, rest: &[&[u8]]) -> Vec<u8> {
    let mut body = vec![kind];
    body.extend(number.to_be_bytes());
    body.extend(rest.concat());
    let mut out = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
    out.extend(body);
    out
}

#[cfg(test)]
fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

#[cfg(test)]
fn init() -> Vec<u8> {
    packet(1, 3, &[])
}

/// Gives at most `step` bytes a read.
struct Trickle<'a>(&'a [u8], usize);

#[cfg(test)]
impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(buffer.len());
        self.0.read(&mut buffer[..count])
    }
}

#[cfg(test)]
fn play(input: &[u8], step: usize) -> (Result<(), StreamError>, Vec<u8>, tempfile::TempDir) {
    let root = tempfile::tempdir().unwrap();
    let mut server = Server::new(Directory::new(root.path().into()), "admin", || 0);
    let mut output = Vec::new();
    let end = serve(&mut |request| server.answer(request), Trickle(input, step), &mut output);
    (end, output, root)
}

/// Kinds and numbers of the replies.
#[cfg(test)]
fn replies(mut output: &[u8]) -> Vec<(u8, u32)> {
    let mut replies = Vec::new();
    while let Some((header, rest)) = output.split_first_chunk::<4>() {
        let (body, rest) = rest.split_at(u32::from_be_bytes(*header) as usize);
        replies.push((body[0], u32::from_be_bytes(body[1..5].try_into().unwrap())));
        output = rest;
    }
    replies
}

#[test]
fn a_pipeline_is_answered_in_order_however_it_is_cut() {
    let zero = [0; 4];
    let mut input = init();
    input.extend(packet(3, 1, &[&string(b"/x"), &0x1a_u32.to_be_bytes(), &zero]));
    for n in 0..20_u32 {
        let data = string(&[b'x'; 3000]);
        input.extend(packet(6, 2 + n, &[&string(&zero), &(u64::from(n) * 3000).to_be_bytes(), &data]));
    }
    input.extend(packet(4, 22, &[&string(&zero)]));
    for step in [1, 7, 4096, usize::MAX] {
        let (end, output, root) = play(&input, step);
        end.unwrap();
        let mut expected = vec![(2, 3), (102, 1)];
        expected.extend((2..=22).map(|n| (101, n)));
        assert_eq!(replies(&output), expected);
        assert_eq!(std::fs::metadata(root.path().join("x")).unwrap().len(), 60_000);
    }
}

#[test]
fn a_stream_that_is_cut_leaves_nothing() {
    let zero = [0; 4];
    let mut input = init();
    input.extend(packet(3, 1, &[&string(b"/x"), &0x1a_u32.to_be_bytes(), &zero]));
    let write = packet(6, 2, &[&string(&zero), &[0; 8], &string(&[1; 5000])]);
    input.extend(&write);
    input.extend(&write[..3000]);
    let (end, output, root) = play(&input, 1000);
    end.unwrap();
    assert_eq!(replies(&output), [(2, 3), (102, 1), (101, 2)]);
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn a_length_that_cannot_be_ends_the_session() {
    for length in [0, LONGEST_PACKET as u32 + 1025, u32::MAX] {
        let (end, ..) = play(&length.to_be_bytes(), 4);
        assert!(matches!(end, Err(StreamError::Length(_))), "{length}");
    }
}

#[test]
fn the_conversation_is_opened_once_and_first() {
    assert!(matches!(play(&packet(17, 1, &[&string(b"/")]), 99).0, Err(StreamError::Protocol)));
    assert!(matches!(play(&[init(), init()].concat(), 99).0, Err(StreamError::Protocol)));
}

#[test]
fn a_request_that_cannot_be_read_is_answered_and_the_next_one_too() {
    let input = [init(), packet(17, 1, &[b"\0\0\0\x09/"]), packet(17, 2, &[&string(b"/")])].concat();
    let (end, output, _root) = play(&input, 99);
    end.unwrap();
    assert_eq!(replies(&output), [(2, 3), (101, 1), (105, 2)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = play(&bytes, 50);
    }

    #[test]
    fn no_packets_make_it_panic_or_leave_the_folder(
        packets in proptest::collection::vec((1u8..21, proptest::collection::vec(prop_oneof![0u8..4, Just(b'/'), Just(b'.')], 0..40)), 0..30)
    ) {
        let mut input = init();
        for (number, (kind, rest)) in packets.iter().enumerate() {
            input.extend(packet(*kind.max(&3), u32::try_from(number).unwrap(), &[rest]));
        }
        let (end, output, _root) = play(&input, 64);
        prop_assert!(end.is_ok());
        prop_assert_eq!(replies(&output).len(), packets.len() + 1);
    }
}
