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
 * cheap: most write only their own manifest. Manifests are merged with those of about their size, so that each file's
 * entry is rewritten a few times in its life, however many commits follow.
 */
export function planManifestMerge(manifests: readonly ManifestFile[], policy: MergePolicy): ManifestFile[][] {
  const groups: ManifestFile[][] = [];
  for (const sameSpec of bySpec(manifests.filter((manifest) => manifest.content === 'data'))) {
    for (const tier of bySize(sameSpec, policy.targetBytes)) {
      if (tier.length >= policy.countMin) groups.push(...pack(tier, policy.targetBytes));
    }
  }
  return groups.filter((group) => group.length > 1);
}

/** Sizes within a factor of this are about the same. */
const tierFactor = 16;

/** Those that are large enough already are left out. */
function bySize(manifests: readonly ManifestFile[], targetBytes: number): ManifestFile[][] {
  const small = manifests.filter((manifest) => manifest['manifest-length'] < targetBytes / 2);
  const tier = (manifest: ManifestFile) =>
    Math.floor(Math.log(targetBytes / manifest['manifest-length']) / Math.log(tierFactor));
  return [...Map.groupBy(small, tier).values()];
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
