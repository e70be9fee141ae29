//! The marketplace over HTTP.
