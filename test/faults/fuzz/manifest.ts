/** Manifests that lie: decoded, changed where a field or entry stands, sealed again; or bytes changed under a right seal. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HEADER_BYTES } from '../../../runtime/format/format.ts';
import { encodeHeader } from '../../../runtime/format/header.ts';
import { makeSubjects, runHonest, runSubject, type Subject, wayFor, writeManifest } from './bundles.ts';
import { ended, type MakeFuzzer } from './fuzzer.ts';
import { mutateBytes, mutateValue } from './mutate.ts';

export const manifestFuzzer: MakeFuzzer = async (folder) => {
  const subjects = await makeSubjects(folder);
  const files = new Map(subjects.map((subject) => [subject, readFileSync(pathOf(subject))]));
  return {
    honest: () => runHonest(subjects),
    async mutated(random) {
      const subject = random.pick(subjects);
      const way = wayFor(subject, random);
      const file = files.get(subject)!;
      if (random.chance(0.75)) {
        const manifest = structuredClone(subject.manifest);
        mutateValue(manifest, random);
        writeManifest(subject, manifest);
      } else if (random.chance(0.8)) {
        const payload = mutateBytes(file.subarray(HEADER_BYTES), random);
        writeFileSync(pathOf(subject), Buffer.concat([encodeHeader(payload), payload]));
      } else writeFileSync(pathOf(subject), mutateBytes(file, random));
      try {
        return await ended(() => runSubject(subject, way, false));
      } finally {
        writeFileSync(pathOf(subject), file);
      }
    },
  };
};

const pathOf = ({ folder }: Subject): string => join(folder, 'manifest.bin');
