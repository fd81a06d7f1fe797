/**
 * Packing by boxes and windows gives what packing element by element gives: for the weights of random convolutions,
 * transposed convolutions and products, in pieces of any length, with windows down to one channel.
 */
import assert from 'node:assert/strict';
import { ConstantReader } from '../../compiler/ops/constants/materialize.ts';
import type { PackedWeight } from '../../compiler/ops/define/lowering.ts';
import { PanelPacker } from '../../compiler/pack/panels.ts';
import { panelBytes, totalPanels } from '../../compiler/schedule/lower/packed.ts';
import { lowered, packed } from '../ops/run-lowered.ts';
import { Draw, makers } from '../support/op-cases.ts';

const CASES = 80;

const weightsOf = (op: string, seed: number): readonly PackedWeight[] => {
  const { inputs, attrs, constants } = makers[op]!(new Draw(seed));
  return lowered(op, inputs, attrs, constants)?.weights ?? [];
};

describe('packing of panels', () => {
  for (const op of ['conv', 'convTranspose', 'matmul'])
    it(op, () => {
      let count = 0;
      for (let seed = 1; seed <= CASES; seed++) {
        const draw = new Draw(seed);
        for (const weight of weightsOf(op, seed)) {
          assert.ok(weight.layout === 'panels');
          count++;
          const expected = packed(weight);
          const reader = new ConstantReader();
          const packer = new PanelPacker(reader, draw.pick([1, 64, 1000, 2 ** 20]));
          const size = panelBytes(weight);
          const total = totalPanels(weight);
          const got = new Float32Array(expected.length);
          const bytes = new Uint8Array(got.buffer);
          const length = draw.integer(1, total);
          const starts = Array.from({ length: Math.ceil(total / length) }, (_, i) => i * length);
          // Pieces are asked for in the order of their use, which is mostly but not always ascending.
          for (const panel0 of draw.chance(0.3) ? draw.shuffle(starts) : starts) {
            const panels = Math.min(length, total - panel0);
            packer.pack(weight, panel0, panels, bytes.subarray(panel0 * size, (panel0 + panels) * size));
          }
          reader.close();
          assert.deepEqual(got, expected, `seed ${seed}`);
        }
      }
      assert.ok(count > CASES / 4, `${count} weights`);
    });
});
