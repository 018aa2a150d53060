/**
 * Runs a Jinja template that came with a model file. The file is a stranger's: this thread has a small
 * heap, knows nothing of the program, and is ended when it takes too long.
 */
import '../offline/begin';
import { parentPort, workerData } from 'node:worker_threads';
import { Template } from '@huggingface/jinja';
import type { TemplateJob, TemplateThreadMessage } from './template-thread';

/** Characters of a rendered conversation; each piece of a format is far shorter. */
const longestResult = 64 * 1024;

const { template, conversations, bos, eos } = workerData as TemplateJob;

function say(message: TemplateThreadMessage): void {
  parentPort?.postMessage(message);
}

function render(): TemplateThreadMessage {
  const compiled = new Template(template);
  const rendered = conversations.map((messages) => {
    try {
      return compiled.render({
        messages,
        add_generation_prompt: true,
        // What is asked for is the answer; thoughts are neither shown nor understood.
        enable_thinking: false,
        bos_token: bos,
        eos_token: eos,
      });
    } catch {
      // A template may refuse a conversation (raise_exception), for instance one with a system text.
      return null;
    }
  });
  return rendered.some((text) => text !== null && text.length > longestResult)
    ? 'too-long'
    : rendered;
}

say('ready');
try {
  say(render());
} catch {
  say('fails');
}
