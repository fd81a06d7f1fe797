/**
 * A network as the list of tensors its operators write: what the papers' tables are computed from. Each operator is a
 * step; a tensor is held from the step that writes it to the last one that reads it, both included. The input and the
 * output of the network aren't counted, and neither are weights.
 */
import type { Interval } from '../../compiler/memory/index.ts';

export interface Shape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

export interface Value extends Shape {
  readonly index: number;
}

export interface Window {
  readonly kernel?: number | readonly [number, number];
  readonly stride?: number;
  /** Pixels on each side, or TensorFlow's rule. Default 0. */
  readonly padding?: number | 'same';
  readonly dilation?: number;
  /** Round the size up instead of down. */
  readonly ceil?: boolean;
}

const INPUT = -1;

export class Tape {
  readonly input: Value;
  private readonly values: Value[] = [];
  private readonly lastUse: number[] = [];

  constructor(channels: number, size: number) {
    this.input = { channels, height: size, width: size, index: INPUT };
  }

  /** An operator that reads `inputs` and writes a tensor of this shape. */
  write(inputs: readonly Value[], shape: Shape): Value {
    const index = this.values.length;
    for (const { index: read } of inputs) if (read !== INPUT) this.lastUse[read] = index;
    const value = { channels: shape.channels, height: shape.height, width: shape.width, index };
    this.values.push(value);
    this.lastUse.push(index);
    return value;
  }

  /** Activation, and whatever else keeps the shape. */
  same(...inputs: readonly [Value, ...Value[]]): Value {
    return this.write(inputs, inputs[0]);
  }

  conv(x: Value, channels: number, window: Window = {}): Value {
    const [kernelHeight, kernelWidth] =
      typeof window.kernel === 'object' ? window.kernel : [window.kernel ?? 1, window.kernel ?? 1];
    return this.write([x], {
      channels,
      height: extent(x.height, kernelHeight, window),
      width: extent(x.width, kernelWidth, window),
    });
  }

  pool(x: Value, window: Window): Value {
    return this.conv(x, x.channels, window);
  }

  globalPool(x: Value): Value {
    return this.write([x], { channels: x.channels, height: 1, width: 1 });
  }

  dense(x: Value, channels: number): Value {
    return this.write([x], { channels, height: 1, width: 1 });
  }

  concat(...inputs: readonly [Value, ...Value[]]): Value {
    return this.write(inputs, {
      ...inputs[0],
      channels: inputs.reduce((sum, { channels }) => sum + channels, 0),
    });
  }

  /** What is held when; elements of `elementBytes`. Tensors that nothing reads are outputs. */
  lifetimes(elementBytes = 4): Interval[] {
    return this.values.flatMap(({ channels, height, width, index }): Interval[] =>
      this.lastUse[index] === index
        ? []
        : [
            {
              id: index,
              byteLength: channels * height * width * elementBytes,
              start: index,
              end: this.lastUse[index]! + 1,
            },
          ],
    );
  }
}

function extent(size: number, kernel: number, window: Window): number {
  const { stride = 1, padding = 0, dilation = 1, ceil = false } = window;
  if (padding === 'same') return Math.ceil(size / stride);
  // A number pads square windows; rectangular ones are padded to keep their size, as everywhere in Inception.
  const pad = typeof window.kernel === 'object' ? (kernel - 1) / 2 : padding;
  const steps = (size + 2 * pad - dilation * (kernel - 1) - 1) / stride;
  return (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
}
