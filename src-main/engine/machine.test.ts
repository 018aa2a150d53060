import { expect, it } from 'vitest';
import { machineSchema } from '../domain/contract/machine';
import { measureCopyBandwidth } from './copy-bandwidth';
import { installedBackends } from './installed-backends';
import { probeMachine, refreshMachine, vectorBitsOf } from './machine';

it('the probe is plain JSON, lists only cards that are there, and gives reasons for the rest', async () => {
  const { machine, failures } = await probeMachine();
  expect(machineSchema.parse(JSON.parse(JSON.stringify(machine)))).toEqual(machine);
  expect(machine.ramAvailable).toBeLessThanOrEqual(machine.ramTotal);
  for (const device of machine.devices) {
    expect(device.name).not.toBe('');
    expect(device.vramTotal).toBeGreaterThan(0);
    expect(device.vramFree).toBeLessThanOrEqual(device.vramTotal);
  }
  const named = [
    ...machine.devices.map(({ kind }) => kind),
    ...failures.map((each) => each.backend),
  ];
  expect(new Set(named).size).toBe(named.length);
  for (const { backend, problem } of failures) {
    expect(installedBackends()).toContain(backend);
    expect(problem.code).toMatch(/^GPU_/);
  }
  const again = await refreshMachine(machine);
  expect(again.devices.map(({ name }) => name)).toEqual(machine.devices.map(({ name }) => name));
  expect(again.copyBandwidth).toBe(machine.copyBandwidth);
});

it('the binaries for this processor are installed', () => {
  expect(installedBackends()).toContain('cpu');
});

it('memory is copied at a speed that memory has', () => {
  const gigabytes = measureCopyBandwidth() / 1e9;
  expect(gigabytes).toBeGreaterThan(0.5);
  expect(gigabytes).toBeLessThan(2000);
});

it('the width of the vector unit is read out of what the engine says of it', () => {
  expect(vectorBitsOf('CPU : SSE3 = 1 | AVX = 1 | AVX2 = 1 | AVX512 = 1 | REPACK = 1 | ')).toBe(
    512,
  );
  expect(vectorBitsOf('CPU : SSE3 = 1 | AVX = 1 | AVX2 = 1 | F16C = 1 | ')).toBe(256);
  expect(vectorBitsOf('CPU : NEON = 1 | ARM_FMA = 1 | ')).toBe(128);
});
