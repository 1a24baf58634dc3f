import { type CommandOf, done, type Outcome, refused } from './command.ts';
import { type FlowState, type RunRecord, withEntry } from './state.ts';

type Step = readonly [state: FlowState, outcome: Outcome<RunRecord>];

/** Runs that are remembered; the oldest that ended go first. */
const runsMax = 1000;

export function createRun(state: FlowState, command: CommandOf<'create-run'>): Step {
  const { runId, pipelineName, configYaml, componentIds, atMs } = command;
  if (state.runs.has(runId)) return [state, refused('ALREADY_EXISTS', `There is a run "${runId}" already.`)];
  const run: RunRecord = {
    runId,
    pipelineName,
    status: 'starting',
    startedAtMs: atMs,
    endedAtMs: 0,
    configYaml,
    error: '',
    componentIds,
    metricsJson: '',
  };
  return [{ ...state, runs: withEntry(bounded(state.runs), runId, run) }, done(run)];
}

export function updateRun(
  state: FlowState,
  { runId, status, error, metricsJson, atMs }: CommandOf<'update-run'>,
): Step {
  const run = state.runs.get(runId);
  if (!run) return [state, refused('NOT_FOUND', `No run "${runId}".`)];
  const next: RunRecord = {
    ...run,
    status: status === 'unknown' ? run.status : status,
    error: error || run.error,
    metricsJson: metricsJson || run.metricsJson,
    endedAtMs: run.endedAtMs || (hasEnded(status) ? atMs : 0),
  };
  return [{ ...state, runs: withEntry(state.runs, runId, next) }, done(next)];
}

function hasEnded(status: RunRecord['status']): boolean {
  return status === 'completed' || status === 'failed' || status === 'stopped';
}

function bounded(runs: ReadonlyMap<string, RunRecord>): ReadonlyMap<string, RunRecord> {
  if (runs.size < runsMax) return runs;
  const ended = [...runs.values()].filter((run) => run.endedAtMs > 0).slice(0, runs.size - runsMax + 1);
  const copy = new Map(runs);
  for (const { runId } of ended) copy.delete(runId);
  return copy;
}
