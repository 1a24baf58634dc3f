import type { FlightMessage } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { Data, RecordBatch } from 'apache-arrow';

export interface ParameterLimits {
  readonly rowsMax: number;
  readonly bytesMax: number;
}

/**
 * Reads the rows of parameters of a DoPut. Undefined where nothing is bound: no batch at all, or one without columns (as JDBC
 * sends for a plain statement). Throws RESOURCE_EXHAUSTED as soon as they are too many.
 */
export async function boundRows(
  messages: AsyncIterable<FlightMessage>,
  { rowsMax, bytesMax }: ParameterLimits,
): Promise<RecordBatch[] | undefined> {
  const batches: RecordBatch[] = [];
  let rows = 0;
  let bytes = 0;
  for await (const { batch } of messages) {
    if (!batch || batch.numCols === 0) continue;
    rows += batch.numRows;
    bytes += bytesOf(batch.data);
    if (rows > rowsMax) throw tooMany(`${rowsMax} rows`);
    if (bytes > bytesMax) throw tooMany(`${bytesMax} bytes`);
    if (batches[0] && String(batches[0].schema) !== String(batch.schema)) {
      throw new GrpcError(Status.INVALID_ARGUMENT, 'the rows of parameters are not all of one schema');
    }
    batches.push(batch);
  }
  return batches.length > 0 ? batches : undefined;
}

function tooMany(limit: string): GrpcError {
  const details = `more than ${limit} of parameters are bound at once: send fewer at a time, or use bulk ingest`;
  return new GrpcError(Status.RESOURCE_EXHAUSTED, details);
}

/** `byteLength` counts an array with its children, not its dictionary. */
function bytesOf(data: Data): number {
  const dictionaries = (part: Data): number =>
    (part.dictionary?.data ?? []).reduce((sum, chunk) => sum + bytesOf(chunk as Data), 0) +
    part.children.reduce((sum, child) => sum + dictionaries(child as Data), 0);
  return data.byteLength + dictionaries(data);
}
