/**
 * A status message as `grpc-message` carries it: UTF-8, everything but printable ASCII (and `%`) percent-encoded.
 * Lone surrogates become U+FFFD. Specification: PROTOCOL-HTTP2.md, Status-Message.
 */
export function percentEncode(message: string): string {
  if (/^[\x20-\x24\x26-\x7e]*$/.test(message)) return message;
  let encoded = '';
  for (const byte of Buffer.from(message, 'utf8')) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/** The status message of a `grpc-message`. What isn't percent-encoded as it should be stays as it is. */
export function percentDecode(encoded: string): string {
  if (!encoded.includes('%')) return encoded;
  const bytes: number[] = [];
  for (let i = 0; i < encoded.length; i++) {
    const hex = encoded[i] === '%' ? /^[0-9a-fA-F]{2}/.exec(encoded.slice(i + 1, i + 3)) : null;
    if (!hex) bytes.push(encoded.charCodeAt(i) & 0xff);
    else {
      bytes.push(Number.parseInt(hex[0], 16));
      i += 2;
    }
  }
  return Buffer.from(bytes).toString('utf8');
}
