/** Networks as TensorFlow Lite holds them: activations fused, batch norm folded, nested concatenations flattened. */
import { Tape, type Value } from './tape.ts';

export function mobilenetV1(): Tape {
  const tape = new Tape(3, 224);
  let x = tape.conv(tape.input, 32, { kernel: 3, stride: 2, padding: 'same' });
  for (const [channels, stride] of [
    [64, 1],
    [128, 2],
    [128, 1],
    [256, 2],
    [256, 1],
    [512, 2],
    [512, 1],
    [512, 1],
    [512, 1],
    [512, 1],
    [512, 1],
    [1024, 2],
    [1024, 1],
  ] as const) {
    x = tape.pool(x, { kernel: 3, stride, padding: 'same' });
    x = tape.conv(x, channels);
  }
  return classify(tape, x);
}

export function mobilenetV2(): Tape {
  const tape = new Tape(3, 224);
  let x = tape.conv(tape.input, 32, { kernel: 3, stride: 2, padding: 'same' });
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
      let y = expand === 1 ? x : tape.conv(x, x.channels * expand);
      y = tape.pool(y, { kernel: 3, stride, padding: 'same' });
      y = tape.conv(y, channels);
      x = n > 0 ? tape.same(x, y) : y;
    }
  }
  return classify(tape, tape.conv(x, 1280));
}

/** Global pool, logits as a convolution, then reshapes and softmax. */
function classify(tape: Tape, x: Value, after = 2): Tape {
  let y = tape.conv(tape.globalPool(x), 1001);
  for (let n = 0; n < after; n++) y = tape.same(y);
  return tape;
}

export function inceptionV3(): Tape {
  const tape = new Tape(3, 299);
  const same = (x: Value, channels: number, kernel: number | readonly [number, number]): Value =>
    tape.conv(x, channels, { kernel, padding: 'same' });
  const pooled = (x: Value): Value => tape.pool(x, { kernel: 3, padding: 'same' });
  let x = tape.conv(tape.input, 32, { kernel: 3, stride: 2 });
  x = tape.conv(x, 32, { kernel: 3 });
  x = same(x, 64, 3);
  x = tape.pool(x, { kernel: 3, stride: 2 });
  x = tape.conv(x, 80);
  x = tape.conv(x, 192, { kernel: 3 });
  x = tape.pool(x, { kernel: 3, stride: 2 });
  for (const projection of [32, 64, 64]) {
    const a = tape.conv(x, 64);
    const b = same(tape.conv(x, 48), 64, 5);
    const c = same(same(tape.conv(x, 64), 96, 3), 96, 3);
    x = tape.concat(a, b, c, tape.conv(pooled(x), projection));
  }
  {
    const a = tape.conv(x, 384, { kernel: 3, stride: 2 });
    const b = tape.conv(same(tape.conv(x, 64), 96, 3), 96, { kernel: 3, stride: 2 });
    x = tape.concat(a, b, tape.pool(x, { kernel: 3, stride: 2 }));
  }
  for (const width of [128, 160, 160, 192]) {
    const a = tape.conv(x, 192);
    const b = same(same(tape.conv(x, width), width, [1, 7]), 192, [7, 1]);
    let c = tape.conv(x, width);
    for (const kernel of [
      [7, 1],
      [1, 7],
      [7, 1],
    ] as const)
      c = same(c, width, kernel);
    c = same(c, 192, [1, 7]);
    x = tape.concat(a, b, c, tape.conv(pooled(x), 192));
  }
  {
    const a = tape.conv(tape.conv(x, 192), 320, { kernel: 3, stride: 2 });
    const b = same(same(tape.conv(x, 192), 192, [1, 7]), 192, [7, 1]);
    x = tape.concat(a, tape.conv(b, 192, { kernel: 3, stride: 2 }), tape.pool(x, { kernel: 3, stride: 2 }));
  }
  for (let n = 0; n < 2; n++) {
    const a = tape.conv(x, 320);
    const b = tape.conv(x, 384);
    const [b1, b2] = [same(b, 384, [1, 3]), same(b, 384, [3, 1])];
    const c = same(tape.conv(x, 448), 384, 3);
    const [c1, c2] = [same(c, 384, [1, 3]), same(c, 384, [3, 1])];
    x = tape.concat(a, b1, b2, c1, c2, tape.conv(pooled(x), 192));
  }
  return classify(tape, x, 3);
}
