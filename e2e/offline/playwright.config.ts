import base from '../../playwright.config';

/** The same surroundings, for what `proof.test.ts` runs inside of a namespace. */
export default {
  ...base,
  testDir: '..',
  testMatch: ['*.spec.ts', 'offline/*.flow.ts'],
  outputDir: '../../out/e2e-offline',
  reporter: [['list']],
};
