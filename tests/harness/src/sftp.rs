//! The OpenSSH `sftp` and `scp` clients.

use std::{path::Path, process::Command, time::Duration};

use anyhow::Result;

use crate::{
    process::{Outcome, run},
    ssh::Client,
};

impl Client {
    /// Runs a batch of `sftp` commands, which ends at the first that fails; a leading `-` lets one fail.
    pub fn sftp(&self, batch: &str, within: Duration) -> Result<Outcome> {
        run(&mut self.sftp_command(), batch.as_bytes(), within)
    }

    /// The `sftp` command that [`Client::sftp`] runs, reading its batch from standard input.
    pub fn sftp_command(&self) -> Command {
        let mut command = self.program("sftp");
        command.args(["-b", "-"]).arg(self.destination());
        command
    }

    /// Copies a file to the appliance with `scp`.
    pub fn scp_to(&self, file: &Path, name: &str, within: Duration) -> Result<Outcome> {
        run(self.program("scp").arg(file).arg(format!("{}:{name}", self.destination())), b"", within)
    }

    /// Copies a file from the appliance with `scp`.
    pub fn scp_from(&self, name: &str, file: &Path, within: Duration) -> Result<Outcome> {
        run(self.program("scp").arg(format!("{}:{name}", self.destination())).arg(file), b"", within)
    }
}
