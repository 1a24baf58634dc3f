import { type Data, type DataType, Vector } from 'apache-arrow';
import { IpcError, malformed } from './ipc-error.ts';
import type { IpcLimits } from './limits.ts';

/** What a piece takes besides its values. */
const PIECE_BYTES = 1024;

interface Entry {
  readonly pieces: Data[];
  bytes: number;
  /** Made of the pieces when a batch asks for it; those that batches got stay as they were. */
  vector: Vector | undefined;
}

/** The dictionaries of one stream: replaced, or grown piece by piece, and bounded together. */
export class Dictionaries {
  readonly #types: ReadonlyMap<number, DataType>;
  readonly #limits: IpcLimits;
  readonly #entries = new Map<number, Entry>();
  #bytes = 0;

  constructor(types: ReadonlyMap<number, DataType>, limits: IpcLimits) {
    this.#types = types;
    this.#limits = limits;
  }

  /** The type of its values. Throws where the schema doesn't have the dictionary. */
  typeOf(id: number): DataType {
    const type = this.#types.get(id);
    if (!type) throw malformed(`dictionary ${id} is not in the schema`);
    return type;
  }

  get(id: number): Vector | undefined {
    const entry = this.#entries.get(id);
    if (entry) entry.vector ??= new Vector([...entry.pieces]);
    return entry?.vector;
  }

  /** `bodyBytes` is what the piece keeps alive. */
  add(id: number, piece: Data, isDelta: boolean, bodyBytes: number): void {
    const before = this.#entries.get(id);
    if (before && isDelta && piece.length === 0) return;
    const bytes = Math.max(piece.byteLength, bodyBytes) + PIECE_BYTES;
    this.#bytes += bytes - (before && !isDelta ? before.bytes : 0);
    if (this.#bytes > this.#limits.dictionaryBytesMax) {
      throw new IpcError('LIMIT_EXCEEDED', `the dictionaries are over ${this.#limits.dictionaryBytesMax} bytes`);
    }
    if (before && isDelta) {
      before.pieces.push(piece);
      before.bytes += bytes;
      before.vector = undefined;
    } else {
      this.#entries.set(id, { pieces: [piece], bytes, vector: undefined });
    }
  }
}
