import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const attempts = {
  'net.connect': "net.connect(61234, '127.0.0.1')",
  'net.connect with options': "net.connect({ port: 61234, host: '127.0.0.1' })",
  'new Socket': "new net.Socket().connect(61234, '127.0.0.1')",
  tls: "tls.connect(61234, '127.0.0.1')",
  http: "http.get('http://127.0.0.1:61234/')",
  https: "https.get('https://127.0.0.1:61234/')",
  listen: 'net.createServer().listen(0)',
  udp: "dgram.createSocket('udp4')",
  lookup: "dns.lookup('localhost', () => {})",
  'dns.promises': "await dns.promises.lookup('localhost')",
  fetch: "await globalThis['fetch']('http://127.0.0.1:61234/')",
};

/** Runs each attempt in a process of its own kind: the refusal cannot be taken back. */
async function run(prepare: string): Promise<Record<string, string>> {
  const script = `
    import { createRequire } from 'node:module';
    import net from 'node:net';
    ${prepare}
    const require = createRequire(import.meta.url);
    const [tls, http, https, dgram, dns] = ['tls', 'http', 'https', 'dgram', 'dns'].map((name) => require(name));
    process.on('uncaughtException', () => {});
    const results = {};
    for (const [name, attempt] of Object.entries(${JSON.stringify(attempts)})) {
      try {
        await eval('(async () => { const it = ' + attempt + '; it?.on?.("error", () => {}); })()');
        results[name] = 'allowed';
      } catch (error) {
        results[name] = String(error.cause?.message ?? error.message);
      }
    }
    const socket = net.connect({ path: '/nowhere/at/all' });
    results.unix = await new Promise((done) => socket.on('error', (error) => done(error.code)));
    console.log(JSON.stringify(results));
    process.exit(0);
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { cwd: join(import.meta.dirname, '..', '..') },
  );
  return JSON.parse(stdout) as Record<string, string>;
}

it('after the refusal no way to a socket works but a unix socket', async () => {
  const module = join(import.meta.dirname, 'refuse-sockets.ts');
  const refused = await run(
    `const { refuseSockets } = await import(${JSON.stringify(module)}); refuseSockets();`,
  );
  const { unix, ...others } = refused;
  expect(Object.keys(others)).toEqual(Object.keys(attempts));
  for (const [name, message] of Object.entries(others)) {
    expect([name, message]).toEqual([name, 'network is refused']);
  }
  expect(unix).toBe('ENOENT');
});

it('the same attempts are let through without it, so the test above can fail', async () => {
  const { listen, udp } = await run('');
  expect([listen, udp]).toEqual(['allowed', 'allowed']);
});
