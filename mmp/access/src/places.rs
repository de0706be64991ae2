//! Numbers and paths that both doors share with the rest of the image.

/// Primary group of every account (`mmp`), which may connect to mmpd's socket.
pub const GROUP: u32 = 700;

/// The shell.
pub const SHELL: &str = "/usr/bin/mmp";

/// Each account's folder (its history) lies in here.
pub const HOMES: &str = "/data/home";

/// The text of `banner`, when one is set.
pub const BANNER: &str = "/run/mmpd/banner";

/// The console on which a lost password can be replaced now.
pub const RECOVERY: &str = "/run/mmpd/recovery";

/// There when no settings could be read.
pub const SETTINGS_LOST: &str = "/run/mmpd/settings-lost";

/// What the early boot says of the board, as JSON.
pub const BOARD: &str = "/run/rostrum/board.json";

/// What the early boot found wrong with `/data`, when it did.
pub const DATA_FAULT: &str = "/run/rostrum/data-fault";
