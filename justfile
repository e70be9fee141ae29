# Every recipe is one or a few plain commands; `.ci/run` runs the same ones.

# what there is
default:
    @just --list

# format
fmt:
    cargo fmt --all

# formatting and lints, warnings refused
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings

# all tests, on SQLite
test:
    cargo test --workspace --locked

# all tests, on PostgreSQL: a schema a test in the given database
test-pg url="postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable":
    TEST_DATABASE_URL='{{ url }}' cargo test --workspace --locked

# the documentation of the code, with every link checked
doc:
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --document-private-items --locked

# who may import whom
layers:
    .ci/layers

# licences, sources and bans (needs cargo-deny; add `advisories` where the advisory database is reachable)
deny:
    cargo deny --locked check bans licenses sources

# rates on generated listings, as tables: the matcher alone, then the whole program (release build)
bench *args: (bench-matching args)
    cargo bench --package kezhuan --bench market --locked -- {{ args }}

# the index and the matcher alone, on 500,000 achievements or on `--listings N`
bench-matching *args:
    cargo bench --package search --bench matching --locked -- {{ args }}

# a demo market on port 8080
run:
    cargo run -- demo

# what runs with each change
ci:
    .ci/run
