export { type FlowctlConfig, flowctlConfig } from './config.ts';
export { createFlowctl, type Flowctl, type FlowctlDeps } from './flowctl.ts';
