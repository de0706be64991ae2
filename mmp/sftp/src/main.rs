//! `mmp-sftp`: sshd starts it as the account that has logged in, with the connection as standard input and output.

use std::{
    env, fs,
    io::{self, Write},
    os::fd::AsFd,
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use mmp_client::Client;
use mmp_control::Program;
use mmp_model::account::UnixTime;
use mmp_sftp::{
    folder::FolderError,
    mmpd::{self, Mmpd},
    server::Server,
    stream::{self, StreamError},
    wire::{Code, Reply},
};

/// Why there was no session, or why it ended early.
#[derive(Debug, thiserror::Error)]
enum SessionError {
    #[error("the session cannot be protected from debuggers")]
    Undumpable(#[source] nix::errno::Errno),
    #[error(transparent)]
    Closed(FolderError),
    #[error("standard input and output cannot be used")]
    Streams(#[from] io::Error),
    #[error(transparent)]
    Stream(#[from] StreamError),
}

fn main() -> ExitCode {
    match session() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // sshd throws a subsystem's errors away; this is for whoever runs the program by hand.
            let _ = writeln!(io::stderr(), "{}", mmp_control::chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn session() -> Result<(), SessionError> {
    // No core dump and no debugger: keys pass through this memory.
    nix::sys::prctl::set_dumpable(false).map_err(SessionError::Undumpable)?;
    // The descriptors themselves: the standard library's own buffers would copy every byte once more.
    let input = fs::File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let output = fs::File::from(io::stdout().as_fd().try_clone_to_owned()?);
    match folder() {
        Ok((folder, owner)) => {
            let mut server = Server::new(folder, &owner, now);
            Ok(stream::serve(&mut |request| server.answer(request), input, output)?)
        }
        Err(error) => {
            // A status with its text is the only word that reaches the person at the other end.
            stream::serve(&mut |_| Reply::Status(error.code, error.text.clone()), input, output)?;
            Err(SessionError::Closed(error))
        }
    }
}

/// The folder as the account sees it, and the account's name.
fn folder() -> Result<(Mmpd, String), FolderError> {
    let origin = origin(env::var("SSH_CONNECTION").ok().as_deref());
    let (client, welcome) = Client::open(Program::Sftp, &origin).map_err(mmpd::error)?;
    if welcome.must_change_password {
        let text = "Password has expired; log in with ssh to set a new one";
        return Err(FolderError::new(Code::PermissionDenied, text));
    }
    Ok((Mmpd::new(client), welcome.user.to_string()))
}

/// `address:port` of the client, from sshd's `address port address port`.
fn origin(connection: Option<&str>) -> String {
    let mut words = connection.unwrap_or_default().split_ascii_whitespace();
    match (words.next(), words.next()) {
        (Some(address), Some(port)) if address.contains(':') => format!("[{address}]:{port}"),
        (Some(address), Some(port)) => format!("{address}:{port}"),
        _ => "unknown".to_owned(),
    }
}

fn now() -> UnixTime {
    SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|t| t.as_secs().try_into().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn the_origin_is_the_clients_address_and_port() {
        assert_eq!(origin(Some("198.51.100.63 63290 192.0.2.1 22")), "198.51.100.63:63290");
        assert_eq!(origin(Some("2001:db8::1 4000 2001:db8::2 22")), "[2001:db8::1]:4000");
        assert_eq!(origin(Some("")), "unknown");
        assert_eq!(origin(None), "unknown");
    }
}
