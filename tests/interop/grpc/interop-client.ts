import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

// All cases of grpc-go's client, save those that need credentials of a cloud or load reports (ORCA).
const cases = [
  'empty_unary',
  'large_unary',
  'client_streaming',
  'server_streaming',
  'ping_pong',
  'empty_stream',
  'timeout_on_sleeping_server',
  'cancel_after_begin',
  'cancel_after_first_response',
  'status_code_and_message',
  'special_status_message',
  'custom_metadata',
  'unimplemented_method',
  'unimplemented_service',
  'pick_first_unary',
  'rpc_soak',
  'channel_soak',
];

/** Runs gRPC's own interoperability client against a server; throws where a case fails, with all that failed. */
export async function runInteropClient(client: string, port: number, tls: readonly string[]): Promise<number> {
  const failures: string[] = [];
  for (const name of cases) {
    const args = [
      `-test_case=${name}`,
      '-server_host=127.0.0.1',
      `-server_port=${port}`,
      '-soak_iterations=100',
      '-soak_num_threads=4',
      ...tls,
    ];
    try {
      await run(client, args, { timeout: 60_000 });
    } catch (error) {
      failures.push(`${name}: ${(error as { stderr?: string }).stderr?.trim() || error}`);
    }
  }
  if (failures.length > 0) throw new Error(`gRPC's interoperability client failed:\n${failures.join('\n')}`);
  return cases.length;
}
