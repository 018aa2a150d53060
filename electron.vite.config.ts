import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'electron-vite';
import { resolve } from 'node:path';

const here = import.meta.dirname;
const from = (...parts: string[]) => resolve(here, ...parts);

export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      // Both the registry's 33.2.1 runtime (Node 20) and the current Electron must run this.
      target: 'node20',
      minify: false,
      // node-llama-cpp resolves its own files and must never be bundled. Everything else is: zod alone
      // is some seventy modules, which a window would wait for at every start.
      externalizeDeps: {
        exclude: [
          'zod',
          'iconv-lite',
          'commander',
          'csv-parse',
          '@huggingface/jinja',
          'hash-wasm',
          '@scure/bip39',
        ],
      },
      rolldownOptions: {
        input: {
          main: from('src-main/main.ts'),
          host: from('src-main/host/entry.ts'),
          worker: from('src-main/worker/entry.ts'),
          probe: from('src-main/library/probe.ts'),
          cli: from('src-main/cli/main.ts'),
          converter: from('src-main/convert/entry.ts'),
          'template-worker': from('src-main/library/template-worker.ts'),
          'document-thread': from('src-main/documents/thread/document-thread.ts'),
          quantizer: from('src-main/convert/quantize-child.ts'),
          hasher: from('src-main/convert/hash-thread.mjs'),
        },
        output: {
          format: 'es',
          entryFileNames: '[name].js',
          chunkFileNames: 'chunks/[name]-[hash].js',
        },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      target: 'node20',
      // A sandboxed preload can only be one CommonJS file.
      externalizeDeps: false,
      rolldownOptions: {
        input: { preload: from('src-main/preload.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'src-renderer',
    resolve: { alias: { '@domain': from('src-main/domain') } },
    plugins: [svelte({ configFile: from('svelte.config.js') })],
    build: {
      outDir: from('out/renderer'),
      emptyOutDir: true,
      target: 'chrome130',
      minify: true,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: from('src-renderer/index.html') },
    },
  },
});
