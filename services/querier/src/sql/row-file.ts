import { closeSync, fstatSync, ftruncateSync, openSync, read, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BytePacer, GrpcError, Status, youngGarbageCollector } from '@signaldb/grpc';
import { layout, slotOffset, slotsPerLane } from './row-slots.ts';

/** Messages in a slot of a lane, as the process says that it has written them. */
export interface SlotContent {
  readonly slot: number;
  readonly lengths: readonly number[];
}

/** Of `stat`, whatever the file system's own are. */
const blockBytes = 512;

/** More than is on its way through this process at once: what outlives two young collections is old. */
const collectEveryBytes = 16 << 20;

let filesMade = 0;

/** The querier's end of the file that a process of SQL writes its rows to. What the process says is not believed, nor what it has written. */
export class RowFile {
  readonly fd: number;
  readonly #bytesMax: number;
  readonly #pacer = new BytePacer(collectEveryBytes, youngGarbageCollector());
  readonly #lanes: boolean[] = [];
  readonly #waiting: (() => void)[] = [];
  #reading = 0;
  #isClosed = false;

  /** Makes the file in a folder, where its name doesn't stay. `bytesMax`: of what one slot may hold. */
  constructor(folder: string | undefined, bytesMax: number) {
    this.#bytesMax = bytesMax;
    const path = join(folder ?? tmpdir(), `rows-${process.pid}-${filesMade++}`);
    this.fd = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
  }

  /** Lanes in use. */
  get lanes(): number {
    return this.#lanes.filter(Boolean).length;
  }

  /** Space that the file takes. */
  get bytes(): number {
    return this.#isClosed ? 0 : fstatSync(this.fd).blocks * blockBytes;
  }

  /** Resolves when a lane is given back. */
  released(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** A lane for a query; `give` it back. */
  take(): number {
    const free = this.#lanes.indexOf(false);
    const lane = free < 0 ? this.#lanes.length : free;
    this.#lanes[lane] = true;
    return lane;
  }

  /** The lane's query is over. When none is left, the file gives back its space. */
  give(lane: number): void {
    this.#lanes[lane] = false;
    if (this.lanes === 0 && !this.#isClosed) ftruncateSync(this.fd, 0);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** The messages of a slot, in memory of their own. @throws GrpcError INTERNAL where they aren't there */
  async read(lane: number, { slot, lengths }: SlotContent): Promise<Buffer[]> {
    if (!Number.isInteger(slot) || slot < 0 || slot >= slotsPerLane) throw broken(`it names slot ${slot}`);
    if (!lengths.every((length) => Number.isInteger(length) && length >= 0)) throw broken('a length is no length');
    const { starts, bytes } = layout(lengths);
    if (bytes > this.#bytesMax) throw broken(`${bytes} bytes at once are more than the ${this.#bytesMax} allowed`);
    this.#pacer.count(bytes);
    const all = Buffer.allocUnsafeSlow(bytes);
    await this.#fill(all, slotOffset(lane, slot));
    return starts.map((start, i) => all.subarray(start, start + lengths[i]!));
  }

  async #fill(target: Buffer, position: number): Promise<void> {
    if (this.#isClosed) throw broken('its file is closed');
    this.#reading++;
    try {
      for (let filled = 0; filled < target.length; ) {
        const got = await readAt(this.fd, target, filled, position + filled);
        if (got === 0) throw broken(`${target.length - filled} bytes are missing`);
        filled += got;
      }
    } finally {
      this.#reading--;
      this.#closeWhenIdle();
    }
  }

  /** May be called twice. What is being read is read to its end. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeWhenIdle();
  }

  #closeWhenIdle(): void {
    if (this.#isClosed && this.#reading === 0) closeSync(this.fd);
  }
}

function readAt(fd: number, target: Buffer, offset: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, target, offset, target.length - offset, position, (error, bytes) =>
      error ? reject(error) : resolve(bytes),
    );
  });
}

function broken(what: string): GrpcError {
  return new GrpcError(Status.INTERNAL, `the process of the tenant’s SQL sent rows that can’t be read: ${what}`);
}
