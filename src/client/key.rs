use super::clock;

/// A name that nobody else has: an idempotency key.
pub(crate) fn unique_key() -> String {
    let mut bytes = [0u8; 16];
    // `randomUUID` is missing on pages without TLS; this is there on all.
    let filled = web_sys::window()
        .and_then(|window| window.crypto().ok())
        .is_some_and(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).is_ok());
    if !filled {
        let seed = js_sys::Math::random().to_bits() ^ clock::now().to_bits();
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
    }
    let mut key = String::with_capacity(32);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            key.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    key
}
