//! `mmp-sftp`: sshd starts it as the account that has logged in, with the connection as standard input and output.

use std::{
    env, fs,
    io::{self, Write},
    os::fd::AsFd,
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use mmp_client::{Client, ClientError};
use mmp_control::Program;
use mmp_model::account::UnixTime;
use mmp_sftp::{
    mmpd::Mmpd,
    server::Server,
    stream::{self, StreamError},
};

/// Why there was no session, or why it ended early.
#[derive(Debug, thiserror::Error)]
enum SessionError {
    #[error("the session cannot be protected from debuggers")]
    Undumpable(#[source] nix::errno::Errno),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("Password has expired; log in with ssh to set a new one")]
    Expired,
    #[error("standard input and output cannot be used")]
    Streams(#[from] io::Error),
    #[error(transparent)]
    Stream(#[from] StreamError),
}

fn main() -> ExitCode {
    match session() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                text.push_str(&format!(": {cause}"));
                source = cause.source();
            }
            // Nobody may be there to read it; the exit status says the same.
            let _ = writeln!(io::stderr(), "{text}");
            ExitCode::FAILURE
        }
    }
}

fn session() -> Result<(), SessionError> {
    // No core dump and no debugger: keys pass through this memory.
    nix::sys::prctl::set_dumpable(false).map_err(SessionError::Undumpable)?;
    let (client, welcome) = Client::open(Program::Sftp, &origin(env::var("SSH_CONNECTION").ok().as_deref()))?;
    if welcome.must_change_password {
        return Err(SessionError::Expired);
    }
    let mut server = Server::new(Mmpd::new(client), welcome.user.as_str(), now);
    // The descriptors themselves: the standard library's own buffers would copy every byte once more.
    let input = fs::File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let output = fs::File::from(io::stdout().as_fd().try_clone_to_owned()?);
    Ok(stream::serve(&mut server, input, output)?)
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
