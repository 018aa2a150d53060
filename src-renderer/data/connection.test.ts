import * as z from 'zod';
import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '@domain/contract/errors';
import { method, serve } from '@domain/contract/rpc';
import { domPort } from './dom-port';
import { Connection } from './connection';

const table = {
  echo: method({ params: z.string(), result: z.string() }),
  never: method({ params: z.undefined(), result: z.string() }),
};
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A process that gives out ports, counts how often it was asked, and can die. */
function setUp() {
  const life = { asked: 0, refuse: false, ports: [] as MessagePort[] };
  const connection: Connection<typeof table> = new Connection({
    table,
    whenClosed: 'HOST_DIED',
    retryDelay: 5,
    request: async () => {
      life.asked += 1;
      if (life.refuse) throw new AppError('HOST_UNAVAILABLE');
      const { port1, port2 } = new MessageChannel();
      serve(domPort(port1), table, {
        echo: async (text) => text,
        never: () => new Promise(() => undefined),
      });
      life.ports.push(port1);
      connection.adopt(domPort(port2));
    },
  });
  stops.push(() => connection.stop());
  return { connection, life };
}

describe('a connection', () => {
  it('asks for a port once the process is up, and answers over it', async () => {
    const { connection, life } = setUp();
    const client = connection.ready();
    connection.setPhase('starting');
    connection.setPhase('ready');
    connection.setPhase('ready');
    expect(await (await client).call('echo', '好')).toBe('好');
    expect(life.asked).toBe(1);
  });

  it('asks again while the process is not ready to give a port', async () => {
    const { connection, life } = setUp();
    life.refuse = true;
    connection.setPhase('starting');
    const client = connection.ready();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(life.asked).toBeGreaterThan(1);
    life.refuse = false;
    expect(await (await client).call('echo', 'x')).toBe('x');
  });

  it('ends requests in flight with a typed error when the process dies, then connects again', async () => {
    const { connection, life } = setUp();
    connection.setPhase('ready');
    const first = await connection.ready();
    const waiting = first.call('never', undefined);
    life.ports[0]?.close();
    await expect(waiting).rejects.toMatchObject({ code: 'HOST_DIED' });
    connection.setPhase('restarting', { code: 'HOST_DIED' });
    connection.setPhase('starting');
    const second = await connection.ready();
    expect(second).not.toBe(first);
    expect(await second.call('echo', 'again')).toBe('again');
  });

  it('drops the client on restarting even before its port says that it is closed', async () => {
    const { connection } = setUp();
    connection.setPhase('ready');
    const client = await connection.ready();
    const waiting = client.call('never', undefined);
    connection.setPhase('restarting', { code: 'HOST_DIED' });
    await expect(waiting).rejects.toMatchObject({ code: 'HOST_DIED' });
    expect(connection.client).toBeNull();
  });

  it('a port that closes without a word from main is replaced', async () => {
    const { connection, life } = setUp();
    connection.setPhase('ready');
    const first = await connection.ready();
    life.ports[0]?.close();
    while (!connection.client || connection.client === first) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(life.asked).toBe(2);
  });

  it('a second port takes the place of the first: one client lives', async () => {
    const { connection } = setUp();
    connection.setPhase('ready');
    const first = await connection.ready();
    const waiting = first.call('never', undefined);
    const { port2 } = new MessageChannel();
    connection.adopt(domPort(port2));
    await expect(waiting).rejects.toMatchObject({ code: 'HOST_DIED' });
    expect(connection.client).not.toBe(first);
  });

  it('says why it cannot be had once the process has failed', async () => {
    const { connection, life } = setUp();
    life.refuse = true;
    connection.setPhase('starting');
    const waiting = connection.ready();
    connection.setPhase('failed', { code: 'MODEL_MISSING' });
    await expect(waiting).rejects.toMatchObject({ code: 'MODEL_MISSING' });
    await expect(connection.ready()).rejects.toMatchObject({ code: 'HOST_DIED' });
  });
});
