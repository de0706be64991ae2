//! `mmp-login`: the console's login. A unit of the service manager runs it as root with the terminal as its standard
//! input, output and controlling terminal, and runs it again whenever it ends.

use std::{
    cell::RefCell,
    env, fs,
    io::{self, Write},
    os::fd::{AsFd, OwnedFd},
    process::ExitCode,
};

use mmp_access::{
    dialogue::{self, Gone},
    gate::Daemon,
    greeting::{Sources, greeting, login_prompt},
    places, session,
    session::SessionError,
    terminal::{self, Console},
};
use mmp_control::request::Door;

/// Why the login ended without a shell.
#[derive(Debug, thiserror::Error)]
enum LoginError {
    #[error("standard input is not a terminal that can be used")]
    Terminal(#[from] io::Error),
    #[error("the login cannot be protected from debuggers")]
    Undumpable(#[source] nix::errno::Errno),
    #[error(transparent)]
    Gone(#[from] Gone),
    #[error("the session cannot be started; a new login prompt follows")]
    Session(#[from] SessionError),
}

fn main() -> ExitCode {
    match login() {
        // The line was hung up: a new login waits for the next one.
        Ok(()) | Err(LoginError::Gone(_)) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "Login failed: {}", mmp_control::chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn login() -> Result<(), LoginError> {
    nix::sys::prctl::set_dumpable(false).map_err(LoginError::Undumpable)?;
    let tty = match env::args().nth(1) {
        Some(name) => name,
        None => terminal::name_of_standard_input()?,
    };
    let (input, output) = (own(io::stdin())?, own(io::stdout())?);
    session::take_terminal(&input)?;
    let mut console = Console::new(input, output, terminal::is_serial(&tty))?;
    let shown = RefCell::new(String::new());
    let mut gate = Daemon { door: Door::Console, origin: format!("console {tty}") };
    let admitted = dialogue::admit(&mut console, &mut gate, &|| prompt(&tty, &mut shown.borrow_mut()))?;
    console.hand_over()?;
    match session::enter(&admitted, &tty, console.device())? {}
}

/// The prompt, below the greeting when that is not the one that was shown last: its text may have been set meanwhile.
fn prompt(tty: &str, shown: &mut String) -> String {
    let read = |path| fs::read_to_string(path).ok();
    let sources = Sources {
        banner: read(places::BANNER),
        board: read(places::BOARD),
        recovery: read(places::RECOVERY).as_deref() == Some(tty),
        settings_lost: std::path::Path::new(places::SETTINGS_LOST).exists(),
        data_fault: read(places::DATA_FAULT),
    };
    let now = greeting(&sources);
    let new = if *shown == now { "" } else { now.as_str() };
    let hostname = nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned());
    let prompt = new.to_owned() + &login_prompt(&hostname.unwrap_or_else(|_| "cms".into()));
    *shown = now;
    prompt
}

fn own(stream: impl AsFd) -> io::Result<OwnedFd> {
    stream.as_fd().try_clone_to_owned()
}
