//! Style sheet, scripts and icon, embedded in the binary. They lie below a directory that is named after the digest of
//! all of them, so that modules import each other by name and a browser may keep them for good.

use std::sync::LazyLock;

use eavip_core::id::Digest128;

/// How long a browser may keep an asset: its address changes with its content.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// A file that pages load.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Its name below the directory.
    pub name: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Its content.
    pub body: &'static [u8],
}

macro_rules! assets {
    ($($name:literal as $content_type:expr),+ $(,)?) => {
        &[$( Asset { name: $name, content_type: $content_type, body: include_bytes!(concat!("../../assets/", $name)) } ),+]
    };
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Everything that pages load.
pub const ALL: &[Asset] = assets![
    "style.css" as "text/css; charset=utf-8",
    "early.js" as SCRIPT,
    "app.js" as SCRIPT,
    "chart.js" as SCRIPT,
    "fragment.js" as SCRIPT,
    "keys.js" as SCRIPT,
    "live.js" as SCRIPT,
    "settings.js" as SCRIPT,
    "time.js" as SCRIPT,
    "icon.svg" as "image/svg+xml",
];

static DIGEST: LazyLock<String> = LazyLock::new(|| {
    let parts = ALL.iter().flat_map(|asset| [asset.name.as_bytes(), asset.body]);
    Digest128::of(parts).to_string()
});

/// The path of an asset on this server.
#[must_use]
pub fn path(name: &str) -> String {
    format!("/assets/{}/{name}", *DIGEST)
}

/// The asset at `/assets/{digest}/{name}`; none for another version's digest, so that versions never mix.
#[must_use]
pub fn get(digest: &str, name: &str) -> Option<Asset> {
    ALL.iter().find(|asset| digest == *DIGEST && asset.name == name).copied()
}

#[cfg(test)]
mod tests;
