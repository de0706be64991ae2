//! Kernel settings of the root's `sysctl.d` files, written before the first NIC appears.

use crate::fault;

/// Applies the files of a folder; a key that this kernel does not have is reported and skipped.
pub fn apply(folder: &str) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for text in entries.flatten().filter_map(|entry| std::fs::read_to_string(entry.path()).ok()) {
        for (key, value) in parse(&text) {
            if let Err(error) = std::fs::write(format!("/proc/sys/{}", key.replace('.', "/")), value) {
                fault::warn(&format!("sysctl {key}: {error}"));
            }
        }
    }
}

fn parse(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.trim(), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn comments_are_skipped_and_blanks_trimmed() {
        let pairs: Vec<_> = parse("# x = 1\nnet.a = 0 1\n\nkernel.b=2\n").collect();
        assert_eq!(pairs, [("net.a", "0 1"), ("kernel.b", "2")]);
    }
}
