/** What a program asked the kernel of the network, read from strace's words. */

/** System calls that reach out, or wait for others to reach in. */
const networkCalls = ['connect', 'sendto', 'sendmsg', 'sendmmsg', 'bind', 'listen'];

/**
 * The beginning of a command line that runs the rest under strace. `-yy` names the protocol behind every
 * descriptor, without which a `sendmsg` says nothing about where to.
 */
export function traced(output: string): string[] {
  const calls = ['execve', ...networkCalls].join(',');
  return ['strace', '-f', '--seccomp-bpf', '-yy', '-qq', '-e', `trace=${calls}`, '-o', output];
}

export interface NetworkUse {
  /** Programs that were started, so that an empty trace is not taken for a clean one. */
  readonly programs: number;
  /** Calls about any socket, also those of this machine. */
  readonly calls: number;
  /** Addresses on which TCP was listened, such as `127.0.0.1:40001`. */
  readonly listening: readonly string[];
  /** Lines about anything but this machine's own sockets, netlink, and answers to who connected to us. */
  readonly outward: readonly string[];
}

const call = /^\d+ +(\w+)\(\d+<([A-Za-z0-9-]+):\[(.*?)\]>/;

/** @param trace what `traced` wrote */
export function networkUse(trace: string): NetworkUse {
  const lines = trace
    .split('\n')
    .filter((line) => networkCalls.some((name) => new RegExp(`^\\d+ +${name}\\(`).test(line)));
  const listening = lines.flatMap((line) => {
    const [, name, kind = '', place = ''] = call.exec(line) ?? [];
    return name === 'listen' && !isLocal(kind) ? [place] : [];
  });
  const outward = lines.filter((line) => {
    const [, name = '', kind = '', place = ''] = call.exec(line) ?? [];
    if (isLocal(kind) || /sa_family=AF_(UNIX|NETLINK)\b/.test(line)) return false;
    if (!kind.startsWith('TCP')) return true;
    if (name === 'listen') return false;
    if (name === 'bind') return !/sa_family=AF_INET, .*inet_addr\("127\.0\.0\.1"\)/.test(line);
    // An answer goes from where was listened to whoever connected there.
    return name === 'connect' || !listening.some((address) => place.startsWith(`${address}->`));
  });
  const programs = trace.match(/^\d+ +execve\(.*= 0$/gm)?.length ?? 0;
  return { programs, calls: lines.length, listening, outward };
}

const isLocal = (kind: string): boolean => /^(UNIX|NETLINK)/.test(kind);
