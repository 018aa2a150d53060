/** A `llama-server` of the reference build, on this machine's own loopback, for comparing speed. */
/* eslint-disable no-restricted-globals -- the program fetches nothing; this is the reference beside it, on the loopback */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { PlainError } from '../terminal';
import { referenceTool } from './tools';

export interface ServerOptions {
  readonly modelPath: string;
  readonly threads: number;
  /** Requests answered at once, each with a context of its own. */
  readonly parallel: number;
  /** Tokens of one context. */
  readonly context: number;
}

const answerSchema = z.object({ content: z.string() });

export class LlamaServer {
  readonly #child: ChildProcess;
  readonly #address: string;

  private constructor(child: ChildProcess, address: string) {
    this.#child = child;
    this.#address = address;
  }

  /** @throws PlainError where it has not been built, or does not begin to answer within a minute */
  static async start(folder: string, options: ServerOptions): Promise<LlamaServer> {
    const port = await freePort();
    const { modelPath, threads, parallel, context } = options;
    const child = spawn(
      referenceTool(folder, 'llama-server'),
      [
        ...['--model', modelPath, '--host', '127.0.0.1', '--port', String(port)],
        ...['--threads', String(threads), '--threads-batch', String(threads)],
        ...['--parallel', String(parallel), '--ctx-size', String(parallel * context)],
        // Its kernels for AMX crash on this model; ours, which node-llama-cpp ships, do not use them.
        ...['--no-webui', '--log-disable', '--no-repack'],
      ],
      { stdio: 'ignore' },
    );
    const server = new LlamaServer(child, `http://127.0.0.1:${port}`);
    for (let waited = 0; waited < 600; waited += 1) {
      await sleep(100);
      const health = await fetch(`${server.#address}/health`).catch(() => null);
      if (health?.ok) return server;
      if (hasEnded(child)) break;
    }
    await server.stop();
    const { signalCode } = child;
    throw new PlainError(`llama-server does not answer${signalCode ? ` (${signalCode})` : ''}.`);
  }

  /**
   * Generates exactly this text after a prompt (its text or its tokens), token by token: a grammar allows nothing else.
   *
   * @throws PlainError where it answers anything else, as when its context is too small
   */
  async recite(prompt: string | readonly number[], text: string): Promise<void> {
    const response = await fetch(`${this.#address}/completion`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        prompt,
        grammar: `root ::= ${JSON.stringify(text)}`,
        temperature: 0,
        n_predict: 4 * text.length,
        cache_prompt: true,
      }),
    });
    const { content } = answerSchema.parse(await response.json());
    if (content !== text) throw new PlainError('llama-server did not answer what it had to.');
  }

  async stop(): Promise<void> {
    if (hasEnded(this.#child)) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill();
    await ended;
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
