import { resolve } from 'node:path';
import fast from '../vitest.config';

/** The same surroundings as the fast tests, for the files those leave out. */
export default {
  ...fast,
  root: resolve(import.meta.dirname, '..'),
  test: {
    ...fast.test,
    include: ['{src-main,src-renderer,scripts,e2e}/**/*.slow.test.ts'],
    exclude: ['node_modules/**', 'out/**'],
    testTimeout: 600_000,
  },
};
