import type { GrpcError } from './grpc-error.ts';
import type { Metadata } from './metadata.ts';
import type { AnyMethod, ServiceDefinition } from './service-definition.ts';

/** The kinds of handler behind one type; which one it is, the definition says. */
export type AnyHandler = (request: unknown, call: unknown) => unknown;

export interface ServiceOptions {
  /** Metadata to send with the status of a call that failed, in place of the error's own where both have a key. */
  readonly errorMetadata?: (error: GrpcError) => Metadata;
}

/** A method with what serves it. */
export interface BoundMethod extends ServiceOptions {
  readonly definition: AnyMethod;
  readonly handler: AnyHandler;
}

/** The methods of all services, by path. */
export class MethodTable {
  readonly #methods = new Map<string, BoundMethod>();
  readonly #services = new Set<string>();

  /** Throws where a path is there already, or is none. */
  add(definition: ServiceDefinition, implementation: object, options: ServiceOptions = {}): void {
    const bound = Object.entries(definition).flatMap(([name, method]) => {
      const handler = this.#bind(method.path, (implementation as Record<string, unknown>)[name], implementation);
      return handler ? [{ ...options, definition: method, handler }] : [];
    });
    for (const { path } of Object.values(definition)) this.#services.add(serviceOf(path));
    for (const method of bound) this.#methods.set(method.definition.path, method);
  }

  #bind(path: string, handler: unknown, implementation: object): AnyHandler | undefined {
    if (!/^\/[^/]+\/[^/]+$/.test(path)) throw new TypeError(`"${path}" isn't a method's path: /package.Service/Method`);
    if (this.#methods.has(path)) throw new Error(`${path} is served already`);
    if (handler === undefined) return undefined;
    if (typeof handler !== 'function') throw new TypeError(`The implementation of ${path} isn't a function`);
    return handler.bind(implementation) as AnyHandler;
  }

  get(path: string): BoundMethod | undefined {
    return this.#methods.get(path);
  }

  /** The names of the services that are served. */
  get services(): string[] {
    return [...this.#services];
  }

  /** Why a path isn't served. */
  missing(path: string): string {
    const service = serviceOf(path);
    return this.#services.has(service) ? `Method ${path} isn't served` : `Service ${service} isn't served`;
  }
}

function serviceOf(path: string): string {
  return path.slice(1, path.lastIndexOf('/'));
}
