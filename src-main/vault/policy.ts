/** The machine's policy file: read at each start, written by nobody but an administrator of the machine. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import { defaultPolicy, policySchema, type Policy } from '../domain/contract/policy';
import { readFully, systemCode } from './files';

const maxFileBytes = 64 * 1024;
const folderName = 'ChiMed Workstation';

/**
 * Where it lies. No environment variable leads elsewhere: that would be a way round it. (On Windows
 * the folder of all users' data is asked of the environment, as the system has no other answer for
 * a program; a user who can change it for the program's start can also start another program.)
 */
export function policyPath(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string {
  switch (platform) {
    case 'win32':
      return join(env['ProgramData'] ?? 'C:\\ProgramData', folderName, 'policy.json');
    case 'darwin':
      return join('/Library/Application Support', folderName, 'policy.json');
    default:
      return '/etc/chimed-workstation/policy.json';
  }
}

/**
 * The policy that holds: of the file, or the default where there is none.
 *
 * @throws AppError `POLICY_INVALID` with the place of the first fault; `STORE_NEWER`. A file that
 *   cannot be read does not mean that anything is allowed.
 */
export async function readPolicy(path: string): Promise<Policy> {
  let text: string;
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size > maxFileBytes) throw new AppError('POLICY_INVALID', { params: { at: 'size' } });
      const bytes = new Uint8Array(size);
      text = Buffer.from(bytes.subarray(0, await readFully(file, bytes, 0))).toString('utf-8');
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return defaultPolicy;
    if (cause instanceof AppError) throw cause;
    throw new AppError('POLICY_INVALID', {
      params: { at: systemCode(cause) ?? 'unknown' },
      cause,
    });
  }
  return parsePolicy(text);
}

/** @throws AppError as `readPolicy` */
export function parsePolicy(text: string): Policy {
  let value: unknown;
  try {
    // An editor of Windows puts a mark at the beginning.
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new AppError('POLICY_INVALID', { params: { at: 'JSON' }, cause });
  }
  const format = z.object({ format: z.number() }).safeParse(value);
  if (format.success && format.data.format > 1) {
    throw new AppError('STORE_NEWER', { params: { format: format.data.format } });
  }
  const parsed = policySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const at = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])].join('.');
  throw new AppError('POLICY_INVALID', { params: { at: at === '' ? 'format' : at } });
}
