export { type SignaldbConfig, signaldbConfig } from './config.ts';
export { createSignaldb, type Signaldb, type SignaldbDeps } from './create-signaldb.ts';
export { type GreetingFacts, greeting } from './greeting.ts';
