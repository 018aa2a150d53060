import { expect, it } from 'vitest';
import { invokeChannels, settingsSchema } from './ipc';

const plain = { locale: 'en', theme: 'dark', zoom: 1 };

it('settings that never heard of a model notice are read as they are', () => {
  expect(settingsSchema.parse(plain)).toEqual(plain);
});

it('a change of one setting brings in no other', () => {
  const change = invokeChannels['settings.set'].params.parse({ locale: 'en' });
  expect(change).toEqual({ locale: 'en' });
});
