//! Which drivers the present devices ask for.

use std::path::Path;

/// A line of the kernel's alias table: a pattern and the module it names.
pub type Alias = (String, String);

/// Buses whose devices are matched.
#[derive(Debug, Clone, Copy)]
pub enum Buses {
    /// Devices of a hypervisor: few, and there at once.
    Virtual,
    /// All that the kernel knows by now.
    All,
}

/// Modaliases of the devices on these buses, in address order.
pub fn present_devices(buses: Buses) -> Vec<String> {
    let names: &[&str] = match buses {
        Buses::Virtual => &["virtio"],
        Buses::All => &["virtio", "pci", "vmbus", "scsi", "usb"],
    };
    names.iter().flat_map(|name| on_bus(Path::new("/sys/bus").join(name).join("devices").as_path())).collect()
}

fn on_bus(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path().join("modalias")).collect();
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read_to_string(path).ok()).map(|text| text.trim().to_owned()).collect()
}

/// Modules that the devices match, in table order, each once.
pub fn wanted<'a>(aliases: &'a [Alias], devices: &[String]) -> Vec<&'a str> {
    let mut modules: Vec<&str> = Vec::new();
    for (pattern, module) in aliases {
        if !modules.contains(&module.as_str())
            && devices.iter().any(|device| matches(pattern.as_bytes(), device.as_bytes()))
        {
            modules.push(module);
        }
    }
    modules
}

/// Shell-style matching with `*`, `?` and `[...]`, in time linear in pattern times text (no recursion, so a bad table cannot hang).
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            retry = Some((p + 1, t));
            p += 1;
        } else if let Some(width) = pattern.get(p..).and_then(|rest| matches_one(rest, text[t])) {
            p += width;
            t += 1;
        } else if let Some((after_star, from)) = retry {
            p = after_star;
            t = from + 1;
            retry = Some((after_star, t));
        } else {
            return false;
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

/// Length of the pattern element at the beginning if it matches the byte.
fn matches_one(pattern: &[u8], byte: u8) -> Option<usize> {
    match *pattern.first()? {
        b'?' => Some(1),
        b'[' => {
            let end = pattern.iter().position(|&byte| byte == b']')?;
            pattern[1..end].contains(&byte).then_some(end + 1)
        }
        literal => (literal == byte).then_some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIRTIO: &str = "pci:v00001AF4d00001041sv00001AF4sd00001100bc02sc00i00";

    fn table() -> Vec<Alias> {
        let line = |pattern: &str, module: &str| (pattern.to_owned(), module.to_owned());
        vec![
            line("pci:v00008086d00001533sv*sd*bc*sc*i*", "igb"),
            line("pci:v*d*sv*sd*bc01sc06i01*", "ahci"),
            line("pci:v00001AF4d*sv*sd*bc*sc*i*", "virtio_pci"),
        ]
    }

    #[test]
    fn vendor_device_and_class_patterns_match() {
        let devices = [VIRTIO.to_owned(), "pci:v00008086d00002922sv0sd0bc01sc06i01".to_owned()];
        assert_eq!(wanted(&table(), &devices), ["ahci", "virtio_pci"]);
    }

    #[test]
    fn a_device_that_no_pattern_names_asks_for_nothing() {
        assert!(wanted(&table(), &["pci:v00001234d00001111sv0sd0bc03sc00i00".to_owned()]).is_empty());
    }

    #[test]
    fn stars_sets_and_bad_patterns_are_safe() {
        assert!(matches(b"a*b?d*", b"aXXbcd"));
        assert!(matches(b"x[12]y", b"x2y"));
        assert!(!matches(b"x[12y", b"x2y"));
        assert!(!matches(b"abc", b"ab"));
        assert!(!matches(b"", b"a"));
        assert!(matches(b"**", b""));
    }
}
