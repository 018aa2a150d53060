/** What keeps a result from being written, as a problem that says what to do. */
import { AppError } from '../domain/contract/errors';

/** Of a full disk, a quota, and a file that may not become larger. */
const full: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** @returns `DISK_FULL` or `OUTPUT_UNWRITABLE`; what is a problem of ours already stays as it is */
export function outputProblem(path: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return new AppError(full.has(code) ? 'DISK_FULL' : 'OUTPUT_UNWRITABLE', {
    params: { path },
    cause,
  });
}
