//! What is written after the `?` of an address, or in a form that was sent.

/// The value of a field, decoded.
pub(crate) fn find(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|it| it.split_once('='));
    pairs.find(|(it, _)| *it == name).map(|(_, value)| decoded(value))
}

/// The same; empty if it is not there.
pub(crate) fn field(query: &str, name: &str) -> String {
    find(query, name).unwrap_or_default()
}

/// Percent-decodes a value for showing it again; what cannot be decoded is left out.
fn decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        let digit = |it: Option<u8>| char::from(it?).to_digit(16);
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let pair = digit(rest.next()).zip(digit(rest.next()));
                pair.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()).unwrap_or(b'?')
            }
            byte => byte,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
