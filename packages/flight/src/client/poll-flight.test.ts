import { afterEach, describe, expect, it } from '@jest/globals';
import { GrpcError, Status } from '@signaldb/grpc';
import { withFlightActions } from '../actions/flight-actions.ts';
import type { FlightEndpoint, FlightInfo, PollInfo } from '../flight-info.ts';
import type { FlightService } from '../service.ts';
import { type Endpoint, openEndpoint, type TransportName } from '../testing/endpoints.ts';
import { sampleBatch } from '../testing/sample.ts';
import { all, textOf } from '../testing/streams.ts';
import { fetchEndpoints } from './fetch-flight.ts';
import { pollFlight } from './poll-flight.ts';

const infoOf = (count: number): FlightInfo => ({
  endpoints: Array.from({ length: count }, (_, i) => ({ ticket: Buffer.from(`t${i}`), locations: [] })),
  totalRecords: -1,
  totalBytes: -1,
  ordered: true,
});

const command = { command: Buffer.from('query') };

/** A query that answers with so many endpoints, step by step. */
function query(steps: number[], progress: (step: number) => number | undefined = (step) => step / 10) {
  const polls: string[] = [];
  const service: Partial<FlightService> = {
    pollFlightInfo: async (descriptor): Promise<PollInfo> => {
      const step = Number(descriptor.path?.[0] ?? 0);
      polls.push(descriptor.path ? `step ${step}` : textOf(descriptor.command)!);
      const done = step === steps.length - 1;
      const at = progress(step);
      return {
        info: infoOf(steps[step]!),
        ...(at !== undefined && { progress: at }),
        ...(!done && { descriptor: { path: [String(step + 1)] } }),
      };
    },
    async *doGet(ticket) {
      yield { batch: sampleBatch(1), appMetadata: ticket };
    },
  };
  return { polls, service };
}

const tickets = (endpoints: FlightEndpoint[]) => endpoints.map(({ ticket }) => textOf(ticket));

describe.each<TransportName>(['inproc', 'grpc'])('over %s', (transport) => {
  let endpoint: Endpoint | undefined;

  afterEach(async () => {
    await endpoint?.close();
    endpoint = undefined;
  });

  async function connect(service: Partial<FlightService>) {
    endpoint = await openEndpoint(transport, service);
    return endpoint.client;
  }

  it('gives endpoints as they appear, until the query is complete', async () => {
    const { service, polls } = query([0, 2, 3, 3]);
    const client = await connect(service);
    const told: (number | undefined)[] = [];
    const endpoints = await all(pollFlight(client, command, { onPoll: ({ progress }) => told.push(progress) }));
    expect(tickets(endpoints)).toEqual(['t0', 't1', 't2']);
    expect(polls).toEqual(['query', 'step 1', 'step 2', 'step 3']);
    expect(told).toEqual([0, 0.1, 0.2, 0.3]);
  });

  it('its endpoints can be fetched while the query runs', async () => {
    const { service } = query([1, 2, 4]);
    const client = await connect(service);
    const messages = await all(fetchEndpoints(client, pollFlight(client, command), { ordered: true }));
    expect(messages.flatMap(({ appMetadata }) => textOf(appMetadata) ?? [])).toEqual(['t0', 't1', 't2', 't3']);
  });

  it('asks less and less often where nothing is new', async () => {
    const { service } = query([1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2], () => undefined);
    const client = await connect(service);
    const waits: number[] = [];
    await all(pollFlight(client, command, { wait: async (ms) => void waits.push(ms) }));
    expect(waits).toEqual([100, 200, 400, 800, 1000, 1000, 1000, 100]);
  });

  it('asks for GetFlightInfo where there is no polling', async () => {
    const client = await connect({ getFlightInfo: async () => infoOf(2) });
    expect(tickets(await all(pollFlight(client, command)))).toEqual(['t0', 't1']);
    const failing = query([1, 1]);
    const failed = new GrpcError(Status.UNIMPLEMENTED, 'later');
    const poll = failing.service.pollFlightInfo!;
    await endpoint?.close();
    const other = await connect({
      pollFlightInfo: async (descriptor, context) => {
        if (descriptor.path) throw failed;
        return poll(descriptor, context);
      },
    });
    await expect(all(pollFlight(other, command))).rejects.toMatchObject({ details: 'later' });
  });

  it('leaving it early cancels the query', async () => {
    const { service } = query([1, 1, 1]);
    const cancelled: number[] = [];
    const client = await connect(
      withFlightActions(service, {
        cancel: async (info) => {
          cancelled.push(info.endpoints.length);
          return 'CANCELLED';
        },
      }),
    );
    for await (const _ of pollFlight(client, command)) break;
    expect(cancelled).toEqual([1]);
    await all(pollFlight(client, command));
    expect(cancelled).toEqual([1]);
  });

  it('a signal and a deadline end it, and the query', async () => {
    const { service } = query([1, 1, 1], () => undefined);
    let cancelled = 0;
    const client = await connect(
      withFlightActions(service, {
        cancel: async () => {
          cancelled++;
          return 'CANCELLED';
        },
      }),
    );
    const controller = new AbortController();
    const reading = all(pollFlight(client, command, { signal: controller.signal, onPoll: () => controller.abort() }));
    await expect(reading).rejects.toMatchObject({ code: Status.CANCELLED });
    const late = all(
      pollFlight(client, command, {
        timeoutMs: 60_000,
        onPoll: () => {},
        wait: async () => Promise.reject(new Error()),
      }),
    );
    await expect(late).rejects.toMatchObject({ code: Status.CANCELLED });
    expect(cancelled).toBe(2);
    const none = all(pollFlight(client, command, { timeoutMs: 0 }));
    await expect(none).rejects.toMatchObject({ code: Status.DEADLINE_EXCEEDED });
  });
});
