export {
  type Access,
  type AccessOptions,
  certificateOf,
  challenge,
  createAccess,
  credentialHeaders,
  openAccess,
} from './access.ts';
export { tokenDigest } from './access-file.ts';
export { type Account, accountOf, everyone, mayName, theCluster } from './account.ts';
export { type ClusterEntry, type EnterClusterConfig, enterCluster } from './enter-cluster.ts';
export { hashPassword } from './password-hash.ts';
export {
  badTenant,
  checkTenant,
  checkWrite,
  defaultTenant,
  isTenant,
  tenantHeader,
  tenantOf,
  tenantsOf,
} from './tenant.ts';
