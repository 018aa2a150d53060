/**
 * What a failed load means, out of the library's own words.
 *
 * `loadModel` only says that it failed; the reason is in the log. The patterns are llama.cpp's and
 * node-llama-cpp's literal messages (llama-model-loader.cpp, llama-mmap.cpp, ggml.c, ggml-backend.cpp,
 * ggml-cuda.cu, ggml-vulkan.cpp; getGpuInfo.cpp and MemoryOrchestrator of node-llama-cpp 3.22.1).
 */
import { AppError, type ErrorCode } from '../domain/contract/errors';
import type { Backend } from '../domain/contract/model-settings';

export interface FailedLoad {
  readonly backend: Backend;
  /** What was thrown. */
  readonly error: unknown;
  /** The library's log lines since the load began. */
  readonly lines: readonly string[];
  /** Of the model file; it is kept out of the detail whatever characters it holds. */
  readonly path?: string;
}

interface Pattern {
  readonly code: ErrorCode;
  readonly says: RegExp;
}

/** Where the memory lies that could not be had; the engine names the buffer. */
const ramBuffer = String.raw`(?:CPU\w*|\w+_Host)`;

/** In order: a driver that fails is also an allocation that fails, and the first line is the cause. */
const patterns: readonly Pattern[] = [
  {
    code: 'MODEL_TRUNCATED',
    says: /data is not within the file bounds|unexpectedly reached end of file|failed to read (?:magic|header|key-value pairs|tensor info|tensor data)/,
  },
  // A disk that was pulled out, or a file that another program holds.
  { code: 'FILE_UNREADABLE', says: /(?:read|seek) error: |failed to open / },
  { code: 'MODEL_ARCHITECTURE', says: /(?:unknown|unsupported) model architecture/ },
  {
    code: 'GPU_DRIVER',
    says: /driver version is insufficient|no CUDA-capable device|no CUDA-capable GPU|unsupported toolchain|(?:libcuda|libcudart|libcublas\w*|libnvidia-ml|libvulkan|nvcuda|cudart64_\d+|cublas64_\d+|vulkan-1)[\w.]*(?:so|dll)?[\w.]*: cannot open shared object|ErrorIncompatibleDriver|Vulkan 1\.2 is not supported|Vulkan device is not supported|no kernel image is available|(?:nvcuda|vulkan-1)\.dll/i,
  },
  {
    code: 'GPU_OUT_OF_MEMORY',
    says: /cudaMalloc failed: out of memory|CUDA error: out of memory|ErrorOutOfDeviceMemory|Device memory allocation of size \d+ failed|too large for the available VRAM(?! and RAM)|Not enough VRAM|kIOGPUCommandBufferCallbackErrorOutOfMemory/,
  },
  {
    code: 'MODEL_OUT_OF_MEMORY',
    says: new RegExp(
      [
        String.raw`insufficient memory \(attempted to allocate`,
        String.raw`(?:failed|unable) to allocate ${ramBuffer} buffer`,
        'too large for the available (?:VRAM and )?RAM',
        'Not enough RAM',
        'std::bad_alloc',
        'Cannot allocate memory',
        'ErrorOutOfHostMemory',
        'posix_memalign failed',
      ].join('|'),
    ),
  },
  {
    code: 'GPU_OUT_OF_MEMORY',
    says: /(?:failed|unable) to allocate (?:CUDA|ROCm|Vulkan|Metal|MTL)\w* buffer|error: failed to allocate buffer, size =/,
  },
  {
    code: 'GPU_FAILED',
    says: /CUDA error|ggml_vulkan: (?:error|device lost|Failed)|ErrorDeviceLost|ErrorInitializationFailed|ggml_metal\w*: error|failed to initialize (?:CUDA|Vulkan|Metal|MTL)\w* ?(?:backend|:)/,
  },
  {
    code: 'CPU_UNSUPPORTED',
    says: /no CPU backend found|failed to initialize CPU backend|no backends are loaded|GLIBC(?:XX)?_[\d.]+' not found|wrong ELF class|invalid ELF header|not a valid Win32 application|incompatible architecture/,
  },
];

/** @returns an error with a code that says what to do; `detail` is technical and holds no path */
export function loadFailure({ backend, error, lines, path }: FailedLoad): AppError {
  if (error instanceof AppError) return error;
  const thrown = error instanceof Error ? error.message : String(error);
  if (isMissingFile(error)) return new AppError('MODEL_MISSING', { cause: error });
  const said = [...lines, thrown];
  const { code, line } = classify(said, backend);
  return new AppError(code, {
    params: { detail: withoutPaths(line ?? complaintIn(lines) ?? thrown, path) },
    cause: error,
  });
}

function classify(said: readonly string[], backend: Backend): { code: ErrorCode; line?: string } {
  for (const { code, says } of patterns) {
    const line = said.find((text) => says.test(text));
    if (line === undefined) continue;
    if (backend === 'cpu' && code === 'GPU_OUT_OF_MEMORY') {
      return { code: 'MODEL_OUT_OF_MEMORY', line };
    }
    return { code, line };
  }
  // node-llama-cpp looks for the drivers first, and says that there is no binary where they are missing.
  if (said.some((text) => text.includes('NoBinaryFound'))) {
    return { code: backend === 'cpu' ? 'CPU_UNSUPPORTED' : 'GPU_DRIVER', line: 'NoBinaryFound' };
  }
  return { code: 'MODEL_LOAD_FAILED' };
}

function isMissingFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** The first line that names a reason; that a rehearsal of the load failed is none. */
function complaintIn(lines: readonly string[]): string | undefined {
  return lines.find(
    (line) =>
      /error|fail|invalid|missing|requires?\b/i.test(line) && !line.startsWith('Failed simulating'),
  );
}

const mostDetail = 300;

/** Paths hold names of people and folders; a log and a report leave the machine. */
function withoutPaths(text: string, path = ''): string {
  return (path === '' ? text : text.replaceAll(path, '…'))
    .replace(/(['"])(?:[A-Za-z]:[\\/]|[\\/]{1,2})[^'"]*\1/g, '…')
    .replace(/(?:[A-Za-z]:[\\/]|\\\\|\/)[^\s'",;)]*[\\/][^\s'",;)]*/g, '…')
    .slice(0, mostDetail);
}
