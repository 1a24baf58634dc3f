import type { Schema } from 'apache-arrow';
import type { FlightDescriptor } from './descriptor.ts';

/** One share of a flight: a ticket, and where it is good. */
export interface FlightEndpoint {
  /** Opaque to everyone but the service that made it. */
  readonly ticket: Uint8Array;
  /** Where `doGet` takes the ticket, any of them. Empty: at the service that gave the endpoint. */
  readonly locations: readonly string[];
  /** Until then the ticket can be used again and again. */
  readonly expirationTime?: Date;
  readonly appMetadata?: Uint8Array;
}

/** How a flight is fetched: every endpoint once. */
export interface FlightInfo {
  readonly schema?: Schema;
  readonly descriptor?: FlightDescriptor;
  readonly endpoints: readonly FlightEndpoint[];
  /** Rows in all endpoints together, -1 where unknown. */
  readonly totalRecords: number;
  /** Bytes in all endpoints together, -1 where unknown. */
  readonly totalBytes: number;
  /** The endpoints' order is the data's order. */
  readonly ordered: boolean;
  readonly appMetadata?: Uint8Array;
}

/** A query that may still be running. */
export interface PollInfo {
  /** What can be fetched so far; endpoints are only ever added. */
  readonly info?: FlightInfo;
  /** Ask again with it. Absent: the query is complete. */
  readonly descriptor?: FlightDescriptor;
  /** 0 to 1, where known. */
  readonly progress?: number;
  readonly expirationTime?: Date;
}

/** An endpoint at this location is fetched over the connection that gave it. */
export const REUSE_CONNECTION_LOCATION = 'arrow-flight-reuse-connection://?';
