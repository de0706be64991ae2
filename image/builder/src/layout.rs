//! Where things are: the tree's sources and the build's outputs.

use std::path::{Path, PathBuf};

use anyhow::Context;

/// Product version: names the unified kernel image and the os-release.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Every time stamp in the image: a fixed second, so that two builds are equal.
pub const EPOCH: &str = "1735689600";

/// The workspace.
#[derive(Debug, Clone)]
pub struct Layout {
    workspace: PathBuf,
}

impl Layout {
    /// Finds the workspace upwards from the current folder, else where this program was built.
    pub fn find() -> anyhow::Result<Self> {
        let here = std::env::current_dir().context("current folder")?;
        let built = Path::new(env!("CARGO_MANIFEST_DIR"));
        let workspace = here
            .ancestors()
            .chain(built.ancestors())
            .find(|folder| folder.join("image/manifest/packages.toml").is_file())
            .context("no image/manifest/packages.toml above the current folder: start this inside the source tree")?;
        Ok(Self { workspace: workspace.into() })
    }

    /// A source file.
    pub fn source(&self, path: &str) -> PathBuf {
        self.workspace.join(path)
    }

    /// The workspace's root.
    pub fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// Outputs of the image build.
    pub fn image(&self) -> PathBuf {
        self.workspace.join("target/image")
    }

    /// An output of the image build.
    pub fn output(&self, path: &str) -> PathBuf {
        self.image().join(path)
    }

    /// Debian programs that the build runs.
    pub fn tools(&self) -> PathBuf {
        self.workspace.join("target/tools")
    }
}
