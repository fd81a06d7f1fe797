/** An honest manifest over a changed weight file: the right bits, or an error that says so. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../support/random.ts';
import { makeSubjects, runHonest, runSubject, wayFor } from './bundles.ts';
import { ended, type MakeFuzzer } from './fuzzer.ts';

export const weightsFuzzer: MakeFuzzer = async (folder) => {
  const subjects = await makeSubjects(folder);
  const files = new Map(
    subjects.map((subject) => [subject, readFileSync(join(subject.folder, 'weights.bin'))]),
  );
  return {
    honest: () => runHonest(subjects),
    async mutated(random) {
      const subject = random.pick(subjects);
      const path = join(subject.folder, 'weights.bin');
      const file = files.get(subject)!;
      const way = wayFor(subject, random);
      writeFileSync(path, damaged(file, random));
      try {
        return await ended(() => runSubject(subject, way, true));
      } finally {
        writeFileSync(path, file);
      }
    },
  };
};

/** One bit, a block of zeros or of another place, an end cut off or grown. */
function damaged(file: Uint8Array, random: Random): Uint8Array {
  const bytes = Buffer.from(file);
  const at = random.integer(0, bytes.length - 1);
  switch (random.integer(0, 5)) {
    case 0:
      bytes.fill(0, at, Math.min(bytes.length, at + random.pick([1, 512, 4096])));
      return bytes;
    case 1:
      bytes.copyWithin(random.integer(0, bytes.length - 1), at, at + 4096);
      return bytes;
    case 2:
      return bytes.subarray(0, random.chance(0.5) ? at : at - (at % 4096));
    case 3:
      return Buffer.concat([bytes, Buffer.alloc(random.pick([1, 4096]))]);
    default:
      bytes[at]! ^= 1 << random.integer(0, 7);
      return bytes;
  }
}
