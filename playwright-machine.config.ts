/** The tests that set rules for the whole machine: nothing else may run beside them. */
import { defineConfig } from '@playwright/test';
import base from './playwright.config';

export default defineConfig({
  ...base,
  grep: /@machine/,
  grepInvert: [],
  workers: 1,
  outputDir: 'out/e2e-machine',
  reporter: [['list'], ['json', { outputFile: 'out/reports/e2e-machine.json' }]],
});
