import type { Catalog, ManifestReader } from '@signaldb/iceberg';
import type { ObjectStore } from '@signaldb/object-store';
import type { Encoder } from '@signaldb/parquet';
import type { Logger } from '@signaldb/runtime';
import type { ByteBudget } from './byte-budget.ts';
import type { WriterConfig } from './config.ts';
import type { HotFiles } from './hot-files.ts';
import type { WriterMetrics } from './metrics.ts';

/** What all parts of a writer share. */
export interface WriterContext {
  readonly config: WriterConfig;
  readonly catalog: Catalog;
  readonly store: ObjectStore;
  readonly reader: ManifestReader;
  readonly encoder: Encoder;
  readonly hotFiles: HotFiles;
  /** Rows received and not yet in a hot file. */
  readonly memory: ByteBudget;
  /** Rows of small cuts, kept to be merged. */
  readonly mergeMemory: ByteBudget;
  /** Hot files that aren't committed. */
  readonly disk: ByteBudget;
  readonly metrics: WriterMetrics;
  readonly logger: Logger;
  /** Aborted when the writer has to let go of everything. */
  readonly stopping: AbortSignal;
}
