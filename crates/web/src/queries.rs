//! What is written after the `?` of an address, or in a form that was sent.

/// The value of a field, decoded; empty if it is not there.
pub(crate) fn field(query: &str, name: &str) -> String {
    let pairs = query.split('&').filter_map(|it| it.split_once('='));
    let value = pairs.into_iter().find(|(it, _)| *it == name).map(|it| it.1);
    decoded(value.unwrap_or_default())
}

/// Percent-decodes a value for showing it again; what cannot be decoded is left out.
pub(crate) fn decoded(value: &str) -> String {
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
