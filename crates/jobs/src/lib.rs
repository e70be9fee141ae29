//! What happens after a commit.
