export { type RouterConfig, routerConfig } from './config.ts';
export { createRouter, type Router, type RouterDeps } from './create-router.ts';
