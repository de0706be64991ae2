//! The terminal of the console: put into a known state, then read line by line.
//!
//! Invariants: while a password is typed the terminal shows nothing; until somebody is logged in no key sends a signal;
//! a serial line does not look at modem lines, which consoles do not have.

use std::{
    io::{self, Write},
    os::fd::{AsFd, OwnedFd},
    path::Path,
    time::Duration,
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::termios::{
        BaudRate, ControlFlags, InputFlags, LocalFlags, OutputFlags, SetArg, SpecialCharacterIndices, Termios,
        cfsetspeed, tcgetattr, tcsetattr,
    },
    unistd::read,
};
use zeroize::Zeroizing;

use crate::dialogue::{Entry, Gone, Terminal};

/// The longest line that the kernel's line mode gives.
const LONGEST_LINE: usize = 4096;

const BACKSPACE: u8 = 0x08;
const CONTROL_C: u8 = 0x03;
const CONTROL_D: u8 = 0x04;
const CONTROL_U: u8 = 0x15;
const DELETE: u8 = 0x7f;

/// The console's two ends, which are the same device.
#[derive(Debug)]
pub struct Console {
    input: OwnedFd,
    output: std::fs::File,
}

/// `ttyS0` for what standard input is open on.
pub fn name_of_standard_input() -> io::Result<String> {
    let device = std::fs::read_link("/proc/self/fd/0")?;
    let name = device.strip_prefix("/dev").unwrap_or(Path::new("unknown"));
    Ok(name.to_string_lossy().into_owned())
}

/// Whether a terminal of this name is a serial line.
pub fn is_serial(name: &str) -> bool {
    !name.strip_prefix("tty").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
}

impl Console {
    /// Takes the terminal over and puts it into the login's state.
    pub fn new(input: OwnedFd, output: OwnedFd, serial: bool) -> io::Result<Self> {
        let console = Self { input, output: output.into() };
        let mut state = tcgetattr(&console.input)?;
        sane(&mut state, serial);
        tcsetattr(&console.input, SetArg::TCSADRAIN, &state)?;
        Ok(console)
    }

    /// The state that a program expects which was started from a login: echo, and keys that send signals.
    pub fn hand_over(&self) -> io::Result<()> {
        let mut state = tcgetattr(&self.input)?;
        state.local_flags.insert(LocalFlags::ECHO | LocalFlags::ISIG);
        state.control_chars[SpecialCharacterIndices::VEOL as usize] = 0;
        Ok(tcsetattr(&self.input, SetArg::TCSADRAIN, &state)?)
    }

    /// The terminal itself, to give it to the account.
    pub fn device(&self) -> &OwnedFd {
        &self.input
    }

    fn echo(&self, on: bool) -> Result<(), Gone> {
        let mut state = tcgetattr(&self.input).map_err(|_| Gone)?;
        state.local_flags.set(LocalFlags::ECHO, on);
        // What was typed ahead stays: scripts on a serial line do not wait for us.
        tcsetattr(&self.input, SetArg::TCSADRAIN, &state).map_err(|_| Gone)
    }

    fn read_line(&self, within: Option<Duration>) -> Result<Entry, Gone> {
        let timeout = within.map_or(PollTimeout::NONE, |t| PollTimeout::try_from(t).unwrap_or(PollTimeout::MAX));
        let mut waited = [PollFd::new(self.input.as_fd(), PollFlags::POLLIN)];
        loop {
            match poll(&mut waited, timeout) {
                Ok(0) => return Ok(Entry::TimedOut),
                Ok(_) => break,
                Err(Errno::EINTR) => {}
                Err(_) => return Err(Gone),
            }
        }
        let hung_up = |events: PollFlags| events.intersects(PollFlags::POLLHUP | PollFlags::POLLERR);
        let gone = waited[0].revents().is_none_or(hung_up);
        let mut line = Zeroizing::new(vec![0; LONGEST_LINE]);
        let length = loop {
            match read(&self.input, &mut line) {
                Ok(0) if gone => return Err(Gone),
                Ok(0) => return Ok(Entry::Cancelled),
                Ok(length) => break length,
                Err(Errno::EINTR) => {}
                Err(_) => return Err(Gone),
            }
        };
        Ok(entry(&line[..length]))
    }
}

impl Terminal for Console {
    fn say(&mut self, text: &str) -> Result<(), Gone> {
        self.output.write_all(text.as_bytes()).map_err(|_| Gone)
    }

    fn ask(&mut self, prompt: &str, echo: bool, within: Option<Duration>) -> Result<Entry, Gone> {
        // A hidden prompt leaves the echo off: what is typed while a password is checked may be the next one.
        self.echo(echo)?;
        self.say(prompt)?;
        self.read_line(within)
    }

