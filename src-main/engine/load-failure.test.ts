import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../domain/contract/errors';
import type { Backend } from '../domain/contract/model-settings';
import { loadFailure } from './load-failure';

/** Literal lines of llama.cpp and node-llama-cpp; those marked `seen` were provoked on a machine. */
const said: readonly (readonly [code: ErrorCode, backend: Backend, lines: readonly string[]])[] = [
  // seen
  [
    'MODEL_TRUNCATED',
    'cpu',
    [
      "llama_model_load: error loading model: tensor 'blk.2.ffn_down.weight' data is not within the file bounds, model is corrupted or incomplete",
      'llama_model_load_from_file_impl: failed to load model',
    ],
  ],
  [
    'MODEL_TRUNCATED',
    'cpu',
    ['llama_model_load: error loading model: unexpectedly reached end of file'],
  ],
  ['MODEL_TRUNCATED', 'cuda', ['gguf_init_from_reader: failed to read tensor data']],
  [
    'FILE_UNREADABLE',
    'cpu',
    ['llama_model_load: error loading model: read error: Input/output error'],
  ],
  // seen
  [
    'MODEL_ARCHITECTURE',
    'cpu',
    [
      'Failed simulating model resource usage. Falling back to estimation heuristic. Error: Failed to load model',
      "llama_model_load: error loading model: unknown model architecture: 'glama'",
      'llama_model_load_from_file_impl: failed to load model',
    ],
  ],
  ['MODEL_ARCHITECTURE', 'cpu', ["error loading model: unsupported model architecture: 'clip'"]],
  // seen
  [
    'MODEL_OUT_OF_MEMORY',
    'cpu',
    [
      'ggml_aligned_malloc: insufficient memory (attempted to allocate 680.62 MB)',
      'ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 713687040',
      'alloc_tensor_range: failed to allocate CPU_REPACK buffer of size 713687040',
      'llama_model_load: error loading model: unable to allocate CPU_REPACK buffer',
    ],
  ],
  [
    'MODEL_OUT_OF_MEMORY',
    'cuda',
    ['alloc_tensor_range: failed to allocate CUDA_Host buffer of size 7136870'],
  ],
  [
    'MODEL_OUT_OF_MEMORY',
    'vulkan',
    ['llama_model_load: error loading model: unable to allocate CPU buffer'],
  ],
  ['MODEL_OUT_OF_MEMORY', 'cpu', ['A context size of 4096 is too large for the available RAM']],
  // seen
  [
    'GPU_OUT_OF_MEMORY',
    'vulkan',
    ['A context size of 2048 with 8 sequences is too large for the available VRAM'],
  ],
  ['GPU_OUT_OF_MEMORY', 'vulkan', ['Not enough VRAM to fit the model with the specified settings']],
  [
    'GPU_OUT_OF_MEMORY',
    'cuda',
    [
      'ggml_backend_cuda_buffer_type_alloc_buffer: allocating 7136.00 MiB on device 0: cudaMalloc failed: out of memory',
      'alloc_tensor_range: failed to allocate CUDA0 buffer of size 7482638336',
    ],
  ],
  [
    'GPU_OUT_OF_MEMORY',
    'vulkan',
    ['alloc_tensor_range: failed to allocate Vulkan0 buffer of size 7482638336'],
  ],
  [
    'GPU_OUT_OF_MEMORY',
    'metal',
    ['ggml_metal_buffer_init: error: failed to allocate buffer, size =  7136.00 MiB'],
  ],
  [
    'GPU_DRIVER',
    'cuda',
    [
      'ggml_cuda_init: failed to initialize CUDA: CUDA driver version is insufficient for CUDA runtime version',
    ],
  ],
  [
    'GPU_DRIVER',
    'cuda',
    ['ggml_cuda_init: failed to initialize CUDA: no CUDA-capable device is detected'],
  ],
  [
    'GPU_DRIVER',
    'cuda',
    ['CUDA error: the provided PTX was compiled with an unsupported toolchain.'],
  ],
  [
    'GPU_DRIVER',
    'cuda',
    ['libcuda.so.1: cannot open shared object file: No such file or directory'],
  ],
  [
    'GPU_DRIVER',
    'vulkan',
    ['libvulkan.so.1: cannot open shared object file: No such file or directory'],
  ],
  [
    'GPU_DRIVER',
    'vulkan',
    ['Vulkan 1.2 is not supported by the current system. Please update your Vulkan driver'],
  ],
  ['GPU_DRIVER', 'cuda', ['NoBinaryFoundError']], // seen
  ['GPU_FAILED', 'cuda', ['CUDA error: an illegal memory access was encountered']],
  ['GPU_FAILED', 'vulkan', ['ggml_vulkan: device lost on Vulkan0']],
  [
    'GPU_FAILED',
    'cuda',
    ['llama_init_from_model: failed to initialize the context: failed to initialize CUDA0 backend'],
  ],
  ['CPU_UNSUPPORTED', 'cpu', ['NoBinaryFoundError']],
  ['CPU_UNSUPPORTED', 'cpu', ["llama-addon.node: version `GLIBC_2.32' not found"]],
  [
    'CPU_UNSUPPORTED',
    'cpu',
    ['llama_model_load: error loading model: make_cpu_buft_list: no CPU backend found'],
  ],
  // seen
  [
    'MODEL_LOAD_FAILED',
    'cpu',
    ["llama_model_load: error loading model: missing tensor 'blk.2.attn_q.weight'"],
  ],
  ['MODEL_LOAD_FAILED', 'cpu', []],
];

describe('what the library says becomes a code that says what to do', () => {
  it.each(said)('%s on %s: %s', (code, backend, lines) => {
    const [last = ''] = lines;
    // The library throws some of these and logs the others.
    for (const failed of [
      { backend, lines, error: new Error('Failed to load model') },
      ...(lines.length === 1 ? [{ backend, lines: [], error: new Error(last) }] : []),
    ]) {
      expect(loadFailure(failed).code).toBe(code);
    }
  });
});

it('on the CPU there is no graphics memory to run out of', () => {
  const lines = ['A context size of 2048 is too large for the available VRAM'];
  const error = new Error('Failed to create context');
  expect(loadFailure({ backend: 'cpu', lines, error }).code).toBe('MODEL_OUT_OF_MEMORY');
});

it('the detail says what was wrong, without any path', () => {
  const detailOf = (line: string, path?: string): unknown =>
    loadFailure({
      backend: 'cpu',
      error: new Error('Failed'),
      lines: [line],
      ...(path === undefined ? {} : { path }),
    }).params?.['detail'];
  expect(detailOf("error: missing tensor 'blk.0.attn_q.weight'")).toContain('blk.0.attn_q.weight');
  for (const path of [
    '/home/zhang san/病历/model.gguf',
    'C:\\Users\\Wang Wu\\model.gguf',
    '\\\\server\\zhang san\\model.gguf',
  ]) {
    expect(detailOf(`error: cannot load '${path}' now`)).toBe('error: cannot load … now');
    expect(detailOf(`error: failed at ${path}: denied`, path)).toBe('error: failed at …: denied');
    const other = path.replace(' ', '_');
    expect(detailOf(`error: failed at ${other}: denied`)).not.toMatch(/zhang|wang|server/i);
  }
});
