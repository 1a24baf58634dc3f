/** Bytes that aren't an Avro object container file, or one that can't be read. */
export class AvroError extends Error {
  override readonly name = 'AvroError';
}
