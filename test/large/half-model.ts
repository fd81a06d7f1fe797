/**
 * An ONNX file in float16 throughout, in the shape of the zoo's ResNets: bottlenecks of [8, 27, 16, 3] blocks, so 167
 * convolutions with batch norms behind them and 88 MB of weights. Written as a process of its own:
 * `node --import=tsx test/large/half-model.ts <file>`.
 */
import { writeFileSync } from 'node:fs';
import { elementCount } from '../../compiler/ir/types.ts';
import { elementTypeOf } from '../../compiler/onnx/read/schema.ts';
import { modelBytes, type NodeInit, node, type TensorInit } from '../onnx/make-model.ts';
import { Random } from '../support/random.ts';

const STAGES = [8, 27, 16, 3];

/** The nodes and initialisers as they are added; `convolutions` counts. */
class HalfModel {
  readonly nodes: NodeInit[] = [];
  readonly initializers: TensorInit[] = [];
  convolutions = 0;
  readonly #random = new Random(5);

  weight(name: string, shape: readonly number[]): string {
    // Finite values of about 2^-5, of either sign.
    const bits = Uint16Array.from({ length: elementCount(shape) }, () => {
      const drawn = this.#random.integer(0, 0xffff);
      return (drawn & 0x83ff) | ((9 + ((drawn >> 10) & 1)) << 10);
    });
    return this.#add(name, shape, bits);
  }

  /** 1 everywhere: scales and variances. */
  ones(name: string, length: number): string {
    return this.#add(name, [length], new Uint16Array(length).fill(0x3c00));
  }

  emit(op: string, inputs: readonly string[], attrs: Parameters<typeof node>[3] = {}): string {
    const output = `${op}${this.nodes.length}`;
    this.nodes.push(node(op, inputs, [output], attrs));
    return output;
  }

  conv(x: string, from: number, to: number, kernel: number, stride = 1): string {
    const name = `conv${this.convolutions++}`;
    const pad = (kernel - 1) / 2;
    const y = this.emit('Conv', [x, this.weight(`${name}.weight`, [to, from, kernel, kernel])], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
    });
    return this.emit('BatchNormalization', [
      y,
      this.ones(`${name}.scale`, to),
      this.weight(`${name}.bias`, [to]),
      this.weight(`${name}.mean`, [to]),
      this.ones(`${name}.variance`, to),
    ]);
  }

  #add(name: string, shape: readonly number[], bits: Uint16Array): string {
    this.initializers.push({
      name,
      dims: shape.map(BigInt),
      dataType: elementTypeOf('float16'),
      rawData: new Uint8Array(bits.buffer as ArrayBuffer),
    });
    return name;
  }
}

export function halfModel(): { readonly bytes: Uint8Array; readonly convolutions: number } {
  const model = new HalfModel();
  let x = model.emit('Relu', [model.conv('image', 3, 64, 7, 2)]);
  x = model.emit('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  let channels = 64;
  for (const [stage, blocks] of STAGES.entries())
    for (let block = 0; block < blocks; block++) {
      const width = 64 << stage;
      const stride = block === 0 && stage > 0 ? 2 : 1;
      const down = model.emit('Relu', [model.conv(x, channels, width, 1)]);
      const mid = model.emit('Relu', [model.conv(down, width, width, 3, stride)]);
      const up = model.conv(mid, width, 4 * width, 1);
      const shortcut = block === 0 ? model.conv(x, channels, 4 * width, 1, stride) : x;
      x = model.emit('Relu', [model.emit('Add', [up, shortcut])]);
      channels = 4 * width;
    }
  const pooled = model.emit('Flatten', [model.emit('GlobalAveragePool', [x])]);
  const logits = model.emit('Gemm', [
    pooled,
    model.weight('fc.weight', [channels, 1000]),
    model.weight('fc.bias', [1000]),
  ]);
  const bytes = modelBytes({
    nodes: model.nodes,
    initializers: model.initializers,
    inputs: { image: { dtype: 'float16', shape: [1, 3, 224, 224] } },
    outputs: [logits],
  });
  return { bytes, convolutions: model.convolutions };
}

const [, , file] = process.argv;
if (file?.endsWith('.onnx')) writeFileSync(file, halfModel().bytes);
