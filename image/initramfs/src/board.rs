//! Which board this is: board files as data, matched against the firmware's DMI strings.
//!
//! Invariant: an unknown machine is still a board (the last entry matches everything), so that a new card or a changed
//! product name never stops the boot.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::letters::Named;
use crate::pseudo;

/// A slot of the board and the letter of the NIC in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Slot {
    /// Letter as the administrator knows it.
    pub letter: char,
    /// PCI address, `0000:00:10.0`.
    pub path: String,
}

/// What this program needs of a board file.
#[derive(Debug, Clone, Deserialize)]
pub struct Board {
    /// Folder name of the board file.
    pub name: String,
    /// Model as `model` shows it.
    pub model: String,
    /// DMI `sys_vendor`; empty matches any.
    #[serde(default)]
    pub sys_vendor: String,
    /// Beginnings of DMI `product_name`; empty matches any.
    #[serde(default)]
    pub product_names: Vec<String>,
    /// Terminals with a login.
    pub consoles: Vec<String>,
    /// Modules that no PCI device asks for.
    #[serde(default)]
    pub modules: Vec<String>,
    /// Slots to letters.
    #[serde(default)]
    pub nics: Vec<Slot>,
}

/// The firmware's description of the machine.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// DMI system vendor.
    pub sys_vendor: String,
    /// DMI product name.
    pub product_name: String,
}

impl Machine {
    /// Reads the DMI strings; a machine without them has empty ones.
    pub fn read() -> Self {
        let field = |name: &str| {
            std::fs::read_to_string(format!("/sys/class/dmi/id/{name}")).unwrap_or_default().trim().to_owned()
        };
        Self { sys_vendor: field("sys_vendor"), product_name: field("product_name") }
    }
}

/// Reads the boards that the builder put beside this program.
pub fn load(path: &Path) -> Result<Vec<Board>, Fault> {
    serde_json::from_str(&pseudo::read(path)?).map_err(|source| Fault::Data { path: path.into(), source })
}

/// First board that matches, else one without slots whose consoles are the usual two.
pub fn choose(boards: &[Board], machine: &Machine) -> Board {
    let fits = |board: &&Board| {
        board.sys_vendor == machine.sys_vendor
            && (board.product_names.is_empty()
                || board.product_names.iter().any(|start| machine.product_name.starts_with(start)))
    };
    boards.iter().find(fits).cloned().unwrap_or_else(|| Board {
        name: "generic".into(),
        model: "CMS VM".into(),
        sys_vendor: String::new(),
        product_names: Vec::new(),
        consoles: vec!["ttyS0".into(), "tty1".into()],
        modules: vec!["button".into()],
        nics: Vec::new(),
    })
}

/// Where the rest of the appliance reads which machine this is.
const PUBLISHED: &str = "/run/rostrum/board.json";

/// What the rest of the appliance knows of the machine.
#[derive(Debug, Serialize, Deserialize)]
pub struct Published {
    board: String,
    model: String,
    consoles: Vec<String>,
    /// Slots to letters, for cards that come later.
    pub slots: Vec<Slot>,
    /// The cards.
    pub nics: Vec<Named>,
}

impl Published {
    /// As it was told last.
    pub fn read() -> Result<Self, Fault> {
        let path = Path::new(PUBLISHED);
        serde_json::from_str(&pseudo::read(path)?).map_err(|source| Fault::Data { path: path.into(), source })
    }

    /// Tells mmpd, which watches for it.
    pub fn tell(&self) -> Result<(), Fault> {
        let path = Path::new(PUBLISHED);
        let text = serde_json::to_string(self).map_err(|source| Fault::Data { path: path.into(), source })?;
        pseudo::replace(path, &text)
    }
}

/// Tells mmpd which board and NICs there are, and systemd which consoles get a login.
pub fn publish(board: &Board, nics: &[Named]) -> Result<(), Fault> {
    let Board { name, model, consoles, nics: slots, .. } = board.clone();
    Published { board: name, model, consoles, slots, nics: nics.to_vec() }.tell()?;
    let wants = Path::new("/run/systemd/system/rostrum.target.wants");
    std::fs::create_dir_all(wants).map_err(|source| Fault::Write { path: wants.into(), source })?;
    let screen = has_screen();
    let usable = |console: &&String| Path::new("/dev").join(console).exists() && (screen || !is_screen(console));
    for console in board.consoles.iter().filter(usable) {
        let link = wants.join(format!("console@{console}.service"));
        std::os::unix::fs::symlink("/usr/lib/systemd/system/console@.service", &link)
            .map_err(|source| Fault::Write { path: link, source })?;
    }
    Ok(())
}

/// `tty1` and its like are on the screen; `ttyS0` is not.
fn is_screen(console: &str) -> bool {
    console.strip_prefix("tty").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Modules for the USB keyboards of a machine with a screen; the kernel has PS/2 built in.
pub fn keyboard_modules() -> Vec<String> {
    const NAMES: [&str; 2] = ["usbhid", "hid_generic"];
    if has_screen() { NAMES.map(str::to_owned).to_vec() } else { Vec::new() }
}

/// Whether text on the screen would be seen: the kernel has these terminals without any screen as well.
fn has_screen() -> bool {
    let text_mode = || {
        let names = std::fs::read_dir("/sys/class/vtconsole").into_iter().flatten().flatten();
        names
            .filter_map(|entry| std::fs::read_to_string(entry.path().join("name")).ok())
            .any(|name| name.contains("VGA"))
    };
    Path::new("/sys/class/graphics/fb0").exists() || text_mode()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boards() -> Vec<Board> {
        let text = r#"[{"name":"qemu","model":"CMS VM","sys_vendor":"QEMU","consoles":["ttyS0"]},
            {"name":"cms1000","model":"CMS 1000","sys_vendor":"Cisco","product_names":["CMS","UCSC"],"consoles":[]}]"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_board_is_found_by_vendor_and_the_beginning_of_its_product_name() {
        let machine = Machine { sys_vendor: "Cisco".into(), product_name: "UCSC-C220".into() };
        assert_eq!(choose(&boards(), &machine).name, "cms1000");
        let machine = Machine { sys_vendor: "QEMU".into(), product_name: "anything".into() };
        assert_eq!(choose(&boards(), &machine).name, "qemu");
    }

    #[test]
    fn serial_lines_need_no_screen() {
        assert!(is_screen("tty1"));
        assert!(!is_screen("ttyS0"));
        assert!(!is_screen("hvc0"));
    }

    #[test]
    fn an_unknown_machine_still_gets_a_board_with_a_console() {
        let board = choose(&boards(), &Machine::default());
        assert_eq!(board.name, "generic");
        assert!(!board.consoles.is_empty());
    }
}
