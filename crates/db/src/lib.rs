//! Everything the marketplace stores, and the only crate that knows how.
