/** The readers that a guided search feeds, each with files that it must read. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { parseStrictJson } from '../../../compiler/model/weights/strict-json.ts';
import { importOnnx } from '../../../compiler/onnx/import/import.ts';
import { MillraceError } from '../../../runtime/error.ts';
import { HEADER_BYTES } from '../../../runtime/format/format.ts';
import { encodeHeader } from '../../../runtime/format/header.ts';
import { readManifest } from '../../../runtime/format/read.ts';
import { chain, encode } from '../../support/chain.ts';
import { onnxFiles } from '../fuzz/onnx-models.ts';

export interface Reader {
  /** The modules whose coverage leads the search. */
  readonly modules: RegExp;
  /** Files that it reads. */
  readonly honest: () => readonly Uint8Array[];
  /** Throws what is no refusal. `folder` is there to write to. */
  readonly read: (bytes: Uint8Array, folder: string) => void | Promise<void>;
}

/** A refusal is typed, and not our own fault. */
function refusal(error: unknown): void {
  if (!(error instanceof MillraceError) || error.code === 'INTERNAL') throw error;
}

export const readers: Readonly<Record<string, Reader>> = {
  onnx: {
    modules: /\/compiler\/onnx\//,
    honest: onnxFiles,
    async read(bytes, folder) {
      const path = join(folder, 'model.onnx');
      writeFileSync(path, bytes);
      await importOnnx(path).catch(refusal);
    },
  },
  /** Payloads: the search would spend its time on the checksum. */
  manifest: {
    modules: /\/runtime\/format\//,
    honest: () =>
      [chain({ layers: 5, width: 32, host: true }), chain({ layers: 2, width: 8 })].map(({ manifest }) =>
        encode(manifest).subarray(HEADER_BYTES),
      ),
    read(bytes) {
      try {
        readManifest(Buffer.concat([encodeHeader(bytes), bytes]), crc32);
      } catch (error) {
        refusal(error);
      }
    },
  },
  json: {
    modules: /\/strict-json\./,
    honest: () =>
      [
        '{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b\\u00e9":[1e3,-0.5,true,null]}',
        '[[]]',
      ].map((text) => Buffer.from(text)),
    read(bytes) {
      const text = Buffer.from(bytes).toString('utf8');
      try {
        parseStrictJson(text);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        return;
      }
      // What the strict reader takes, every other reads too.
      assert.doesNotThrow(() => JSON.parse(text));
    },
  },
};
