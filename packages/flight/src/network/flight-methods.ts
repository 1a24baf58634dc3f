import { FlightServiceService } from '@signaldb/proto/arrow/flight/protocol/flight';

import { paddingForBody } from '../wire/flight-data.ts';
import { toGrpcMessage } from './parts-message.ts';

type Parts = readonly Uint8Array[];

const asItIs = <T>(bytes: T): T => bytes;
/** Flight's methods, with FlightData messages as raw bytes: a body is never copied into or out of a decoded message. */
export const flightMethods = {
  ...FlightServiceService,
  doGet: { ...FlightServiceService.doGet, responseSerialize: asItIs<Parts>, responseDeserialize: asItIs<Buffer> },
  doPut: {
    ...FlightServiceService.doPut,
    requestSerialize: toGrpcMessage,
    requestDeserialize: asItIs<Buffer>,
    requestPadding: paddingForBody,
  },
  doExchange: {
    ...FlightServiceService.doExchange,
    requestSerialize: toGrpcMessage,
    requestDeserialize: asItIs<Buffer>,
    requestPadding: paddingForBody,
    responseSerialize: asItIs<Parts>,
    responseDeserialize: asItIs<Buffer>,
  },
};
