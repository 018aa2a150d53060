import { svelte } from '@sveltejs/vite-plugin-svelte';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
  resolve: { alias: { '@domain': resolve(import.meta.dirname, 'src-main/domain') } },
  test: {
    include: [
      'src-main/**/*.test.ts',
      'src-renderer/**/*.test.ts',
      'scripts/**/*.test.ts',
      'e2e/fixtures/**/*.test.ts',
    ],
    exclude: ['**/*.slow.test.ts', 'node_modules/**', 'out/**'],
    environment: 'node',
    // The suite shares two cores with native model threads.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
