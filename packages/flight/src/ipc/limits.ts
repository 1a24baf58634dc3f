/** What a decoder takes at most from one stream. */
export interface IpcLimits {
  /** Fields of a schema, nested ones included. */
  readonly fieldsMax: number;
  /** Levels of nesting. */
  readonly nestingMax: number;
  /** Bytes of one message's flatbuffer: what says where columns lie, not the columns themselves. */
  readonly headerBytesMax: number;
  /** Rows of one batch. */
  readonly rowsMax: number;
  /** Rows of one batch where no bytes stand for them: columns of nulls, or no columns. */
  readonly rowsWithoutBytesMax: number;
  /** Bytes that one compressed message may grow to. */
  readonly decompressedBytesMax: number;
  /** Bytes of all dictionaries that a stream keeps. */
  readonly dictionaryBytesMax: number;
}

export const defaultIpcLimits: IpcLimits = {
  fieldsMax: 16_384,
  nestingMax: 64,
  headerBytesMax: 16 * 2 ** 20,
  rowsMax: 2 ** 31 - 1,
  rowsWithoutBytesMax: 2 ** 24,
  decompressedBytesMax: 256 * 2 ** 20,
  dictionaryBytesMax: 256 * 2 ** 20,
};
