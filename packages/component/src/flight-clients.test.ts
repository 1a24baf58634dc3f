import { afterEach, describe, expect, it } from '@jest/globals';
import { createInprocNetwork } from '@signaldb/flight';
import type { ClusterState } from './control-plane.ts';
import { createFlightClients, type FlightClients } from './flight-clients.ts';
import { exampleEntry } from './testing/fake-control-plane.ts';

let clients: FlightClients | undefined;
afterEach(() => clients?.close());

function setUp() {
  const inproc = createInprocNetwork();
  const listeners = new Set<(state: ClusterState) => void>();
  const membership = {
    onChange(listener: (state: ClusterState) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  clients = createFlightClients({ membership, inproc });
  for (const name of ['writer', 'other']) {
    inproc.serve(name, {
      async *listActions() {
        yield { type: name, description: '' };
      },
    });
  }
  const publish = (...locations: string[]) => {
    const services = locations.map((location) => exampleEntry(location, 'writer', { location }));
    for (const listener of listeners) listener({ revision: 1, services, logs: [] });
  };
  return { clients, publish, listeners };
}

async function actionOf(client: ReturnType<FlightClients['get']>): Promise<string | undefined> {
  for await (const { type } of client.listActions()) return type;
  return undefined;
}

describe('createFlightClients', () => {
  it('opens one client a location', async () => {
    const { clients } = setUp();
    const client = clients.get('inproc://writer');
    expect(clients.get('inproc://writer')).toBe(client);
    expect(clients.get('inproc://other')).not.toBe(client);
    expect(await actionOf(client)).toBe('writer');
  });

  it('closes a client when its location leaves the state', async () => {
    const { clients, publish } = setUp();
    publish('inproc://writer', 'inproc://other');
    const [gone, stays] = [clients.get('inproc://writer'), clients.get('inproc://other')];
    publish('inproc://other');
    await expect(actionOf(gone)).rejects.toMatchObject({ name: 'GrpcError' });
    expect(await actionOf(stays)).toBe('other');
    expect(await actionOf(clients.get('inproc://writer'))).toBe('writer');
  });

  it('keeps a client of a location that the state didn’t have yet', async () => {
    const { clients, publish } = setUp();
    const early = clients.get('inproc://writer');
    publish('inproc://other');
    publish('inproc://other', 'inproc://writer');
    expect(clients.get('inproc://writer')).toBe(early);
    expect(await actionOf(early)).toBe('writer');
  });

  it('closes all, once, and gives none any more', async () => {
    const { clients, listeners } = setUp();
    const client = clients.get('inproc://writer');
    await Promise.all([clients.close(), clients.close()]);
    await expect(actionOf(client)).rejects.toMatchObject({ name: 'GrpcError' });
    expect(() => clients.get('inproc://writer')).toThrow(/closed/);
    expect(listeners.size).toBe(0);
  });

  it('refuses what is no location', () => {
    expect(() => setUp().clients.get('writer:8816')).toThrow(TypeError);
  });
});
