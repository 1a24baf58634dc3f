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
