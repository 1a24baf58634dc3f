import type { EncodedFile, Encoder } from '@signaldb/parquet';
import type { Cut } from './cut.ts';
import type { HotFile } from './hot-files.ts';
import { type PartitionTuple, tupleKey } from './partitioning.ts';
import type { EncodedPart, TableLayout } from './table-layout.ts';

/** A file whose row groups go into a file of the table: on disk, or just encoded. */
export interface Source {
  readonly partition: PartitionTuple;
  readonly bytes: number;
  readonly path?: string;
  readonly encoded?: EncodedFile;
  /** Its trace index and filter stand beside it. */
  readonly hasTraceSidecars: boolean;
}

export const encodedSource = ({ encoded, partition }: EncodedPart): Source => ({
  partition,
  encoded,
  bytes: encoded.bytes.length,
  hasTraceSidecars: encoded.traceFilter !== undefined,
});

const hotSource = ({ partition, path, bytes, hasTraceSidecars }: HotFile): Source => ({
  partition,
  path,
  bytes,
  hasTraceSidecars,
});

/** The files of cuts. Rows of small cuts that are still in memory are sorted together and encoded anew. */
export async function sourcesOf(layout: TableLayout, encoder: Encoder, cuts: readonly Cut[]): Promise<Source[]> {
  const small = cuts.filter((cut) => cut.batches);
  if (small.length < 2) return cuts.flatMap((cut) => cut.files.map(hotSource));
  const batches = small.flatMap((cut) => cut.batches!);
  const { parts } = await layout.encode(encoder, batches);
  return [
    ...cuts.filter((cut) => !cut.batches).flatMap((cut) => cut.files.map(hotSource)),
    ...parts.map(encodedSource),
  ];
}

/** Sources that become one file each: of one partition, up to a size. */
export function groupSources(sources: readonly Source[], bytesMax: number): Source[][] {
  const groups: Source[][] = [];
  for (const own of Map.groupBy(sources, (source) => tupleKey(source.partition)).values()) {
    let bytes = Number.POSITIVE_INFINITY;
    for (const source of own) {
      bytes += source.bytes;
      if (bytes > bytesMax) {
        groups.push([]);
        bytes = source.bytes;
      }
      groups.at(-1)!.push(source);
    }
  }
  return groups;
}
