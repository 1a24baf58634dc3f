import { afterEach, describe, expect, it } from '@jest/globals';
import { GrpcError, Metadata, Status } from '@signaldb/grpc';
import { type ArrowStatusCode, arrowError, arrowStatusOf, withArrowCode } from './arrow-status.ts';
import { type Endpoint, openEndpoint } from './testing/endpoints.ts';

let endpoint: Endpoint | undefined;

afterEach(async () => {
  await endpoint?.close();
  endpoint = undefined;
});

/** The error with which a client sees a call end that the service ended with `thrown`. */
async function seen(thrown: unknown): Promise<GrpcError> {
  endpoint = await openEndpoint('grpc', {
    getSchema: async () => {
      throw thrown;
    },
  });
  return endpoint.client.getSchema({ path: [] }).then(
    () => {
      throw new Error('the call succeeded');
    },
    (error) => error,
  );
}

describe("Arrow's own status", () => {
  it.each<[number, ArrowStatusCode]>([
    [Status.CANCELLED, 'Cancelled'],
    [Status.INVALID_ARGUMENT, 'Invalid'],
    [Status.NOT_FOUND, 'KeyError'],
    [Status.ALREADY_EXISTS, 'AlreadyExists'],
    [Status.RESOURCE_EXHAUSTED, 'CapacityError'],
    [Status.OUT_OF_RANGE, 'IndexError'],
    [Status.UNIMPLEMENTED, 'NotImplemented'],
    [Status.UNAUTHENTICATED, 'IOError'],
    [Status.UNKNOWN, 'UnknownError'],
  ])('of gRPC status %i is %s', async (code, name) => {
    const error = await seen(new GrpcError(code, 'nö: 100 %'));
    expect(error).toMatchObject({ code, details: 'nö: 100 %' });
    expect(arrowStatusOf(error)).toEqual({ code: name, message: 'nö: 100 %' });
  });

  it.each<[ArrowStatusCode, number]>([
    ['OutOfMemory', Status.RESOURCE_EXHAUSTED],
    ['KeyError', Status.NOT_FOUND],
    ['TypeError', Status.INVALID_ARGUMENT],
    ['Invalid', Status.INVALID_ARGUMENT],
    ['IOError', Status.UNKNOWN],
    ['CapacityError', Status.RESOURCE_EXHAUSTED],
    ['IndexError', Status.OUT_OF_RANGE],
    ['Cancelled', Status.CANCELLED],
    ['UnknownError', Status.UNKNOWN],
    ['NotImplemented', Status.UNIMPLEMENTED],
    ['SerializationError', Status.INVALID_ARGUMENT],
    ['AlreadyExists', Status.ALREADY_EXISTS],
  ])('%s arrives whole, as gRPC status %i', async (code, status) => {
    const given = { code, message: 'wrong', detail: 'how: ü', extraInfo: Buffer.from([0, 1, 255]) };
    const error = await seen(arrowError(given));
    expect(error.code).toBe(status);
    expect(arrowStatusOf(error)).toEqual(given);
  });

  it('leaves a long message to grpc-message, which is cut where it is too long', async () => {
    const error = await seen(new GrpcError(Status.NOT_FOUND, 'x'.repeat(10_000)));
    expect(error.details.length).toBe(4096);
    expect(error.metadata?.has('x-arrow-status-message-bin')).toBe(false);
    expect(arrowStatusOf(error)?.code).toBe('KeyError');
  });

  it('gives a better code to what a C++ server calls UNKNOWN', () => {
    const unknown = (arrow: string) => new GrpcError(Status.UNKNOWN, 'm', new Metadata({ 'x-arrow-status': arrow }));
    expect(withArrowCode(unknown('7'))).toMatchObject({ code: Status.OUT_OF_RANGE, details: 'm' });
    expect(withArrowCode(unknown('5')).code).toBe(Status.UNKNOWN);
    expect(withArrowCode(unknown('99')).code).toBe(Status.UNKNOWN);
    expect(withArrowCode(unknown('nonsense')).code).toBe(Status.UNKNOWN);
    expect(arrowStatusOf(unknown('99'))).toBeUndefined();
    expect(withArrowCode(new GrpcError(Status.INTERNAL, 'm')).code).toBe(Status.INTERNAL);
  });

  it('tells nothing of what a service throws by accident', async () => {
    const error = await seen(new Error('secret'));
    expect(error).toMatchObject({ code: Status.UNKNOWN, details: expect.not.stringContaining('secret') });
    expect(arrowStatusOf(error)?.message).not.toContain('secret');
  });
});
