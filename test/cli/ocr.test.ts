/** The example that reads text, where its packages are installed (`npm run ocr` does it). */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findLines } from '../../examples/ocr/boxes.ts';
import { page } from '../../examples/ocr/page.ts';
import { skip } from '../support/skip.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../examples/ocr/${path}`, import.meta.url));

describe('reading text', () => {
  it('reads the page that it wrote, every character, in the memory of the plans', async function () {
    if (!existsSync(at('node_modules'))) return skip(this, 'the example is not installed (npm run ocr)');
    const { stdout } = await promisify(execFile)(process.execPath, ['--import=tsx', at('main.ts'), '--json']);
    const { reports } = JSON.parse(stdout) as {
      readonly reports: readonly {
        readonly lines: readonly { readonly text: string }[];
        readonly plannedBytes: number;
      }[];
    };
    const [{ lines, plannedBytes }] = reports as [(typeof reports)[number]];
    assert.deepEqual(
      lines.map(({ text }) => text),
      page,
    );
    assert.ok(plannedBytes < 40 * 2 ** 20);
  });

  it('finds lines that stand side by side, and lines that are turned', () => {
    const size = 200;
    const map = new Float32Array(size * size);
    const draw = (x: number, y: number, length: number, thickness: number, angle: number): void => {
      for (let at = 0; at < map.length; at++) {
        const [dx, dy] = [(at % size) - x, Math.floor(at / size) - y];
        const along = dx * Math.cos(angle) + dy * Math.sin(angle);
        const across = dy * Math.cos(angle) - dx * Math.sin(angle);
        if (Math.abs(along) < length / 2 && Math.abs(across) < thickness / 2) map[at] = 0.9;
      }
    };
    draw(150, 30, 60, 10, 0);
    draw(50, 32, 60, 10, 0);
    draw(100, 110, 100, 12, 0.3);
    draw(20, 150, 60, 10, Math.PI / 2);
    const found = findLines(map, size, size);
    assert.deepEqual(
      found.map(({ x, y }) => [Math.round(x / 10), Math.round(y / 10)]),
      [
        [5, 3],
        [15, 3],
        [10, 11],
        [2, 15],
      ],
    );
    assert.ok(Math.abs(found[2]!.angle - 0.3) < 0.03, String(found[2]!.angle));
    assert.ok(found.every(({ width, height }) => width > 2 * height));
    // One that is not sure is no line.
    assert.deepEqual(findLines(map.fill(0.4), size, size), []);
  });
});
