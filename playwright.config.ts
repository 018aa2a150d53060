import { defineConfig } from '@playwright/test';
import { hasDisplay } from './scripts/display';

export default defineConfig({
  testDir: 'e2e',
  testMatch: '**/*.spec.ts',
  // These change what every app of the machine reads: playwright-machine.config.ts runs them.
  grepInvert: /@machine/,
  // Two cores, and every app brings its own model host. Each worker has a display of its own, where
  // its window has the focus; on a person's display two apps would take it from each other.
  workers: hasDisplay() ? 1 : 2,
  fullyParallel: false,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  retries: 0,
  forbidOnly: true,
  outputDir: 'out/e2e',
  reporter: [['list'], ['json', { outputFile: 'out/reports/e2e.json' }]],
});
