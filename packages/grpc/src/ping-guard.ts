const windowMs = 10_000;
// A PING frame and its answer.
const bytesPerPing = 34;

/**
 * Tells pings that keep a connection awake, or measure it while data flows, from a flood of them. Clients ping as often
 * as data comes to learn the connection's speed, so only pings are counted that make up most of what passes.
 */
export class PingGuard {
  readonly #pingsMax: number;
  #pings = 0;
  #windowEndsMs = 0;
  #bytesBefore = 0;

  /** `pingsMax`: how many may come within ten seconds. */
  constructor(pingsMax: number) {
    this.#pingsMax = pingsMax;
  }

  /** Counts a ping; true where there are too many. `bytes`: what has passed over the connection until now, both ways. */
  ping(nowMs: number, bytes: number): boolean {
    if (nowMs > this.#windowEndsMs) this.#begin(nowMs, bytes);
    if (++this.#pings <= this.#pingsMax) return false;
    const pingBytes = this.#pings * bytesPerPing;
    const otherBytes = bytes - this.#bytesBefore - pingBytes;
    if (otherBytes < pingBytes) return true;
    this.#begin(nowMs, bytes);
    return false;
  }

  #begin(nowMs: number, bytes: number): void {
    this.#windowEndsMs = nowMs + windowMs;
    this.#pings = 0;
    this.#bytesBefore = bytes;
  }
}
