import { FlightServiceService } from '@signaldb/proto/arrow/flight/protocol/flight';

type Parts = readonly Uint8Array[];

const asItIs = <T>(bytes: T): T => bytes;
const joined = (parts: Parts): Buffer => (parts.length === 1 ? asBuffer(parts[0]!) : Buffer.concat(parts));

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Flight's methods, with FlightData messages as raw bytes: a body is never copied into or out of a decoded message. */
export const flightMethods = {
  ...FlightServiceService,
  doGet: { ...FlightServiceService.doGet, responseSerialize: asItIs<Parts>, responseDeserialize: asItIs<Buffer> },
  doPut: { ...FlightServiceService.doPut, requestSerialize: joined, requestDeserialize: asItIs<Buffer> },
  doExchange: {
    ...FlightServiceService.doExchange,
    requestSerialize: joined,
    requestDeserialize: asItIs<Buffer>,
    responseSerialize: asItIs<Parts>,
    responseDeserialize: asItIs<Buffer>,
  },
};
