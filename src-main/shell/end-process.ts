/** Ends a process by force. One that has ended, or is ending by itself, says no to that in a way of each system's own. */
export function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Whoever waits for its end is told of it either way.
  }
}
