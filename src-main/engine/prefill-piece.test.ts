import { expect, it } from 'vitest';
import { prefillPieceFor } from './prefill-piece';

it.each([
  { model: 'a 13B', parameters: 13.1e9, isOnGpu: false, piece: 32 },
  { model: 'a 13B on a graphics card', parameters: 13.1e9, isOnGpu: true, piece: 512 },
  { model: 'a 1.3B', parameters: 1.33e9, isOnGpu: false, piece: 128 },
  { model: 'the built-in model', parameters: 6.65e6, isOnGpu: false, piece: 32 },
  { model: 'a 0.5B', parameters: 0.494e9, isOnGpu: false, piece: 416 },
])('a prompt for $model is read in pieces of $piece tokens', ({ parameters, isOnGpu, piece }) => {
  expect(prefillPieceFor(parameters, isOnGpu)).toBe(piece);
});
