import type { ClusterState, FlightClients, ServiceEntry } from '@signaldb/component';
import type { FlightClient } from '@signaldb/flight';
import type { TimeRange } from '../time-range.ts';
import { type HotFile, type LogEnd, parseHotFiles, parseLogEnd } from './hot-file.ts';

/** Rows that couldn't be asked for: those of a log after what a table's snapshot covers. */
export interface Gap {
  readonly reason: string;
  /** Of a log whose end is known: a table whose mark has reached it lacks nothing. */
  readonly log?: { readonly logId: string; readonly lsn: number };
}

/** What the writers hold beyond the snapshots, and what couldn't be learned. */
export interface Tail {
  readonly files: readonly HotFile[];
  readonly gaps: readonly Gap[];
}

/** What a query wants to see of the tail. */
export interface TailRequest {
  readonly tenant: string;
  readonly tables: readonly string[];
  readonly times: TimeRange;
}

export interface AskOptions {
  readonly state: () => ClusterState;
  readonly clients: Pick<FlightClients, 'get'>;
  readonly barrierTimeoutMs: number;
  readonly hotFilesTimeoutMs: number;
}

/**
 * Asks every log's acceptor for its last acknowledged row, and then its writer for the files up to there. Never fails for what can't be
 * asked: that is a gap. A writer that says that it lost a log since is asked once more, after its acceptor.
 */
export async function askLogs(options: AskOptions, request: TailRequest): Promise<Tail> {
  const state = options.state();
  if (state.revision === 0) return { files: [], gaps: [{ reason: 'the cluster’s state is not known yet' }] };
  const first = await askOnce(options, request, acceptorsOf(state));
  if (first.moved.length === 0) return { files: first.files, gaps: first.gaps };
  const again = await askOnce(options, request, first.moved);
  const kept = first.files.filter((file) => !again.logs.has(file.logId));
  const gaps = first.gaps.filter((gap) => gap.log === undefined || !again.logs.has(gap.log.logId));
  return { files: [...kept, ...again.files], gaps: [...gaps, ...again.gaps] };
}

/** Acceptors that may have rows: those registered, and those of logs that aren't known to be committed whole. */
function acceptorsOf(state: ClusterState): string[] {
  const registered = state.services.filter(({ role }) => role === 'acceptor').map(({ serviceId }) => serviceId);
  const ofLogs = state.logs.filter(({ drained }) => !drained).map(({ acceptorId }) => acceptorId);
  return [...new Set([...registered, ...ofLogs])];
}

interface Asked extends Tail {
  readonly logs: ReadonlySet<string>;
  /** Acceptors of logs that moved to another writer while they were asked. */
  readonly moved: readonly string[];
}

async function askOnce(options: AskOptions, request: TailRequest, acceptors: readonly string[]): Promise<Asked> {
  const gaps: Gap[] = [];
  const ends = (await Promise.all(acceptors.map((id) => askAcceptor(options, request, id, gaps)))).flat();
  const byWriter = Map.groupBy(
    ends.filter(({ end }) => end.lsn > 0),
    ({ end }) => end.writerId,
  );
  const moved: string[] = [];
  const answers = await Promise.all(
    [...byWriter].map(async ([writerId, logs]) => {
      const answer = await askWriter(
        options,
        request,
        writerId,
        logs.map(({ end }) => end),
      );
      gaps.push(...answer.gaps);
      for (const { end, acceptorId } of logs) {
        if (answer.gaps.some((gap) => gap.log?.logId === end.logId)) moved.push(acceptorId);
      }
      return answer.files;
    }),
  );
  return { files: answers.flat(), gaps, moved, logs: new Set(ends.map(({ end }) => end.logId)) };
}

interface KnownEnd {
  readonly acceptorId: string;
  readonly end: LogEnd;
}

async function askAcceptor(options: AskOptions, request: TailRequest, id: string, gaps: Gap[]): Promise<KnownEnd[]> {
  const state = options.state();
  const entry = state.services.find(({ serviceId }) => serviceId === id);
  try {
    const body = { tenant: request.tenant, tables: request.tables };
    const results = await ask(clientOf(options, entry, `acceptor ${id}`), 'barrier', body, options.barrierTimeoutMs);
    return results.map((result) => ({ acceptorId: id, end: parseLogEnd(result) }));
  } catch (error) {
    gaps.push({ reason: `acceptor ${id} can’t be asked: ${messageOf(error)}` });
    // What its writer has received can be read all the same.
    return state.logs
      .filter(({ acceptorId, drained, writerId }) => acceptorId === id && !drained && writerId !== '')
      .map(({ logId, epoch, writerId }) => ({ acceptorId: id, end: { logId, epoch, lsn: 1, writerId } }));
  }
}

async function askWriter(
  options: AskOptions,
  request: TailRequest,
  writerId: string,
  logs: readonly LogEnd[],
): Promise<Tail> {
  const gapsOf = (reason: string): Gap[] =>
    logs.map(({ logId, lsn }) => ({ reason: `log ${logId}: ${reason}`, log: { logId, lsn } }));
  if (writerId === '') return { files: [], gaps: gapsOf('no writer has it') };
  const entry = options.state().services.find(({ serviceId }) => serviceId === writerId);
  try {
    const body = {
      tenant: request.tenant,
      tables: request.tables,
      logs: Object.fromEntries(logs.map(({ logId, epoch, lsn }) => [logId, { epoch, lsn }])),
      min_time: request.times.min?.toString(),
      max_time: request.times.max?.toString(),
    };
    const client = clientOf(options, entry, `writer ${writerId}`);
    const [result] = await ask(client, 'hot_files', body, options.hotFilesTimeoutMs);
    if (result === undefined) return { files: [], gaps: gapsOf(`writer ${writerId} answered nothing`) };
    const { files, missing } = parseHotFiles(result, client.location);
    const asked = new Map(logs.map((log) => [log.logId, log]));
    return {
      files: files.filter((file) => file.tenant === request.tenant && asked.get(file.logId)?.epoch === file.epoch),
      gaps: missing.map(({ logId, reason }) => ({
        reason: `log ${logId}: writer ${writerId}: ${reason}`,
        log: { logId, lsn: asked.get(logId)?.lsn ?? Number.MAX_SAFE_INTEGER },
      })),
    };
  } catch (error) {
    return { files: [], gaps: gapsOf(`writer ${writerId} can’t be asked: ${messageOf(error)}`) };
  }
}

function clientOf({ clients }: AskOptions, entry: ServiceEntry | undefined, name: string): FlightClient {
  if (entry === undefined || entry.location === '') throw new Error(`${name} is not registered`);
  return clients.get(entry.location);
}

async function ask(client: FlightClient, type: string, body: object, timeoutMs: number): Promise<Uint8Array[]> {
  const results: Uint8Array[] = [];
  for await (const result of client.doAction({ type, body: Buffer.from(JSON.stringify(body)) }, { timeoutMs }))
    results.push(result);
  return results;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
