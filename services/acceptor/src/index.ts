export { type Acceptor, type AcceptorDeps, createAcceptor } from './acceptor.ts';
export { type AcceptorConfig, acceptorConfig } from './config.ts';
