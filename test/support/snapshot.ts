/** Text that is compared with a file; UPDATE_SNAPSHOTS=1 writes the file instead. Read the diff. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export function matchesFile(text: string, file: URL): void {
  const path = fileURLToPath(file);
  if (process.env['UPDATE_SNAPSHOTS'] === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } else assert.equal(text, readFileSync(path, 'utf8'));
}
