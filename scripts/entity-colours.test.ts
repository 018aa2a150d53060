import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from './project';

const css = readFileSync(join(projectRoot, 'src-renderer/ui/tokens.css'), 'utf8');
const hues = Array.from({ length: 12 }, (_, index) => index + 1);
const themes = ['light', 'dark'] as const;
type Rgb = readonly [number, number, number];

/** A colour token in a theme, linear light from 0 to 1. */
function token(name: string, theme: (typeof themes)[number]): Rgb {
  const found = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(css);
  const hex = found?.[theme === 'light' ? 1 : 2];
  if (!hex) throw new Error(`no colour --${name}`);
  const part = (at: number): number => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
}

const luminance = ([r, g, b]: Rgb): number => 0.2126 * r + 0.7152 * g + 0.0722 * b;

/** WCAG 2.2, 1.4.3. */
function contrast(a: Rgb, b: Rgb): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** CIE 1976 L*a*b*, D65. */
function lab([r, g, b]: Rgb): Rgb {
  const f = (t: number): number =>
    t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27) * (t / 116) + 16 / 116;
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** Full dichromacy: Machado, Oliveira and Fernandes 2009, severity 1.0, on linear light. */
const views: Record<string, readonly Rgb[]> = {
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
};
const seenBy = (rows: readonly Rgb[], [r, g, b]: Rgb): Rgb => {
  const [x = 0, y = 0, z = 0] = rows.map(([p, q, s]) =>
    Math.min(1, Math.max(0, p * r + q * g + s * b)),
  );
  return [x, y, z];
};
const distance = (a: Rgb, b: Rgb): number =>
  Math.hypot(...lab(a).map((value, index) => value - (lab(b)[index] ?? 0)));

describe('the twelve colours of types', () => {
  it.each(themes)('stand out from everything they lie on, %s', (theme) => {
    for (const hue of hues) {
      for (const ground of ['paper', 'ground', 'raised']) {
        const found = contrast(token(`entity-${hue}`, theme), token(ground, theme));
        expect(found, `${hue} on ${ground}`).toBeGreaterThanOrEqual(3);
      }
    }
  });

  it('each have a line of their own: colour is never the only cue', () => {
    const cues = hues.map((hue) => {
      const rule = new RegExp(
        `\\.entity-${hue} \\{[^}]*--entity-line: ([^;]+);\\s*--entity-thick: ([^;]+);`,
      ).exec(css);
      return `${rule?.[1]} ${rule?.[2]}`;
    });
    expect(cues).not.toContain('undefined undefined');
    expect(new Set(cues).size).toBe(hues.length);
  });

  it.each(themes)(
    'are told apart, %s; where a colour-blind eye cannot, the lines are of another kind',
    (theme) => {
      const kindOf = (hue: number): string =>
        new RegExp(`\\.entity-${hue} \\{[^}]*--entity-line: ([^;]+);`).exec(css)?.[1] ?? '';
      for (const a of hues) {
        for (const b of hues.filter((hue) => hue > a)) {
          const [one, other] = [token(`entity-${a}`, theme), token(`entity-${b}`, theme)];
          expect(distance(one, other), `${a} and ${b}`).toBeGreaterThan(12);
          for (const [eye, matrix] of Object.entries(views)) {
            const apart = distance(seenBy(matrix, one), seenBy(matrix, other));
            expect(apart > 8 || kindOf(a) !== kindOf(b), `${a} and ${b} by a ${eye} eye`).toBe(
              true,
            );
          }
        }
      }
    },
  );
});
