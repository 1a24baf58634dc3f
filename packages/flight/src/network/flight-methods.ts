import { FlightServiceService } from '@signaldb/proto/arrow/flight/protocol/flight';

import { toGrpcMessage } from './parts-message.ts';

type Parts = readonly Uint8Array[];

const asItIs = <T>(bytes: T): T => bytes;
/** Flight's methods, with FlightData messages as raw bytes: a body is never copied into or out of a decoded message. */
export const flightMethods = {
  ...FlightServiceService,
  doGet: { ...FlightServiceService.doGet, responseSerialize: asItIs<Parts>, responseDeserialize: asItIs<Buffer> },
  doPut: { ...FlightServiceService.doPut, requestSerialize: toGrpcMessage, requestDeserialize: asItIs<Buffer> },
  doExchange: {
    ...FlightServiceService.doExchange,
    requestSerialize: toGrpcMessage,
    requestDeserialize: asItIs<Buffer>,
    responseSerialize: asItIs<Parts>,
    responseDeserialize: asItIs<Buffer>,
  },
};
