import type { TableFile } from '../files/table-file.ts';

/** Puts files into at most so many shares of about the same bytes; none is empty. The largest files go first, each to the least share. */
export function shareOut(files: readonly TableFile[], sharesMax: number): TableFile[][] {
  const shares = Array.from({ length: Math.min(sharesMax, files.length) }, () => ({
    bytes: 0,
    files: [] as TableFile[],
  }));
  for (const file of [...files].sort((a, b) => b.bytes - a.bytes)) {
    const least = shares.reduce((best, share) => (share.bytes < best.bytes ? share : best));
    least.files.push(file);
    least.bytes += file.bytes;
  }
  return shares.map((share) => share.files);
}
