import { flipFuses, FuseVersion, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';

/**
 * Fuses of the runtime for development and tests. Inspect and Node options are on because the
 * end-to-end driver attaches through them; the browser-process snapshot is off because the one in
 * the package belongs to the program it came with.
 */
const testFuses = {
  version: FuseVersion.V1,
  strictlyRequireAllFuses: true,
  [FuseV1Options.RunAsNode]: true,
  [FuseV1Options.EnableCookieEncryption]: false,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: true,
  [FuseV1Options.EnableNodeCliInspectArguments]: true,
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: false,
  [FuseV1Options.OnlyLoadAppFromAsar]: false,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: true,
} as const;

/** The wire that setTestFuses leaves, as readFuseWire shows it. */
export const testFuseWire = '10110001';

/** The fuse wire that `electronFuses` of electron-builder.yml leaves in a package. */
export const releaseFuseWire = '01001100';

/**
 * Writes the test fuses into an Electron executable.
 * @throws Error if the file has no fuse wire, or one of another version or length.
 */
export async function setTestFuses(executable: string): Promise<void> {
  await flipFuses(executable, testFuses);
}

/**
 * The fuse wire of an Electron executable as one character a fuse, in the wire's order: '0' off,
 * '1' on, 'r' removed.
 * @throws Error if the file has no fuse wire.
 */
export async function readFuseWire(executable: string): Promise<string> {
  const wire: Record<string, unknown> = { ...(await getCurrentFuseWire(executable)) };
  return Object.keys(wire)
    .filter((key) => key !== 'version')
    .map((key) => String.fromCharCode(Number(wire[key])))
    .join('');
}
