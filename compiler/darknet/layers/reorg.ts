/**
 * `[reorg]` and `[reorg3d]`: blocks of s×s pixels become channels. The first has a quirk that YOLOv2 was trained
 * with: the loop takes the input's extents for the output's, and so reads C×H×W as if it were (C/s²)×(H·s)×(W·s).
 *
 *   reorg    x as [C/s², H, s, W, s] → [s, s, C/s², H, W] → as [C·s², H/s, W/s]
 *   reorg3d  x as [C, H/s, s, W/s, s] → [s, s, C, H/s, W/s] → as [C·s², H/s, W/s]
 *
 * Source: `reorg_cpu` in `blas.c`, `reorg_old_layer.c` and `reorg_layer.c` of Darknet (AlexeyAB).
 */
import type { ValueId } from '../../ir/graph.ts';
import { checkedExtent, type Emitter, type Extent, type LayerKind } from '../layer.ts';

const reorganising = (quirk: boolean): LayerKind => ({
  refuses: { reverse: ['0'], flatten: ['0'], extra: ['0'] },
  resolve(section, { input }) {
    const s = section.int('stride', 1, 1);
    const { h, w, c } = input;
    if (h % s !== 0 || w % s !== 0 || (quirk && c % (s * s) !== 0))
      throw section.invalid('does not divide its input', {
        expected: `height and width that are multiples of ${s}${quirk ? `, channels of ${s * s}` : ''}`,
        got: `${h}×${w}×${c}`,
      });
    const out = checkedExtent(section, h / s, w / s, c * s * s);
    return {
      out,
      parameters: [],
      emit: (emitter) => (quirk ? emitQuirk(emitter, input, out, s) : emitBlocks(emitter, s)),
    };
  },
});

const emitBlocks = (emitter: Emitter, s: number): ValueId =>
  emitter.node('spaceToDepth', [emitter.input], { blockSize: s });

function emitQuirk(emitter: Emitter, { h, w, c }: Extent, out: Extent, s: number): ValueId {
  const first = emitter.node('transpose', [emitter.input], { perm: [0, 3, 1, 2] });
  const blocks = emitter.node('reshape', [first], { shape: [c / (s * s), h, s, w, s] });
  const moved = emitter.node('transpose', [blocks], { perm: [2, 4, 0, 1, 3] });
  const image = emitter.node('reshape', [moved], { shape: [1, out.c, out.h, out.w] });
  return emitter.node('transpose', [image], { perm: [0, 2, 3, 1] });
}

export const reorg = reorganising(true);
export const reorg3d = reorganising(false);
