//! The command that starts the emulated machine: the one place where it is put together.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};

use crate::board::{self, Qemu};
use crate::layout::Layout;
use crate::tools;

const HELP: &str = "image-builder qemu: prints the command that starts the emulated machine, one argument a line.
  --disk FILE        disk (default: target/run/disk.raw)
  --format raw|qcow2 format of the disk (default: by its name)
  --snapshot         writes to the disk are lost when the machine ends
  --memory MIB       memory
  --cpus N           processors
  --nics N           NICs 0 to 4: a is on the user network with DHCP, the others on closed ones, 10.0.3.0/24 and up (default: 1)
  --netdev L=SPEC    network of NIC L (a to d) instead, as of QEMU's -netdev, without its id
  --hostfwd H:G      forwards port H of localhost to port G of NIC a; may be repeated
  --serial SPEC      QEMU character device of the serial console (default: stdio with QEMU's keys off; mux: with them)
  --qmp PATH         QMP on a unix socket
  --vga              a screen, with the second console on it (seen by UEFI boots; QMP's screendump shows it)
  --uefi             boot through firmware and boot loader; variables are kept in FILE.vars beside the disk
  --icount           one processor, time counted in instructions (1 instruction = 1 ns), no real-time clock of the host
  --append TEXT      more kernel arguments
  --pidfile PATH     process number";

struct Options {
    disk: PathBuf,
    format: Option<String>,
    snapshot: bool,
    memory: u64,
    cpus: u32,
    nics: usize,
    netdevs: Vec<(char, String)>,
    forwards: Vec<(u16, u16)>,
    serial: String,
    qmp: Option<String>,
    vga: bool,
    uefi: bool,
    icount: bool,
    append: String,
    pidfile: Option<String>,
}

/// Prints the command.
pub fn print(layout: &Layout, words: &[&str]) -> anyhow::Result<()> {
    if words.contains(&"--help") {
        println!("{HELP}");
        return Ok(());
    }
    let board = board::load(layout, "qemu")?;
    let machine = board.qemu.as_ref().context("board/qemu has no [qemu]")?;
    let options = parse(layout, machine, words)?;
    let slots: Vec<&str> = board.nics.iter().map(|nic| nic.path.as_str()).collect();
    for word in command(layout, machine, &slots, &options)? {
        println!("{word}");
    }
    Ok(())
}

fn parse(layout: &Layout, machine: &Qemu, words: &[&str]) -> anyhow::Result<Options> {
    let mut options = Options {
        disk: layout.workspace().join("target/run/disk.raw"),
        format: None,
        snapshot: false,
        memory: machine.memory_mib,
        cpus: machine.cpus,
        nics: 1,
        netdevs: Vec::new(),
        forwards: Vec::new(),
        serial: "stdio,signal=off".into(),
        qmp: None,
        vga: false,
        uefi: false,
        icount: false,
        append: String::new(),
        pidfile: None,
    };
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        let mut value = || words.next().map(str::to_owned).with_context(|| format!("{word} needs a value"));
        match word {
            "--disk" => options.disk = value()?.into(),
            "--format" => options.format = Some(value()?),
            "--snapshot" => options.snapshot = true,
            "--memory" => options.memory = number(word, &value()?)?,
            "--cpus" => options.cpus = number(word, &value()?)?,
            "--nics" => options.nics = number(word, &value()?)?,
            "--netdev" => {
                let value = value()?;
                let (letter, spec) = value.split_once('=').context("--netdev L=SPEC")?;
                options.netdevs.push((letter.chars().next().context("--netdev L=SPEC")?, spec.to_owned()));
            }
            "--hostfwd" => {
                let value = value()?;
                let (host, guest) = value.split_once(':').context("--hostfwd HOST:GUEST")?;
                options.forwards.push((number(word, host)?, number(word, guest)?));
            }
            "--serial" => options.serial = value()?,
            "--qmp" => options.qmp = Some(value()?),
            "--vga" => options.vga = true,
            "--uefi" => options.uefi = true,
            "--direct" => options.uefi = false,
            "--icount" => options.icount = true,
            "--append" => options.append = value()?,
            "--pidfile" => options.pidfile = Some(value()?),
            _ => bail!("unknown option {word}\n{HELP}"),
        }
    }
    ensure!(options.nics <= 4, "--nics {}: there are four slots", options.nics);
    Ok(options)
}

fn number<T: std::str::FromStr>(option: &str, text: &str) -> anyhow::Result<T> {
    text.parse().ok().with_context(|| format!("{option}: {text} is not a number in range"))
}

fn command(layout: &Layout, machine: &Qemu, slots: &[&str], options: &Options) -> anyhow::Result<Vec<String>> {
    let tools = layout.tools();
    let mut words =
        vec!["env".to_owned(), format!("QEMU_MODULE_DIR={}", tools.join("usr/lib/x86_64-linux-gnu/qemu").display())];
    words.extend(tools::words(layout, "usr/bin/qemu-system-x86_64"));
    for folder in ["usr/share/qemu", "usr/share/seabios"] {
        words.extend(["-L".into(), tools.join(folder).display().to_string()]);
    }
    words.extend(machine.base.iter().cloned());
    let mut add = |parts: &[&str]| words.extend(parts.iter().map(|part| (*part).to_owned()));
    if options.icount {
        // One processor: counted time exists for a single one only. While the guest waits for its disk, time goes by the
        // host's clock (sleep=on): with sleep=off it would jump to the guest's next timer, minutes ahead.
        add(&["-accel", "tcg,thread=single,tb-size=128", "-icount", "shift=0,sleep=on", "-smp", "1"]);
    } else {
        add(&["-accel", &machine.accel, "-smp", &options.cpus.to_string()]);
    }
    add(&["-m", &options.memory.to_string()]);
    let format = options.format.clone().unwrap_or_else(|| {
        if options.disk.extension().is_some_and(|name| name == "qcow2") { "qcow2".into() } else { "raw".into() }
    });
    let snapshot = if options.snapshot { ",snapshot=on" } else { "" };
    // unsafe would lose acknowledged writes at a host crash; writeback honours the guest's flushes.
    let drive = format!(
        "file={},if=none,id=disk,format={format},cache=writeback,discard=unmap{snapshot}",
        options.disk.display()
    );
    add(&["-drive", &drive, "-device", "virtio-blk-pci,drive=disk,addr=0x4,bootindex=1"]);
    add(&[
        "-chardev",
        &format!("{},id=console", with_backend(&options.serial)),
        "-serial",
        "chardev:console",
        "-monitor",
        "none",
    ]);
    if let Some(path) = &options.qmp {
        add(&["-qmp", &format!("unix:{path},server=on,wait=off")]);
    }
    if let Some(path) = &options.pidfile {
        add(&["-pidfile", path]);
    }
    for (index, slot) in slots.iter().enumerate().take(options.nics) {
        let letter = char::from(b'a' + u8::try_from(index)?);
        let given = options.netdevs.iter().find(|(of, _)| *of == letter).map(|(_, spec)| spec.clone());
        let network = given.unwrap_or_else(|| default_network(letter, &options.forwards));
        let (kind, rest) = network.split_once(',').map_or((network.as_str(), ""), |(kind, rest)| (kind, rest));
        let separator = if rest.is_empty() { "" } else { "," };
        let device = slot.get(8..10).context("a slot is not of the form 0000:00:10.0")?;
        add(&["-netdev", &format!("{kind},id={letter}{separator}{rest}")]);
        // No boot ROM: nothing boots from the network.
        add(&[
            "-device",
            &format!("virtio-net-pci,netdev={letter},addr=0x{device},romfile=,mac=52:54:00:52:4f:{index:02x}"),
        ]);
    }
    if options.vga {
        add(&["-device", "VGA,addr=0x2"]);
    }
    if options.uefi {
        let firmware = tools.join("usr/share/OVMF");
        let variables = options.disk.with_extension("vars");
        if !variables.exists() {
            std::fs::copy(firmware.join("OVMF_VARS_4M.fd"), &variables).context("variables of the firmware")?;
        }
        let code = firmware.join("OVMF_CODE_4M.fd");
        add(&["-drive", &format!("if=pflash,format=raw,unit=0,readonly=on,file={}", code.display())]);
        add(&["-drive", &format!("if=pflash,format=raw,unit=1,file={}", variables.display())]);
        // What board/qemu adds to the kernel's arguments reaches the unified image through the firmware tables.
        let board = board::load(layout, "qemu")?;
        let extra = format!("{} {}", board.cmdline.join(" "), options.append);
        add(&[
            "-smbios",
            &format!("type=11,value=io.systemd.stub.kernel-cmdline-extra={}", extra.trim().replace(',', ",,")),
        ]);
    } else {
        let cmdline = std::fs::read_to_string(layout.output("cmdline"))
            .context("no image is built yet: start `image-builder build`")?;
        add(&["-kernel", &layout.output("vmlinux").display().to_string()]);
        add(&["-initrd", &layout.output("initramfs.cpio").display().to_string()]);
        add(&["-append", format!("{cmdline} {}", options.append).trim()]);
    }
    Ok(words)
}

/// `stdio,signal=off` needs no id of its own, `unix:PATH,...` is short for a listening socket.
fn with_backend(serial: &str) -> String {
    if serial == "mux" {
        // The terminal of the caller; Ctrl-A X ends the machine, Ctrl-C reaches the appliance.
        return "stdio,mux=on,signal=off".to_owned();
    }
    match serial.strip_prefix("unix:") {
        Some(path) => format!("socket,path={path},server=on,wait=off"),
        None => serial.to_owned(),
    }
}

fn default_network(letter: char, forwards: &[(u16, u16)]) -> String {
    if letter != 'a' {
        // Networks of their own, 10.0.3.0 and up, with an address server and no way out.
        return format!("user,restrict=on,net=10.0.{}.0/24", u32::from(letter) - u32::from('a') + 2);
    }
    let forwards: String =
        forwards.iter().map(|(host, guest)| format!(",hostfwd=tcp:127.0.0.1:{host}-:{guest}")).collect();
    format!("user{forwards}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_nic_forwards_and_the_others_are_alone() {
        assert_eq!(default_network('a', &[(2222, 22)]), "user,hostfwd=tcp:127.0.0.1:2222-:22");
        assert_eq!(default_network('b', &[(2222, 22)]), "user,restrict=on,net=10.0.3.0/24");
    }

    #[test]
    fn options_are_read_and_unknown_ones_refused() {
        let layout = Layout::find().unwrap();
        let board = board::load(&layout, "qemu").unwrap();
        let machine = board.qemu.as_ref().unwrap();
        let options = parse(&layout, machine, &["--nics", "2", "--hostfwd", "2222:22", "--icount"]).unwrap();
        assert_eq!((options.nics, options.icount), (2, true));
        assert!(parse(&layout, machine, &["--nics", "5"]).is_err());
        assert!(parse(&layout, machine, &["--nix"]).is_err());
    }
}
