/** `llama_model_quantize_params` of llama.h, in the version that node-llama-cpp is pinned to. */
import koffi, { type TypeObject } from 'koffi';

/** Passed by value where the defaults are asked for: a field too few would read another's bytes. */
export function quantizeParameters(): TypeObject {
  return koffi.struct({
    nthread: 'int32',
    ftype: 'int32',
    output_tensor_type: 'int32',
    token_embedding_type: 'int32',
    allow_requantize: 'bool',
    quantize_output_tensor: 'bool',
    only_copy: 'bool',
    pure: 'bool',
    keep_split: 'bool',
    dry_run: 'bool',
    imatrix: 'void *',
    kv_overrides: 'void *',
    tt_overrides: 'void *',
    prune_layers: 'void *',
    max_buf_size: 'size_t',
  });
}
