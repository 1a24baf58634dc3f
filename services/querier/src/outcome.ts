/** What a query found out beside its rows: why they may not be all, and what it cost. */
export class Outcome {
  readonly #reasons = new Set<string>();
  inspectedBytes = 0;
  inspectedFiles = 0;
  inspectedSpans = 0;
  inspectedTraces = 0;

  /** Says that rows may be missing. */
  addReason(reason: string): void {
    this.#reasons.add(reason);
  }

  /** Forgets what an attempt that is repeated has found out. */
  restart(): void {
    this.#reasons.clear();
    this.inspectedBytes = 0;
    this.inspectedFiles = 0;
    this.inspectedSpans = 0;
    this.inspectedTraces = 0;
  }

  get reasons(): readonly string[] {
    return [...this.#reasons];
  }

  /** Counts files as looked into. */
  addFiles(files: readonly { readonly bytes: number; readonly rows: number }[]): void {
    this.inspectedFiles += files.length;
    for (const { bytes, rows } of files) {
      this.inspectedBytes += bytes;
      this.inspectedSpans += rows;
    }
  }

  /** The `app_metadata` that closes an answer. */
  toBytes(): Uint8Array {
    return Buffer.from(
      JSON.stringify({
        status: this.#reasons.size === 0 ? 'COMPLETE' : 'PARTIAL',
        reasons: this.reasons,
        metrics: {
          inspected_bytes: this.inspectedBytes,
          inspected_files: this.inspectedFiles,
          inspected_spans: this.inspectedSpans,
          inspected_traces: this.inspectedTraces,
        },
      }),
    );
  }
}
