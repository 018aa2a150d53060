/** What this machine offers to a model: cores, RAM, and the graphics cards that a backend can use. */
import { availableParallelism } from 'node:os';
import type { Machine, MachineDevice, ProbedMachine } from '../domain/contract/machine';
import { gpuKindSchema, type Backend, type GpuKind } from '../domain/contract/model-settings';
import { measureCopyBandwidth } from './copy-bandwidth';
import { installedBackends } from './installed-backends';
import { hasDevice, openLlama } from './llama-binding';
import { loadFailure } from './load-failure';
import { systemMemory } from './system-memory';
import type { Problem } from '../domain/contract/errors';

/**
 * Tries every installed backend. Loads native code that may bring the process down, so it runs in the
 * host. Plain JSON; what the drivers offer changes only with them and with this program, so the caller
 * may keep it and refresh `ramAvailable` and `vramFree` by `refreshMachine`.
 * @param withGpus false looks for none, after a driver was the death of the process
 * @throws AppError `CPU_UNSUPPORTED` where not even the CPU can be used
 */
export async function probeMachine(withGpus = true): Promise<ProbedMachine> {
  const cpu = await openLlama('cpu').catch((error: unknown) => {
    throw loadFailure({ backend: 'cpu', error, lines: [] });
  });
  const devices: MachineDevice[] = [];
  const failures: { backend: Backend; problem: Problem }[] = [];
  const installed = withGpus ? installedBackends() : [];
  for (const kind of gpuKindSchema.options.filter((each) => installed.includes(each))) {
    try {
      const device = await probeDevice(kind);
      if (device) devices.push(device);
    } catch (error) {
      failures.push({
        backend: kind,
        problem: loadFailure({ backend: kind, error, lines: [] }).toProblem(),
      });
    }
  }
  const memory = await availableMemory();
  return {
    machine: {
      cores: availableParallelism(),
      vectorBits: vectorBitsOf(cpu.llama.systemInfo),
      ramTotal: memory.total,
      ramAvailable: memory.available,
      copyBandwidth: measureCopyBandwidth(),
      devices,
    },
    failures,
  };
}

/** The same machine with the memory that is free now. A device that no longer answers is left out. */
export async function refreshMachine(machine: Machine): Promise<Machine> {
  const devices = await Promise.all(
    machine.devices.map((device) => probeDevice(device.kind).catch(() => null)),
  );
  const memory = await availableMemory();
  return {
    ...machine,
    ramTotal: memory.total,
    ramAvailable: memory.available,
    devices: devices.filter((device) => device !== null),
  };
}

/** The device as it is now, or null where the backend finds none. */
async function probeDevice(kind: GpuKind): Promise<MachineDevice | null> {
  const binding = await openLlama(kind);
  if (!(await hasDevice(binding))) return null;
  const names = await binding.llama.getGpuDeviceNames();
  const vram = await binding.llama.getVramState();
  return {
    kind,
    name: names.join(' + '),
    cards: names.length,
    vramTotal: vram.total,
    vramFree: vram.free,
    unified: vram.unifiedSize > 0,
  };
}

/** macOS counts file cache as used, so there the library's own account is taken. */
async function availableMemory(): Promise<{ total: number; available: number }> {
  if (process.platform !== 'darwin') return systemMemory();
  const { llama } = await openLlama('cpu');
  const { total, free } = await llama.getRamState();
  return { total, available: free };
}

/** @param info the engine's list of what it was built for and found, as in `AVX2 = 1 | AVX512 = 1` */
export function vectorBitsOf(info: string): Machine['vectorBits'] {
  if (/\bAVX512 = 1\b/.test(info)) return 512;
  return /\bAVX2? = 1\b/.test(info) ? 256 : 128;
}
