export { type QuerierConfig, querierConfig } from './config.ts';
export { createQuerier, type Querier, type QuerierDeps } from './create-querier.ts';
