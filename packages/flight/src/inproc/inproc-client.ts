import { GrpcError, Status } from '@signaldb/grpc';
import type { Schema } from 'apache-arrow';
import { asGrpcError, cancelled } from '../call-failure.ts';
import type { CallOptions, FlightClient } from '../client.ts';
import type { FlightDescriptor } from '../descriptor.ts';
import type { FlightInfo, PollInfo } from '../flight-info.ts';
import type { FlightMessage } from '../flight-message.ts';
import type {
  CallContext,
  FlightAction,
  FlightActionType,
  FlightCall,
  FlightService,
  HandshakeMessage,
} from '../service.ts';
import { BoundedQueue } from '../stream/bounded-queue.ts';
import { type Expand, pump } from '../stream/pump.ts';
import { SchemaTracker } from '../stream/schema-tracker.ts';
import { splitMessage } from '../stream/split-message.ts';
import { InprocCall } from './inproc-call.ts';
import type { LocalNetwork } from './inproc-network.ts';

const MESSAGE_BYTES = 64;

/** A call that has begun, with the method that serves it. */
interface Begun<C extends FlightCall> {
  readonly serve: FlightService[C];
  readonly call: InprocCall;
  /** Gives the client's messages to the service; an error of the client's own ends the call with that very error. */
  requests<T>(messages: AsyncIterable<T>, expand: Expand<T, T>, bytesOf: (item: T) => number): AsyncIterable<T>;
}

/** The client of a service in the same process: messages are handed over by reference. */
export class InprocClient implements FlightClient {
  readonly location: string;
  readonly #network: LocalNetwork;
  readonly #name: string;
  readonly #calls = new Set<InprocCall>();
  #closed = false;

  constructor(network: LocalNetwork, name: string) {
    this.location = `inproc://${name}`;
    this.#network = network;
    this.#name = name;
  }

