import { randomUUID } from 'node:crypto';
import { wire } from '@signaldb/component';
import { GrpcError, Status } from '@signaldb/grpc';
import * as pb from '@signaldb/proto/flowctl/control_plane';
import { type Machine, proposeOrThrow } from './machine.ts';
import type { RunRecord, RunStatus } from './state/state.ts';

/** The record of pipeline runs: who runs them reports here. */
export interface PipelineRuns {
  create(request: pb.CreatePipelineRunRequest): Promise<pb.PipelineRun>;
  update(request: pb.UpdatePipelineRunRequest): Promise<pb.PipelineRun>;
  get(runId: string): pb.PipelineRun;
  list(request: pb.ListPipelineRunsRequest): pb.ListPipelineRunsResponse;
  stop(runId: string): Promise<pb.PipelineRun>;
}

const statuses: readonly RunStatus[] = ['unknown', 'starting', 'running', 'completed', 'failed', 'stopped'];
const listedDefault = 10;
const configCharsMax = 1 << 20;

export function createPipelineRuns(machine: Machine, now: () => number): PipelineRuns {
  return {
    async create({ runId, pipelineName, configYaml, componentIds }) {
      if (!pipelineName) throw new GrpcError(Status.INVALID_ARGUMENT, 'pipeline_name is missing.');
      if (configYaml.length > configCharsMax)
        throw new GrpcError(Status.INVALID_ARGUMENT, `config_yaml is longer than ${configCharsMax} characters.`);
      const id = runId || randomUUID();
      return toWire(
        await proposeOrThrow<RunRecord>(machine, {
          type: 'create-run',
          runId: id,
          pipelineName,
          configYaml,
          componentIds,
          atMs: now(),
        }),
      );
    },
    async update({ runId, status, metrics, error }) {
      const metricsJson = metrics ? JSON.stringify(pb.RunMetrics.toJSON(metrics)) : '';
      const command = {
        type: 'update-run',
        runId,
        status: statuses[status] ?? 'unknown',
        error,
        metricsJson,
        atMs: now(),
      } as const;
      return toWire(await proposeOrThrow<RunRecord>(machine, command));
    },
    get(runId) {
      const run = machine.state.runs.get(runId);
      if (!run) throw new GrpcError(Status.NOT_FOUND, `No run "${runId}".`);
      return toWire(run);
    },
    list({ pipelineName, status, limit }) {
      const runs = [...machine.state.runs.values()]
        .filter(
          (run) =>
            (!pipelineName || run.pipelineName === pipelineName) && (status === 0 || run.status === statuses[status]),
        )
        .reverse();
      return { runs: runs.slice(0, limit > 0 ? limit : listedDefault).map(toWire) };
    },
    async stop(runId) {
      const command = {
        type: 'update-run',
        runId,
        status: 'stopped',
        error: '',
        metricsJson: '',
        atMs: now(),
      } as const;
      return toWire(await proposeOrThrow<RunRecord>(machine, command));
    },
  };
}

function toWire(run: RunRecord): pb.PipelineRun {
  return {
    runId: run.runId,
    pipelineId: run.pipelineName,
    pipelineName: run.pipelineName,
    status: statuses.indexOf(run.status) as pb.RunStatus,
    startTime: wire.timestampToWire(run.startedAtMs),
    endTime: run.endedAtMs ? wire.timestampToWire(run.endedAtMs) : undefined,
    configYaml: run.configYaml,
    metrics: run.metricsJson ? pb.RunMetrics.fromJSON(JSON.parse(run.metricsJson)) : undefined,
    error: run.error,
    componentIds: [...run.componentIds],
  };
}
