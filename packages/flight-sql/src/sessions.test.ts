import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Status } from '@signaldb/grpc';
import {
  CloseSessionResult,
  SetSessionOptionsRequest,
  SetSessionOptionsResult,
} from '@signaldb/proto/arrow/flight/protocol/flight';
import { action, all, flight, open } from './testing/toy-service.ts';

beforeEach(() => open());
afterEach(() => flight.close());

describe('sessions', () => {
  it('answer their options and refuse to change them', async () => {
    const options = { catalog: 'toys', schema: 'other', nonsense: 'x' };
    const sessionOptions = Object.fromEntries(
      Object.entries(options).map(([name, value]) => [name, { optionValue: { $case: 'stringValue', value } }]),
    );
    const [result] = await action(
      'SetSessionOptions',
      SetSessionOptionsRequest.encode(SetSessionOptionsRequest.fromPartial({ sessionOptions } as never)).finish(),
    );
    expect(SetSessionOptionsResult.decode(result!).errors).toEqual({ schema: { value: 2 }, nonsense: { value: 1 } });
    expect((await action('GetSessionOptions')).length).toBe(1);
    const [closed] = await action('CloseSession');
    expect(CloseSessionResult.decode(closed!).status).toBe(1);
    await expect(action('SetSessionOptions', new Uint8Array([255]))).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
    });
  });

  it('other actions are announced truthfully', async () => {
    const types = (await all(flight.listActions())).map(({ type }) => type);
    expect(types).toContain('CreatePreparedStatement');
    expect(types).not.toContain('BeginTransaction');
    await expect(action('BeginTransaction')).rejects.toMatchObject({ code: Status.UNIMPLEMENTED });
    await expect(action('Nonsense')).rejects.toMatchObject({ code: Status.UNIMPLEMENTED });
    await expect(action('CancelFlightInfo')).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
  });
});
