import { resolve } from 'node:path';
import fast from '../vitest.config';

/** The offline proof: one world after another, each with a program that wants both cores. */
export default {
  ...fast,
  root: resolve(import.meta.dirname, '..'),
  test: {
    ...fast.test,
    include: ['e2e/offline/*.{proof,test}.ts'],
    exclude: ['node_modules/**', 'out/**'],
    maxWorkers: 1,
    testTimeout: 240_000,
  },
};
