import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '@domain/contract/errors';
import type { ExtractionEvent, ExtractionResult } from '@domain/contract/extraction';
import type { Fact } from '@domain/contract/fact';
import { hostMethods, type HostMethods } from '@domain/contract/host-port';
import type { StoredRun } from '@domain/contract/record';
import { RpcClient, serve, type HandlerContext } from '@domain/contract/rpc';
import { domPort } from '../../data/dom-port';
import { RunSession } from './run-session.svelte';

const identity = {
  schema: 'ccks2019',
  model: { name: 'm', sha256: 'x' },
  strategy: 's',
  settings: {},
};
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const fact = (id: string, start: number): Fact => ({
  id,
  kind: 'mention',
  type: '药物',
  text: '药',
  start,
  end: start + 1,
  evidence: [],
  attributes: {},
  confidence: 0.5,
});

function start(
  answer: (context: HandlerContext<ExtractionEvent>) => Promise<ExtractionResult>,
  save?: (run: StoredRun) => Promise<unknown>,
) {
  const { port1, port2 } = new MessageChannel();
  serve(domPort(port1), hostMethods, {
    'extraction.run': (_params, context) => answer(context),
    'prompt.preview': () => Promise.reject(new Error('not asked for')),
    'qa.ask': () => Promise.reject(new Error('not asked for')),
    'qa.preview': () => Promise.reject(new Error('not asked for')),
    'dialogue.draft': () => Promise.reject(new Error('not asked for')),
    'dialogue.preview': () => Promise.reject(new Error('not asked for')),
  });
  const client = new RpcClient<HostMethods>(domPort(port2), hostMethods, 'HOST_DIED');
  closers.push(() => port1.close());
  const saved: StoredRun[] = [];
  const session = RunSession.start(
    { recordId: 'r', title: 't', textSha256: 'h', text: '药药药', identity },
    { ready: async () => client },
    save ?? (async (run) => saved.push(run)),
  );
  return { session, saved, die: () => port1.close() };
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('a run', () => {
  it('streams facts in the order of the text and is saved when it ends', async () => {
    const { session, saved } = start(async ({ emit }) => {
      emit({ kind: 'fact', fact: fact('b', 2) });
      emit({ kind: 'fact', fact: fact('a', 0) });
      emit({ kind: 'fact', fact: fact('a', 0) });
      return { status: 'completed', run: identity, facts: [fact('b', 2), fact('a', 0)] };
    });
    await until(() => session.saveState === 'saved');
    expect(session.status).toBe('completed');
    expect(saved).toHaveLength(1);
    expect(saved[0]).toMatchObject({ recordId: 'r', textSha256: 'h', status: 'completed' });
    expect(saved[0]?.facts.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('stopped by the doctor: it ends at once, the host is told, partial facts are saved', async () => {
    let told = false;
    const { session, saved } = start(
      ({ emit, signal }) =>
        new Promise((_, reject) => {
          emit({ kind: 'fact', fact: fact('a', 0) });
          signal.addEventListener('abort', () => {
            told = true;
            reject(signal.reason as Error);
          });
        }),
    );
    await until(() => session.facts.length === 1);
    session.stop();
    expect(session.status).toBe('stopped');
    await until(() => told && session.saveState === 'saved');
    expect(saved).toHaveLength(1);
    expect(saved[0]).toMatchObject({ status: 'stopped', facts: [{ id: 'a' }] });
    expect(session.problem).toBeNull();
  });

  it('a host that dies in the middle: failed with its code, partial facts kept and saved', async () => {
    const { session, saved, die } = start(({ emit }) => {
      emit({ kind: 'fact', fact: fact('a', 0) });
      return new Promise(() => undefined);
    });
    await until(() => session.facts.length === 1);
    die();
    await until(() => session.saveState === 'saved');
    expect(saved[0]).toMatchObject({
      status: 'failed',
      problem: { code: 'HOST_DIED' },
      facts: [{ id: 'a' }],
    });
  });

  it('an incomplete run keeps its facts and says why', async () => {
    const { session } = start(async () => ({
      status: 'incomplete',
      problem: { code: 'LENGTH_LIMIT' },
      run: identity,
      facts: [fact('a', 0)],
    }));
    await until(() => session.saveState === 'saved');
    expect(session.status).toBe('incomplete');
    expect(session.problem).toEqual({ code: 'LENGTH_LIMIT' });
    expect(session.facts).toHaveLength(1);
  });

  it('when saving fails the facts stay, it is not called saved, and a retry saves the same run', async () => {
    let full = true;
    const tried: StoredRun[] = [];
    const { session } = start(
      async () => ({ status: 'completed', run: identity, facts: [fact('a', 0)] }),
      async (run) => {
        tried.push(run);
        if (full) throw new AppError('DISK_FULL');
      },
    );
    await until(() => session.saveState === 'failed');
    expect(session.saveProblem).toEqual({ code: 'DISK_FULL' });
    expect(session.facts).toHaveLength(1);
    full = false;
    await session.save();
    expect(session.saveState).toBe('saved');
    expect(tried[1]).toEqual(tried[0]);
    await session.save();
    expect(tried).toHaveLength(2);
  });
});
