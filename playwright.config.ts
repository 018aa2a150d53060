import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'e2e',
  testMatch: '**/*.spec.ts',
  // One app at a time: two cores, and every app brings its own model host.
  workers: 1,
  fullyParallel: false,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  retries: 0,
  forbidOnly: true,
  outputDir: 'out/e2e',
  reporter: [['list'], ['json', { outputFile: 'out/reports/e2e.json' }]],
});
