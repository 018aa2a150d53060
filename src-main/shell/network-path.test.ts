import { expect, it } from 'vitest';
import { AppError } from '../domain/contract/errors';
import { ChosenPaths, isNetworkPath } from './network-path';

it.each([
  '\\\\server\\share\\model.gguf',
  '//server/share/model.gguf',
  '\\/server/share/model.gguf',
  '\\\\?\\UNC\\server\\share\\model.gguf',
  '\\\\.\\UNC\\server\\share\\model.gguf',
  '\\\\server@SSL\\DavWWWRoot\\model.gguf',
  '\\\\?\\GLOBALROOT\\Device\\Mup\\server\\share',
])("another machine's path is refused on Windows unless a dialog returned it: %s", (path) => {
  const paths = new ChosenPaths('win32');
  expect(() => paths.check(path)).toThrow(new AppError('NETWORK_PATH'));
  paths.add(path);
  expect(paths.check(path)).toBe(path);
});

it.each([
  'C:\\models\\a.gguf',
  '\\\\?\\C:\\models\\a.gguf',
  '\\models\\a.gguf',
  'D:/models/a.gguf',
])("this machine's path needs no dialog: %s", (path) =>
  expect(new ChosenPaths('win32').check(path)).toBe(path),
);

it('elsewhere two slashes mean nothing', () => {
  expect(isNetworkPath('//home/a.gguf', 'linux')).toBe(false);
});
