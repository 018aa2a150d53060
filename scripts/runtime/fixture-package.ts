/** Makes, for tests, a miniature of the registry's package: a .tgz that holds a .zip. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, gzipSync } from 'node:zlib';
import type { RuntimeSource } from './source';

/** One file for `zipOf`; mode as in Unix, 0o120000 bits make it a link. */
export interface ZipMember {
  readonly path: string;
  readonly content: string;
  readonly mode?: number;
}

/** What an executable of this Electron looks like to the fuse tools: a sentinel and a wire. */
export const executableContent = `ELF dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX\x01\x0810100011 rest`;

export const usualMembers: readonly ZipMember[] = [
  { path: 'Program/Program', content: executableContent, mode: 0o100755 },
  { path: 'Program/LICENSE.electron.txt', content: 'MIT' },
  { path: 'Program/browser_v8_context_snapshot.bin', content: 'of the other program' },
  { path: 'Program/locales/zh-CN.pak', content: 'pak' },
  { path: 'Program/resources/app/package.json', content: '{}' },
];

/** A zip archive with stored (not compressed) members, in the order given. */
export function zipOf(members: readonly ZipMember[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { path, content, mode = 0o100644 } of members) {
    const name = Buffer.from(path);
    const data = Buffer.from(content, 'latin1');
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, name, data]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    directory.push(
      Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), common, tail, name]),
    );
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}

/** A gzipped ustar archive, as `npm pack` makes them. */
export function tarballOf(members: Readonly<Record<string, Buffer>>): Buffer {
  const parts: Buffer[] = [];
  for (const [path, data] of Object.entries(members)) {
    const header = Buffer.alloc(512);
    header.write(path, 0);
    header.write(data.length.toString(8).padStart(11, '0'), 124);
    header.write('0', 156);
    header.write('ustar', 257);
    parts.push(header, data, Buffer.alloc((512 - (data.length % 512)) % 512));
  }
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]));
}

/** A source whose pins fit the package, and the `fetch` that delivers it. */
export function fixturePackage(members: readonly ZipMember[] = usualMembers): {
  source: RuntimeSource;
  fetch: (spec: string, folder: string) => Promise<string>;
} {
  const zip = zipOf(members);
  const tarball = tarballOf({ 'package/package.json': Buffer.from('{}'), 'package/r.zip': zip });
  return {
    source: {
      spec: 'fixture@1.0.0',
      integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
      downloadMegabytes: 1,
      zip: {
        path: 'package/r.zip',
        bytes: zip.length,
        sha256: createHash('sha256').update(zip).digest('hex'),
      },
      limits: { entries: 10, bytes: 10_000 },
      folder: 'Program',
      executable: 'Program',
      electronVersion: '33.2.1',
      revision: 1,
    },
    fetch: async (_spec, folder) => {
      const file = join(folder, 'fixture-1.0.0.tgz');
      writeFileSync(file, tarball);
      return file;
    },
  };
}
