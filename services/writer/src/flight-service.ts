import type { FlightService } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { fetchHotFileAction, hotFilesAction, type ReadBarrier } from './read-barrier.ts';
import { serveWriteStream, type WriteStreams } from './write-stream.ts';

const actions = [
  {
    type: 'hot_files',
    description:
      'Hot files of logs, once they have received what was acknowledged: {"tenant", "tables"?, "logs": {"<log id>": {"epoch", "lsn"}}, "min_time"?, "max_time"?}',
  },
  {
    type: 'fetch_hot_file',
    description: 'The bytes of a hot file, or of <name>.trace-filter or <name>.trace-index.parquet: {"name"}',
  },
];

/** The writer's Flight calls: log streams by DoExchange, hot files by actions. */
export function writerFlightService(parts: WriteStreams & ReadBarrier): Partial<FlightService> {
  return {
    doExchange: (messages, call) => serveWriteStream(parts, messages, call),
    async *doAction({ type, body }, call) {
      if (type === 'hot_files') yield await hotFilesAction(parts, body, call);
      else if (type === 'fetch_hot_file') yield* fetchHotFileAction(parts, body);
      else
        throw new GrpcError(
          Status.UNIMPLEMENTED,
          `no action ${type}; there are ${actions.map((a) => a.type).join(', ')}`,
        );
    },
    async *listActions() {
      yield* actions;
    },
  };
}
