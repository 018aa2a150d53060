import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

/** Expressions, by what they try. Without the refusal each of them reaches the system. */
const attempts: Record<string, string> = {
  'net.connect': "net.connect(61234, '127.0.0.1')",
  'net.connect with options': "net.connect({ port: 61234, host: '127.0.0.1' })",
  'net.connect, port as text': "net.connect('61234', '127.0.0.1')",
  'new Socket': "new net.Socket().connect(61234, '127.0.0.1')",
  'new Socket, port as text': "new net.Socket().connect('61234', '127.0.0.1')",
  tls: "tls.connect(61234, '127.0.0.1')",
  http: "http.get('http://127.0.0.1:61234/')",
  https: "https.get('https://127.0.0.1:61234/')",
  http2: "await once(http2.connect('http://127.0.0.1:61234/'), 'connect')",
  fetch: "await globalThis['fetch']('http://127.0.0.1:61234/')",
  'net listen': 'net.createServer().listen(0)',
  'net listen on a unix socket': "net.createServer().listen('\\0chimed-refusal-test')",
  'http listen': 'http.createServer().listen(0)',
  'net back door': "net._createServerHandle('127.0.0.1', 0, 4)",
  'udp createSocket': "dgram.createSocket('udp4')",
  'udp send': "new dgram.Socket('udp4').send('x', 61234, '127.0.0.1')",
  'udp bind': "new dgram.Socket('udp4').bind(0)",
  'udp connect': "new dgram.Socket('udp4').connect(61234, '127.0.0.1')",
  'udp back door': "dgram._createSocketHandle('127.0.0.1', 0, 'udp4')",
  'dns.lookup': "dns.lookup('localhost', () => {})",
  'dns.lookupService': "dns.lookupService('127.0.0.1', 22, () => {})",
  'dns.resolve': "dns.resolve('a.invalid', () => {})",
  'dns.resolve4': "dns.resolve4('a.invalid', () => {})",
  'dns.resolveTxt': "dns.resolveTxt('a.invalid', () => {})",
  'dns.reverse': "dns.reverse('127.0.0.1', () => {})",
  'dns.promises.lookup': "await dns.promises.lookup('localhost')",
  'dns.promises.resolve6': "await dns.promises.resolve6('a.invalid')",
  Resolver: "new dns.Resolver().resolveAny('a.invalid', () => {})",
  'promises.Resolver': "await new dns.promises.Resolver().reverse('127.0.0.1')",
  'imported lookup': "lookup('localhost', () => {})",
  'imported promise lookup': "await lookupPromise('localhost')",
  'debugger port': 'inspector.open(0)',
  'tcp binding': "process.binding('tcp_wrap')",
  'dns binding': "process.binding('cares_wrap')",
};

const names = ['net', 'tls', 'http', 'https', 'http2', 'dgram', 'dns', 'inspector'];

/** Runs each attempt in a process of its own kind: the refusal cannot be taken back. */
async function run(prepare: string): Promise<Record<string, string>> {
  const script = `
    ${prepare}
    import { createRequire } from 'node:module';
    import { once } from 'node:events';
    import { lookup } from 'node:dns';
    import { lookup as lookupPromise } from 'node:dns/promises';
    const require = createRequire(process.cwd() + '/');
    const [${names.join(', ')}] = ${JSON.stringify(names)}.map((name) => require(name));
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
    const taken = process.listenerCount('SIGUSR1') > 0 ? once(process, 'SIGUSR1') : undefined;
    process.kill(process.pid, 'SIGUSR1');
    // A signal's listener keeps no process alive.
    const alive = setInterval(() => {}, 1000);
    await taken;
    clearInterval(alive);
    // Nobody took it: the debugger opens, however busy the machine is.
    while (!taken && inspector.url() === undefined) await new Promise((done) => setTimeout(done, 20));
    results.signal = inspector.url() === undefined ? 'network is refused' : 'allowed';
    console.log(JSON.stringify(results));
    process.exit(0);
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { cwd: root },
  );
  return JSON.parse(stdout) as Record<string, string>;
}

it('after the refusal no way to a socket works but a unix socket, and no debugger can be opened', async () => {
  const begin = pathToFileURL(join(import.meta.dirname, 'begin.ts')).href;
  const { unix, ...others } = await run(`import ${JSON.stringify(begin)};`);
  expect(Object.keys(others)).toEqual([...Object.keys(attempts), 'signal']);
  for (const [name, message] of Object.entries(others)) {
    expect([name, message]).toEqual([name, 'network is refused']);
  }
  expect(unix).toBe('ENOENT');
});

it('without it none of the same attempts is refused, so the test above can fail', async () => {
  const { unix, ...others } = await run('');
  for (const [name, message] of Object.entries(others)) {
    expect([name, message]).not.toEqual([name, 'network is refused']);
  }
  expect(others).toMatchObject({
    'net listen': 'allowed',
    'udp bind': 'allowed',
    signal: 'allowed',
  });
  expect(unix).toBe('ENOENT');
});

/** Source files that a process or thread of the program starts with, as the build is told. */
function buildEntries(): string[] {
  const config = readFileSync(join(root, 'electron.vite.config.ts'), 'utf8');
  const inputs = /input: \{([^}]*)\},\s*output: \{\s*format: 'es'/.exec(config)?.[1] ?? '';
  return [...inputs.matchAll(/from\('([^']+)'\)/g)].map((match) => match[1] ?? '');
}

const importsOf = (file: string): string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/^import (?:[^;]*? from )?'([^']+)';/gm)].map(
    (match) => match[1] ?? '',
  );

/** Hashes files in plain JavaScript that nothing compiles; what it may import is tested instead. */
const hasher = 'src-main/convert/hash-thread.mjs';

it('every process and thread of the program refuses sockets before it imports anything else', () => {
  const entries = buildEntries();
  expect(entries.length).toBeGreaterThanOrEqual(9);
  for (const entry of entries.filter((file) => file !== hasher)) {
    expect([entry, importsOf(entry)[0]]).toEqual([
      entry,
      expect.stringMatching(/^(?:\.\/|(?:\.\.\/)+)offline\/begin$/),
    ]);
  }
});

it('the one thread that cannot refuse for itself has nothing that could open a socket', () => {
  expect(buildEntries()).toContain(hasher);
  expect(importsOf(hasher).sort()).toEqual([
    'node:crypto',
    'node:fs/promises',
    'node:worker_threads',
  ]);
});

it('every process and thread that the sources start is an entry of the build, so none escapes the test above', () => {
  const started = new Set<string>();
  for (const file of readdirSync(join(root, 'src-main'), { recursive: true, encoding: 'utf8' })) {
    if (!/\.m?ts$/.test(file) || /\.(test|fixture)\.ts$/.test(file)) continue;
    const source = readFileSync(join(root, 'src-main', file), 'utf8');
    for (const [, name] of source.matchAll(/join\([^)]*'([\w-]+)\.js'\)/g))
      started.add(`${name}.js`);
  }
  const built = readFileSync(join(root, 'electron.vite.config.ts'), 'utf8');
  expect(started.size).toBeGreaterThanOrEqual(6);
  for (const name of started) {
    expect(built).toMatch(new RegExp(`['\\s]${name.replace(/\.js$/, '')}'?: from`));
  }
});
