//! The copy that stays: a question a line, an answer of lines that ends with a single point.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    os::unix::fs::chroot,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use nix::{
    mount::{MntFlags, MsFlags, mount, umount2},
    sys::{
        inotify::{AddWatchFlags, InitFlags, Inotify},
        termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr},
    },
    unistd::setsid,
};

use crate::{counter, figures};

/// Argument of the copy.
pub const MODE: &str = "serve";
const DEVICES: &str = "/probe-devices";
const PROCESSES: &str = "/probe-processes";
const PORT: &str = "ttyS1";
const CONSOLE: &str = "ttyS0";

/// What the counter said at moments of the boot: the first program, the end of this one's preparations, the console.
struct Moments {
    begin: u64,
    ready: u64,
    console: Arc<AtomicU64>,
}

/// Answers until the port closes; `begin` is when the machine's first program ran.
pub fn run(begin: u64) -> io::Result<()> {
    setsid()?;
    let (port, console) = open_devices()?;
    let written = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&written);
    thread::spawn(move || watch(&console, &seen));
    // Its own /proc, as a working folder that no path leads to: whoever is started next may mount and delete as it likes.
    fs::create_dir_all(PROCESSES)?;
    mount(Some("proc"), PROCESSES, Some("proc"), MsFlags::empty(), None::<&str>)?;
    std::env::set_current_dir(PROCESSES)?;
    umount2(PROCESSES, MntFlags::MNT_DETACH)?;
    let _ = fs::remove_dir(PROCESSES);
    // It is not of the appliance, so it is not what a shortage of memory ends.
    fs::write("self/oom_score_adj", "-1000")?;

    let moments = Moments { begin, ready: counter::now(), console: written };
    io::stdout().write_all(b"+")?;
    io::stdout().flush()?;
    let mut writer = port.try_clone()?;
    let mut inside = false;
    for question in BufReader::new(port).lines() {
        let question = question?;
        if !inside && question != "clock" {
            // The root that process 1 has changed to meanwhile.
            chroot("1/root")?;
            std::env::set_current_dir("/")?;
            inside = true;
        }
        let answer = match question.as_str() {
            "clock" => clock(&moments),
            other => figures::answer(other),
        };
        let text = answer.unwrap_or_else(|error| format!("error: {error}"));
        write!(writer, "{}\n.\n", text.trim_end())?;
    }
    Ok(())
}

/// The second serial port, and a watch on the first one.
fn open_devices() -> io::Result<(File, Inotify)> {
    fs::create_dir_all(DEVICES)?;
    mount(Some("devtmpfs"), DEVICES, Some("devtmpfs"), MsFlags::empty(), None::<&str>)?;
    let folder = Path::new(DEVICES);
    let port = OpenOptions::new().read(true).write(true).open(folder.join(PORT))?;
    let mut settings = tcgetattr(&port)?;
    cfmakeraw(&mut settings);
    tcsetattr(&port, SetArg::TCSANOW, &settings)?;
    let watch = Inotify::init(InitFlags::IN_CLOEXEC)?;
    watch.add_watch(&folder.join(CONSOLE), AddWatchFlags::IN_MODIFY)?;
    umount2(DEVICES, MntFlags::MNT_DETACH)?;
    let _ = fs::remove_dir(DEVICES);
    Ok((port, watch))
}

/// Keeps when a program wrote to the console last.
fn watch(console: &Inotify, written: &AtomicU64) {
    while console.read_events().is_ok() {
        written.store(counter::now(), Ordering::Relaxed);
    }
}

fn clock(moments: &Moments) -> io::Result<String> {
    let idle = figures::idle(&fs::read_to_string("stat").or_else(|_| fs::read_to_string("/proc/stat"))?);
    Ok(format!(
        "first-program {}\nprepared {}\nconsole {}\nidle {idle}",
        moments.begin,
        moments.ready,
        moments.console.load(Ordering::Relaxed),
    ))
}