    fn pause(&mut self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// The line state of a login: the kernel edits the line, Ctrl-C ends it, nothing sends a signal.
fn sane(state: &mut Termios, serial: bool) {
    state.input_flags = InputFlags::ICRNL | InputFlags::IGNBRK | InputFlags::IUTF8;
    state.output_flags = OutputFlags::OPOST | OutputFlags::ONLCR;
    let local = LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ECHOE | LocalFlags::ECHOK | LocalFlags::ECHOKE;
    state.local_flags = local | LocalFlags::ECHOCTL | LocalFlags::IEXTEN;
    state.control_flags.remove(ControlFlags::CSIZE | ControlFlags::PARENB | ControlFlags::CSTOPB);
    state.control_flags.insert(ControlFlags::CS8 | ControlFlags::CREAD);
    let mut key = |index: SpecialCharacterIndices, byte| state.control_chars[index as usize] = byte;
    key(SpecialCharacterIndices::VERASE, DELETE);
    key(SpecialCharacterIndices::VKILL, CONTROL_U);
    key(SpecialCharacterIndices::VEOF, CONTROL_D);
    key(SpecialCharacterIndices::VEOL, CONTROL_C);
    if serial {
        state.control_flags.insert(ControlFlags::CLOCAL);
        state.control_flags.remove(ControlFlags::CRTSCTS | ControlFlags::HUPCL);
        // Refused only for a speed that the library does not know, and it knows this one.
        let _ = cfsetspeed(state, BaudRate::B115200);
    }
}

/// What a read of line mode means. Terminals that send Backspace instead of Delete are served here, because the kernel
/// knows one erasing key only.
fn entry(read: &[u8]) -> Entry {
    if read.last() == Some(&CONTROL_C) {
        return Entry::Cancelled;
    }
    let mut line = Zeroizing::new(Vec::with_capacity(read.len()));
    for &byte in read.strip_suffix(b"\n").unwrap_or(read) {
        if byte != BACKSPACE {
            line.push(byte);
            continue;
        }
        // A whole character: its continuation bytes, then its first one.
        while line.last().is_some_and(|b| b & 0xc0 == 0x80) {
            line.pop();
        }
        line.pop();
    }
    Entry::Line(line)
}

#[cfg(test)]
mod tests {
    use std::{fs::File, io::Read, thread};

    use nix::pty::openpty;

    use super::*;

    fn text(read: &[u8]) -> Option<Vec<u8>> {
        match entry(read) {
            Entry::Line(line) => Some(line.to_vec()),
            _ => None,
        }
    }

    #[test]
    fn backspace_takes_a_whole_character_away() {
        assert_eq!(text(b"admim\x08n\n").unwrap(), b"admin");
        assert_eq!(text("a\u{e4}\u{8}b".as_bytes()).unwrap(), b"ab");
        assert_eq!(text(b"\x08\x08x\n").unwrap(), b"x");
        assert!(text(b"abc\x03").is_none());
    }

    #[test]
    fn virtual_consoles_are_told_from_serial_lines() {
        assert!(is_serial("ttyS0") && is_serial("hvc0") && is_serial("ttyUSB1"));
        assert!(!is_serial("tty1") && !is_serial("tty12"));
    }

    fn pair() -> (File, Console) {
        let pty = openpty(None, None).unwrap();
        let output = pty.slave.try_clone().unwrap();
        (pty.master.into(), Console::new(pty.slave, output, true).unwrap())
    }

    fn shown_until(keyboard: &mut File, end: &str) -> String {
        let mut shown = String::new();
        let mut byte = [0];
        while !shown.ends_with(end) {
            assert_eq!(keyboard.read(&mut byte).unwrap(), 1);
            shown.push(char::from(byte[0]));
        }
        shown
    }

    #[test]
    fn on_a_real_terminal_the_password_is_not_shown_and_keys_send_no_signal() {
        let (mut keyboard, mut console) = pair();
        let person = thread::spawn(move || {
            let mut shown = shown_until(&mut keyboard, "login: ");
            keyboard.write_all(b"adx\x7fmin\r").unwrap();
            shown += &shown_until(&mut keyboard, "password:");
            keyboard.write_all(b"s\xc3\xa9cret\r").unwrap();
            shown += &shown_until(&mut keyboard, "again: ");
            keyboard.write_all(b"x\x1a\x1c\x03").unwrap();
            shown += &shown_until(&mut keyboard, "end");
            shown
        });
        let Entry::Line(name) = console.ask("login: ", true, None).unwrap() else { panic!("no name") };
        assert_eq!(*name, b"admin");
        let Entry::Line(password) = console.ask("password:", false, None).unwrap() else { panic!("no password") };
        assert_eq!(*password, "sécret".as_bytes());
        assert!(matches!(console.ask("again: ", true, None).unwrap(), Entry::Cancelled));
        console.hand_over().unwrap();
        console.say("end").unwrap();
        let shown = person.join().unwrap();
        assert!(shown.contains("login: ad") && !shown.contains("cret"), "{shown:?}");
    }

    #[test]
    fn silence_times_out_and_a_hang_up_ends_it() {
        let (keyboard, mut console) = pair();
        let short = Some(Duration::from_millis(10));
        assert!(matches!(console.ask("", false, short).unwrap(), Entry::TimedOut));
        drop(keyboard);
        assert!(console.ask("", true, None).is_err());
    }
}
