/**
 * Runs a Jinja template that came with a model file. The file is a stranger's: this thread has a small
 * heap, knows nothing of the program, and is ended when it takes too long.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Template } from '@huggingface/jinja';
import type { TemplateJob, TemplateResult } from './chat-template';

const { template, conversations, bos, eos } = workerData as TemplateJob;

function render(): TemplateResult {
  const compiled = new Template(template);
  return conversations.map((messages) => {
    try {
      return compiled.render({
        messages,
        add_generation_prompt: true,
        bos_token: bos,
        eos_token: eos,
      });
    } catch {
      // A template may refuse a conversation (raise_exception), for instance one with a system text.
      return null;
    }
  });
}

try {
  parentPort?.postMessage(render());
} catch {
  parentPort?.postMessage(null);
}
