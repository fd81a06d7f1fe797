/** Networks of torchvision as MemoMalloc saw them: batch norm folded, activations not in place, dropout gone. */
import { Tape, type Value } from './tape.ts';

const SIZE = 128;

/** Stages with `dilated` keep the resolution and widen the kernels instead. */
function residual(tape: Tape, depths: readonly number[], dilated: readonly boolean[]): Value {
  let x = tape.same(tape.conv(tape.input, 64, { kernel: 7, stride: 2, padding: 3 }));
  x = tape.pool(x, { kernel: 3, stride: 2, padding: 1 });
  let dilation = 1;
  depths.forEach((depth, stage) => {
    const width = 64 * 2 ** stage;
    for (let block = 0; block < depth; block++) {
      const first = block === 0;
      const stride = first && stage > 0 && !dilated[stage] ? 2 : 1;
      // The first block of a dilated stage still has the dilation of the one before.
      const spread = dilation;
      if (first && dilated[stage]) dilation *= 2;
      const used = first ? spread : dilation;
      const down = tape.same(tape.conv(x, width));
      const mid = tape.same(tape.conv(down, width, { kernel: 3, stride, padding: used, dilation: used }));
      const up = tape.conv(mid, 4 * width);
      const shortcut = first ? tape.conv(x, 4 * width, { stride }) : x;
      x = tape.same(tape.same(up, shortcut));
    }
  });
  return x;
}

export function resnet152(): Tape {
  const tape = new Tape(3, SIZE);
  const x = residual(tape, [3, 8, 36, 3], [false, false, false, false]);
  tape.dense(tape.same(tape.globalPool(x)), 1000);
  return tape;
}

export function deeplabv3Resnet101(): Tape {
  const tape = new Tape(3, SIZE);
  const x = residual(tape, [3, 4, 23, 3], [false, false, true, true]);
  const branches: [Value, ...Value[]] = [tape.same(tape.conv(x, 256))];
  for (const rate of [12, 24, 36]) {
    branches.push(tape.same(tape.conv(x, 256, { kernel: 3, padding: rate, dilation: rate })));
  }
  const pooled = tape.same(tape.conv(tape.globalPool(x), 256));
  branches.push(tape.write([pooled], { ...x, channels: 256 }));
  const projected = tape.same(tape.conv(tape.concat(...branches), 256));
  const head = tape.same(tape.conv(projected, 256, { kernel: 3, padding: 1 }));
  const classes = tape.conv(head, 21);
  tape.write([classes], { channels: 21, height: SIZE, width: SIZE });
  return tape;
}

export function mobilenetV2(): Tape {
  const tape = new Tape(3, SIZE);
  let x = tape.same(tape.conv(tape.input, 32, { kernel: 3, stride: 2, padding: 1 }));
  for (const [expand, channels, repeats, firstStride] of [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
  ] as const) {
    for (let n = 0; n < repeats; n++) {
      const stride = n === 0 ? firstStride : 1;
      const width = x.channels * expand;
      let y = x;
      if (expand !== 1) y = tape.same(tape.conv(y, width));
      y = tape.same(tape.conv(y, width, { kernel: 3, stride, padding: 1 }));
      y = tape.conv(y, channels);
      x = stride === 1 && x.channels === channels ? tape.same(x, y) : y;
    }
  }
  x = tape.same(tape.conv(x, 1280));
  tape.dense(tape.same(tape.globalPool(x)), 1000);
  return tape;
}

/** Kernel, width inside, channels out, squeeze and excite, stride. */
type Bneck = readonly [number, number, number, boolean, number];

const LARGE: readonly Bneck[] = [
  [3, 16, 16, false, 1],
  [3, 64, 24, false, 2],
  [3, 72, 24, false, 1],
  [5, 72, 40, true, 2],
  [5, 120, 40, true, 1],
  [5, 120, 40, true, 1],
  [3, 240, 80, false, 2],
  [3, 200, 80, false, 1],
  [3, 184, 80, false, 1],
  [3, 184, 80, false, 1],
  [3, 480, 112, true, 1],
  [3, 672, 112, true, 1],
  [5, 672, 160, true, 2],
  [5, 960, 160, true, 1],
  [5, 960, 160, true, 1],
];

const SMALL: readonly Bneck[] = [
  [3, 16, 16, true, 2],
  [3, 72, 24, false, 2],
  [3, 88, 24, false, 1],
  [5, 96, 40, true, 2],
  [5, 240, 40, true, 1],
  [5, 240, 40, true, 1],
  [5, 120, 48, true, 1],
  [5, 144, 48, true, 1],
  [5, 288, 96, true, 2],
  [5, 576, 96, true, 1],
  [5, 576, 96, true, 1],
];

/** The nearest multiple of eight, but not more than a tenth below. */
function roundToEight(channels: number): number {
  const rounded = Math.max(8, 8 * Math.floor((channels + 4) / 8));
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

function mobilenetV3(blocks: readonly Bneck[], hidden: number): Tape {
  const tape = new Tape(3, SIZE);
  let x = tape.same(tape.conv(tape.input, 16, { kernel: 3, stride: 2, padding: 1 }));
  for (const [kernel, width, channels, excite, stride] of blocks) {
    let y = x;
    if (width !== x.channels) y = tape.same(tape.conv(y, width));
    y = tape.same(tape.conv(y, width, { kernel, stride, padding: (kernel - 1) / 2 }));
    if (excite) {
      const squeeze = tape.same(tape.conv(tape.globalPool(y), roundToEight(width / 4)));
      const scale = tape.same(tape.conv(squeeze, width));
      y = tape.same(y, scale);
    }
    y = tape.conv(y, channels);
    x = stride === 1 && x.channels === channels ? tape.same(x, y) : y;
  }
  x = tape.same(tape.conv(x, 6 * x.channels));
  const pooled = tape.same(tape.globalPool(x));
  tape.dense(tape.same(tape.dense(pooled, hidden)), 1000);
  return tape;
}

export const mobilenetV3Large = (): Tape => mobilenetV3(LARGE, 1280);
export const mobilenetV3Small = (): Tape => mobilenetV3(SMALL, 1024);
