/**
 * What a key costs while a doctor types: in a reply beside a conversation of 20,000 characters, and in the
 * field of the conversation itself. Measured in the real page: from the key as the browser took it, however long
 * the page kept it waiting, to the end of all that it causes with layout (wanted: one frame of 60 Hz at the 95th
 * percentile); from frame to frame besides, which a display without a graphics card delays by itself.
 *
 *   npx tsx scripts/bench/reply-typing.ts
 */
import type { Page } from 'playwright-core';
import { hasDisplay, startVirtualDisplay } from '../display';
import { resolveRuntime } from '../runtime/resolve';
import { say } from '../terminal';
import { startBenchApp } from './app-path';

const conversationChars = 20_000;
const keys = 300;
/** Milliseconds at 60 Hz. */
const oneFrame = 1000 / 60;
/** Milliseconds between keys: a quick typist's, and slower than the pause in which things are checked. */
const delays = [40, 300] as const;

/** Synthetic, with a danger sign now and then. */
function conversation(): string {
  const lines: string[] = [];
  for (let at = 0, chars = 0; chars < conversationChars; at++) {
    const line =
      at % 2 === 0
        ? `患者：第${at}天，咳嗽比昨天好一些，夜里还有点痰${at % 20 === 0 ? '，胸口疼得厉害' : ''}。`
        : `医生：请继续观察体温，多喝温水，有变化随时告诉我，这是第${at}次提醒。`;
    lines.push(line);
    chars += line.length + 1;
  }
  return lines.join('\n').slice(0, conversationChars);
}

interface Typed {
  /** Milliseconds a key. */
  readonly work: number[];
  /** Milliseconds between frames meanwhile. */
  readonly frames: number[];
}

async function typeInto(page: Page, testId: string, count: number, delay: number): Promise<Typed> {
  const field = page.getByTestId(testId);
  await field.focus();
  await page.evaluate(() => {
    const seen: { work: number[]; frames: number[]; stop: () => void } = {
      work: [],
      frames: [],
      stop: () => undefined,
    };
    let began = 0;
    const down = (event: Event): void => {
      began = event.timeStamp;
    };
    const input = (): void =>
      // Behind what the page's own handlers have left for after them.
      queueMicrotask(() => {
        void document.body.offsetHeight;
        seen.work.push(performance.now() - began);
      });
    let last = 0;
    let frame = requestAnimationFrame(function next(now) {
      if (last > 0) seen.frames.push(now - last);
      last = now;
      frame = requestAnimationFrame(next);
    });
    addEventListener('keydown', down, true);
    addEventListener('input', input);
    seen.stop = () => {
      cancelAnimationFrame(frame);
      removeEventListener('keydown', down, true);
      removeEventListener('input', input);
    };
    Object.assign(globalThis, { seen });
  });
  await page.keyboard.type('abcdefghij'.repeat(Math.ceil(count / 10)).slice(0, count), { delay });
  return page.evaluate(() => {
    const { seen } = globalThis as unknown as {
      seen: { work: number[]; frames: number[]; stop: () => void };
    };
    seen.stop();
    return { work: seen.work, frames: seen.frames };
  });
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil((sorted.length - 1) * share)] ?? Infinity;
}

async function measure(page: Page, name: string, testId: string): Promise<void> {
  for (const delay of delays) {
    const { work, frames } = await typeInto(page, testId, delay > 100 ? keys / 5 : keys, delay);
    const at = (values: readonly number[], share: number): string =>
      percentile(values, share).toFixed(1);
    const met = percentile(work, 0.95) <= oneFrame ? 'met   ' : 'MISSED';
    say(
      `${met} ${name}, a key every ${delay} ms: p50 ${at(work, 0.5)} p95 ${at(work, 0.95)} most ${at(work, 1)} ms ` +
        `(${work.length} keys), wanted p95 <= ${oneFrame.toFixed(1)}; ` +
        `frames p50 ${at(frames, 0.5)} p95 ${at(frames, 0.95)} most ${at(frames, 1)} ms`,
    );
  }
}

const display = hasDisplay() ? null : await startVirtualDisplay();
const { page, close } = await startBenchApp(await resolveRuntime(), display?.name);
try {
  // Whoever tries the samples is shown one first.
  await page.locator('[data-testid="app"][data-screen="extraction"]').waitFor();
  await page.getByTestId('nav-dialogue').click();
  await page.getByTestId('new-dialogue').click();
  await page.getByTestId('conversation-text').fill(conversation());
  await measure(page, 'conversation', 'conversation-text');
  await page.getByTestId('read-conversation').click();
  await page.getByTestId('turns').waitFor();
  await page.getByTestId('write-own').click();
  await page.getByTestId('reply-text').fill('请按时复诊，注意休息，多喝温水。\n'.repeat(40));
  await measure(page, 'reply', 'reply-text');
} finally {
  await close();
  await display?.stop();
}