  handshake(requests: AsyncIterable<HandshakeMessage>, options: CallOptions = {}): AsyncIterable<HandshakeMessage> {
    return this.#stream('handshake', options, single, plainBytes, (begun) =>
      begun.serve(begun.requests(requests, single, plainBytes), begun.call.context),
    );
  }

  listFlights(criteria: Uint8Array = new Uint8Array(0), options: CallOptions = {}): AsyncIterable<FlightInfo> {
    return this.#stream('listFlights', options, single, plainBytes, ({ serve, call }) => serve(criteria, call.context));
  }

  getFlightInfo(descriptor: FlightDescriptor, options: CallOptions = {}): Promise<FlightInfo> {
    return this.#unary('getFlightInfo', options, (serve, context) => serve(descriptor, context));
  }

  pollFlightInfo(descriptor: FlightDescriptor, options: CallOptions = {}): Promise<PollInfo> {
    return this.#unary('pollFlightInfo', options, (serve, context) => serve(descriptor, context));
  }

  getSchema(descriptor: FlightDescriptor, options: CallOptions = {}): Promise<Schema> {
    return this.#unary('getSchema', options, (serve, context) => serve(descriptor, context));
  }

  doGet(ticket: Uint8Array, options: CallOptions = {}): AsyncIterable<FlightMessage> {
    return this.#stream('doGet', options, announcing(), messageBytes, ({ serve, call }) => serve(ticket, call.context));
  }

  doPut(messages: AsyncIterable<FlightMessage>, options: CallOptions = {}): AsyncIterable<Uint8Array> {
    return this.#stream('doPut', options, single, byteLength, (begun) =>
      begun.serve(begun.requests(messages, announcing(), messageBytes), begun.call.context),
    );
  }

  doExchange(messages: AsyncIterable<FlightMessage>, options: CallOptions = {}): AsyncIterable<FlightMessage> {
    return this.#stream('doExchange', options, announcing(), messageBytes, (begun) =>
      begun.serve(begun.requests(messages, announcing(), messageBytes), begun.call.context),
    );
  }

  doAction(action: FlightAction, options: CallOptions = {}): AsyncIterable<Uint8Array> {
    return this.#stream('doAction', options, single, byteLength, ({ serve, call }) => serve(action, call.context));
  }

  listActions(options: CallOptions = {}): AsyncIterable<FlightActionType> {
    return this.#stream('listActions', options, single, plainBytes, ({ serve, call }) => serve(call.context));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const call of [...this.#calls]) call.abort(cancelled());
  }

  #begin<C extends FlightCall>(name: C, options: CallOptions): Pick<Begun<C>, 'serve' | 'call'> {
    if (this.#closed || options.signal?.aborted) throw cancelled();
    const server = this.#network.find(this.#name);
    const method = server.service[name];
    if (!method) throw new GrpcError(Status.UNIMPLEMENTED, `${name} isn't served at ${this.location}`);
    const call: InprocCall = new InprocCall(options, () => {
      this.#calls.delete(call);
      server.calls.delete(call);
    });
    this.#calls.add(call);
    server.calls.add(call);
    return { serve: method.bind(server.service) as FlightService[C], call };
  }

  async #unary<C extends FlightCall, T>(
    name: C,
    options: CallOptions,
    work: (serve: FlightService[C], context: CallContext) => Promise<T>,
  ): Promise<T> {
    const { serve, call } = this.#begin(name, options);
    return call.race(() => work(serve, call.context));
  }

  #stream<C extends FlightCall, T>(
    name: C,
    options: CallOptions,
    expand: Expand<T, T>,
    bytesOf: (item: T) => number,
    work: (begun: Begun<C>) => AsyncIterable<T>,
  ): AsyncIterable<T> {
    const { bufferBytesMax } = this.#network;
    let end = (): void => {};
    const output = new BoundedQueue<T>(bufferBytesMax, () => end());
    let begun: Pick<Begun<C>, 'serve' | 'call'>;
    try {
      begun = this.#begin(name, options);
    } catch (error) {
      output.fail(error);
      return output;
    }
    const { call } = begun;
    end = () => call.abort(cancelled());
    onAbort(call, (reason) => output.abort(reason));
    const requests: Begun<C>['requests'] = (messages, expandRequest, requestBytes) => {
      const input = new BoundedQueue<ItemOf<typeof messages>>(bufferBytesMax, () => {});
      onAbort(call, (reason) => input.abort(reason));
      pump(messages, expandRequest, input, requestBytes, call.signal).then(
        () => input.end(),
        (error) => {
          output.abort(error);
          call.abort(cancelled());
        },
      );
      return input;
    };
    void answer(call, () => work({ ...begun, requests }), expand, output, bytesOf);
    return output;
  }
}

type ItemOf<I> = I extends AsyncIterable<infer T> ? T : never;

/** Runs the service and hands over what it yields. Never rejects: the reader gets the error. */
async function answer<T>(
  call: InprocCall,
  work: () => AsyncIterable<T>,
  expand: Expand<T, T>,
  output: BoundedQueue<T>,
  bytesOf: (item: T) => number,
): Promise<void> {
  try {
    await null; // the service begins after its caller, as it does behind a network
    if (call.signal.aborted) return;
    const noted = (item: T): number => {
      call.answer();
      return bytesOf(item);
    };
    await pump(work(), expand, output, noted, call.signal);
    call.answer();
    output.end();
  } catch (error) {
    output.fail(asGrpcError(error));
  } finally {
    call.end();
  }
}

function onAbort(call: InprocCall, listener: (reason: unknown) => void): void {
  call.signal.addEventListener('abort', () => listener(call.signal.reason), { once: true });
}

function single<T>(item: T): readonly T[] {
  return [item];
}

/** The messages of one stream as their receiver gets them. */
function announcing(): Expand<FlightMessage, FlightMessage> {
  const tracker = new SchemaTracker();
  return (message) => splitMessage(message, tracker);
}

function messageBytes(message: FlightMessage): number {
  return MESSAGE_BYTES + (message.batch?.data.byteLength ?? 0) + (message.appMetadata?.length ?? 0);
}

function byteLength(bytes: Uint8Array): number {
  return MESSAGE_BYTES + bytes.length;
}

function plainBytes(): number {
  return MESSAGE_BYTES;
}
