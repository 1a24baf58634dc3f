import type { SchemaInfo, ServiceInfo } from '@signaldb/component';
import type { RunStatus } from './state.ts';

/**
 * What changes the state. A command holds everything that its effect depends on besides the state, the time and ids among them, so
 * that every replica that applies the same commands in the same order has the same state.
 */
export type Command =
  | { readonly type: 'register'; readonly info: ServiceInfo; readonly atMs: number }
  | { readonly type: 'unregister'; readonly serviceId: string /** Only this run of it. */; readonly epoch?: number }
  | { readonly type: 'set-health'; readonly serviceId: string; readonly epoch: number; readonly healthy: boolean }
  | {
      readonly type: 'assign-log';
      readonly logId: string;
      readonly acceptorId: string;
      readonly writerId: string;
      readonly renew: boolean;
    }
  | { readonly type: 'drain-log'; readonly logId: string; readonly epoch: number }
  | { readonly type: 'register-schema'; readonly schema: SchemaInfo }
  | {
      readonly type: 'create-namespace';
      readonly namespace: string;
      readonly properties: readonly (readonly [string, string])[];
    }
  | { readonly type: 'drop-namespace'; readonly namespace: string }
  | {
      readonly type: 'set-namespace';
      readonly namespace: string;
      readonly properties: readonly (readonly [string, string])[];
    }
  | { readonly type: 'make-cluster-key'; readonly key: string }
  | { readonly type: 'swap-pointers'; readonly changes: readonly PointerSwap[] }
  | {
      readonly type: 'create-run';
      readonly runId: string;
      readonly pipelineName: string;
      readonly configYaml: string;
      readonly componentIds: readonly string[];
      readonly atMs: number;
    }
  | {
      readonly type: 'update-run';
      readonly runId: string;
      readonly status: RunStatus;
      readonly error: string;
      readonly metricsJson: string;
      readonly atMs: number;
    };

/** null: no such table. */
export interface PointerSwap {
  readonly namespace: string;
  readonly table: string;
  readonly expected: string | null;
  readonly next: string | null;
}

export type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;

/** What a command came to. A refusal leaves the state as it was. */
export type Outcome<T = unknown> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly code: 'NOT_FOUND' | 'ALREADY_EXISTS' | 'FAILED_PRECONDITION' | 'ABORTED';
      readonly message: string;
    };

export function done<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

export function refused(code: Extract<Outcome, { ok: false }>['code'], message: string): Outcome<never> {
  return { ok: false, code, message };
}
