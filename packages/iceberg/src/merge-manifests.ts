import type { ManifestFile } from './manifest-list.ts';
import type { Properties } from './table-metadata.ts';

export interface MergePolicy {
  /** Fewer small manifests than this are left as they are. */
  readonly countMin: number;
  /** Manifests aren't merged beyond this size. */
  readonly targetBytes: number;
}

/** `commit.manifest.*` as a table's properties set them, or Iceberg's defaults. */
export function mergePolicyOf(properties: Properties): MergePolicy & { readonly enabled: boolean } {
  return {
    enabled: properties['commit.manifest-merge.enabled'] !== 'false',
    countMin: Number(properties['commit.manifest.min-count-to-merge'] ?? 100),
    targetBytes: Number(properties['commit.manifest.target-size-bytes'] ?? 8 * 1024 * 1024),
  };
}

/**
 * Which manifests to put together: groups of two and more, each of one spec and at most the target size. Files of an
 * append land in a new manifest each time, so merging when many have gathered keeps both the list short and commits
 * cheap: most write only their own manifest.
 */
export function planManifestMerge(manifests: readonly ManifestFile[], policy: MergePolicy): ManifestFile[][] {
  const groups: ManifestFile[][] = [];
  for (const sameSpec of bySpec(manifests.filter((manifest) => manifest.content === 'data'))) {
    const small = sameSpec.filter((manifest) => manifest['manifest-length'] < policy.targetBytes / 2);
    if (small.length >= policy.countMin) groups.push(...pack(small, policy.targetBytes));
  }
  return groups.filter((group) => group.length > 1);
}

function bySpec(manifests: readonly ManifestFile[]): ManifestFile[][] {
  return [...Map.groupBy(manifests, (manifest) => manifest['partition-spec-id']).values()];
}

/** Neighbours stay together, so that manifests keep following time. */
function pack(manifests: readonly ManifestFile[], targetBytes: number): ManifestFile[][] {
  const bins: ManifestFile[][] = [];
  let room = 0;
  for (const manifest of manifests) {
    room -= manifest['manifest-length'];
    if (bins.length === 0 || room < 0) {
      bins.push([]);
      room = targetBytes - manifest['manifest-length'];
    }
    bins.at(-1)!.push(manifest);
  }
  return bins;
}
