/** The quantizer as a child process of plain Node, which Electron's releases forbid. */
import { fork } from 'node:child_process';
import type { QuantizeJob, QuantizerProcess } from './quantize';

/**
 * @param entry path of `quantize-child`, built or from source
 * @param execArgv options of Node. Defaults to this process's own
 */
export function forkQuantizer(
  entry: string,
  job: QuantizeJob,
  execArgv: readonly string[] = process.execArgv,
): QuantizerProcess {
  const child = fork(entry, [JSON.stringify(job)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [...execArgv],
  });
  child.stderr?.setEncoding('utf8');
  return {
    onLog: (listener) => void child.stderr?.on('data', listener),
    // 'close' comes after the last of its log, 'exit' may come before.
    ended: new Promise((resolve, reject) => {
      child.once('close', (code: number | null) => resolve(code));
      child.once('error', reject);
    }),
    kill: () => void child.kill('SIGKILL'),
  };
}
