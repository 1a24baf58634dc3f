import type { ProcessName } from '../system/cluster.ts';

const writer = [
  ['--writer-commit-interval-ms', '400'],
  ['--writer-maintenance-interval-ms', '1500'],
  ['--writer-snapshot-age-ms-max', '5000'],
  ['--writer-snapshots-min', '3'],
  ['--writer-delete-grace-ms', '20000'],
  ['--writer-hot-file-grace-ms', '10000'],
].flat();
const acceptor = ['--acceptor-log-segment-bytes-max', String(1 << 20)];

/**
 * Settings with which everything that could be interrupted happens often: commits, compaction, expiry, deletion of
 * files, new segments of the log and their removal.
 */
export const hurriedFlags: Partial<Record<ProcessName, readonly string[]>> = {
  writer,
  acceptor,
  signaldb: [...writer, ...acceptor],
};
