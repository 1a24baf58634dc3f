import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServiceProcessOptions {
  readonly name: string;
  /** The program: a file that Node runs, or, with `command`, its first argument. */
  readonly program: string;
  readonly args: readonly string[];
  /** Default: this Node. */
  readonly command?: string;
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Answers 200 when the service is ready. */
  readonly readyUrl: string;
  /** Told of every line of output. */
  readonly onLine?: (line: string) => void;
}

/** Lines of output that are kept to explain a failure. */
const linesKept = 200;

/** One process of a cluster, which can be killed and started again. */
export class ServiceProcess {
  readonly name: string;
  readonly #options: ServiceProcessOptions;
  readonly #lines: string[] = [];
  #child: ChildProcess | undefined;
  #exited: Promise<number | null> = Promise.resolve(null);

  constructor(options: ServiceProcessOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Undefined while it doesn't run. */
  get pid(): number | undefined {
    return this.running ? this.#child?.pid : undefined;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The exit code of the last run; null where a signal ended it. */
  get exited(): Promise<number | null> {
    return this.#exited;
  }

  /** The last lines of output, of all runs. */
  get output(): string {
    return this.#lines.join('\n');
  }

  start(): void {
    if (this.running) throw new Error(`${this.name} runs already.`);
    const { command = process.execPath, program, args, cwd, env } = this.#options;
    const child = spawn(command, [program, ...args], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A terminal's Ctrl-C goes to us alone, so that we can end the processes in order.
      detached: true,
    });
    this.#child = child;
    const ended = Promise.withResolvers<number | null>();
    this.#exited = ended.promise;
    child.on('error', (error) => {
      this.#keep(`could not start: ${error.message}`);
      ended.resolve(1);
    });
    child.on('close', (code) => ended.resolve(code));
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => this.#keep(line));
  }

  /** Waits until the service says that it is ready. Rejects, with its last output, where it ends before or takes too long. */
  async ready(timeoutMs = 30_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      if (await this.#isReady()) return;
      if (!this.running) throw new Error(`${this.name} ended before it was ready:\n${this.output}`);
      if (performance.now() > deadline)
        throw new Error(`${this.name} was not ready after ${timeoutMs} ms: ${await this.#readiness()}\n${this.output}`);
      await sleep(20);
    }
  }

  /** Sends a signal and waits until the process has ended. Nothing happens where it doesn't run. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    if (this.running) this.#child!.kill(signal);
    return this.#exited;
  }

  /** Sends a signal, such as SIGSTOP or SIGCONT, and goes on. */
  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child!.kill(signal);
  }

  /** Kills it, starts it again, and waits until it is ready. */
  async restart(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.kill(signal);
    this.start();
    await this.ready();
  }

  async #isReady(): Promise<boolean> {
    const response = await this.#ask();
    return response?.status === 200;
  }

  async #readiness(): Promise<string> {
    return (await this.#ask())?.text() ?? 'it does not answer';
  }

  async #ask(): Promise<Response | undefined> {
    return fetch(this.#options.readyUrl, { signal: AbortSignal.timeout(3000) }).catch(() => undefined);
  }

  #keep(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > linesKept) this.#lines.shift();
    this.#options.onLine?.(line);
  }
}
