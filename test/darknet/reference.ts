/**
 * A small Darknet: forward passes of its layers over [c, h, w] in plain loops, as its C code has them, fed by a float
 * array in the order of a weights file. It shares nothing with the importer, not even the reading of a `.cfg`.
 */
export interface Image {
  readonly c: number;
  readonly h: number;
  readonly w: number;
  readonly data: Float64Array;
}

export type Options = Readonly<Record<string, string | number>>;
export type Network = readonly (readonly [type: string, options: Options])[];

export const image = (c: number, h: number, w: number, data?: ArrayLike<number>): Image => ({
  c,
  h,
  w,
  data: data === undefined ? new Float64Array(c * h * w) : Float64Array.from(data),
});

const at = ({ h, w, data }: Image, c: number, y: number, x: number): number => data[x + w * (y + h * c)]!;

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const activations: Readonly<Record<string, (x: number) => number>> = {
  linear: (x) => x,
  logistic,
  relu: (x) => (x > 0 ? x : 0),
  relu6: (x) => Math.min(Math.max(x, 0), 6),
  leaky: (x) => (x > 0 ? x : 0.1 * x),
  relie: (x) => (x > 0 ? x : 0.01 * x),
  elu: (x) => (x >= 0 ? x : Math.exp(x) - 1),
  tanh: Math.tanh,
  hardtan: (x) => (x < -1 ? -1 : x > 1 ? 1 : x),
  mish: (x) => x * Math.tanh(Math.log(1 + Math.exp(x))),
  swish: (x) => x * logistic(x),
  gelu: (x) => 0.5 * x * (1 + Math.tanh(0.797885 * x + 0.035677 * x ** 3)),
};

const mapped = (x: Image, fn: (value: number, index: number) => number): Image => ({
  ...x,
  data: x.data.map(fn),
});

/** Writes the text of a `.cfg`. */
export const cfgText = (c: number, h: number, w: number, network: Network): string =>
  [['net', { channels: c, height: h, width: w }] as const, ...network]
    .map(([type, options]) =>
      [`[${type}]`, ...Object.entries(options).map(([key, value]) => `${key}=${value}`)].join('\n'),
    )
    .join('\n\n');

/** The bytes of a `.weights` file. */
export function weightsFile(numbers: Float32Array, version: readonly number[] = [0, 2, 5]): Uint8Array {
  const header = Buffer.alloc(version[0]! * 10 + version[1]! >= 2 ? 20 : 16);
  for (const [i, part] of version.entries()) header.writeInt32LE(part, 4 * i);
  return Buffer.concat([header, new Uint8Array(numbers.buffer)]);
}

/** Outputs of all layers. `next` gives the numbers of the weights file, so many at a time. */
export function forward(network: Network, input: Image, next: (count: number) => Float32Array): Image[] {
  const outputs: Image[] = [];
  for (const [type, options] of network) {
    const layer = new Layer(options, outputs, input, next);
    outputs.push(layer.run(type));
  }
  return outputs;
}

class Layer {
  readonly #options: Options;
  readonly #outputs: readonly Image[];
  readonly #input: Image;
  readonly #next: (count: number) => Float32Array;

  constructor(
    options: Options,
    outputs: readonly Image[],
    first: Image,
    next: (count: number) => Float32Array,
  ) {
    this.#options = options;
    this.#outputs = outputs;
    this.#input = outputs.at(-1) ?? first;
    this.#next = next;
  }

  run(type: string): Image {
    switch (type) {
      case 'convolutional':
        return this.#convolutional();
      case 'connected':
        return this.#connected();
      case 'maxpool':
      case 'local_avgpool':
        return this.#pool(type === 'maxpool');
      case 'avgpool':
        return this.#avgpool();
      case 'upsample':
        return this.#upsample();
      case 'route':
        return this.#route();
      case 'shortcut':
        return this.#shortcut();
      case 'sam':
        return mapped(this.#input, (v, i) => this.#act(v * this.#from().data[i]!, 'linear'));
      case 'scale_channels': {
        const from = this.#from();
        return mapped(from, (v, i) =>
          this.#act(v * this.#input.data[Math.floor(i / (from.h * from.w))]!, 'linear'),
        );
      }
      case 'reorg':
        return this.#reorg(true);
      case 'reorg3d':
        return this.#reorg(false);
      case 'batchnorm': {
        const { c } = this.#input;
        return this.#normalize(this.#input, this.#next(c));
      }
      case 'activation':
        return mapped(this.#input, (v) => this.#act(v, 'linear'));
      case 'softmax':
        return this.#softmax();
      case 'crop':
        return this.#crop();
      case 'yolo':
        return this.#yolo();
      case 'region':
        return this.#region();
      default:
        return this.#input;
    }
  }

  #number(key: string, otherwise: number): number {
    return Number(this.#options[key] ?? otherwise);
  }

  #act(value: number, otherwise: string): number {
    return activations[String(this.#options['activation'] ?? otherwise)]!(value);
  }

  #from(): Image {
    return this.#layer(Number(this.#options['from']));
  }

  #layer(index: number): Image {
    return this.#outputs[index < 0 ? this.#outputs.length + index : index]!;
  }

  /** Given biases, reads the statistics that follow them. */
  #normalize(x: Image, biases: Float32Array): Image {
    const [scales, means, variances] = [this.#next(x.c), this.#next(x.c), this.#next(x.c)];
    return mapped(x, (v, i) => {
      const c = Math.floor(i / (x.h * x.w));
      return ((v - means[c]!) / Math.sqrt(variances[c]! + 0.00001)) * scales[c]! + biases[c]!;
    });
  }

  #convolutional(): Image {
    const x = this.#input;
    const n = this.#number('filters', 1);
    const size = this.#number('size', 1);
    const groups = this.#number('groups', 1);
    const stride = this.#number('stride', 1);
    const [strideX, strideY] = [this.#number('stride_x', stride), this.#number('stride_y', stride)];
    const dilation = this.#number('dilation', 1);
    const pad = this.#number('pad', 0) ? Math.floor(size / 2) : this.#number('padding', 0);
    const normalizes = this.#number('batch_normalize', 0) === 1;
    const biases = this.#next(n);
    const statistics = normalizes ? [this.#next(n), this.#next(n), this.#next(n)] : [];
    const perGroup = x.c / groups;
    const weights = this.#next(n * perGroup * size * size);
    const y = image(
      n,
      Math.floor((x.h + 2 * pad - size) / strideY) + 1,
      Math.floor((x.w + 2 * pad - size) / strideX) + 1,
    );
    let out = 0;
    for (let f = 0; f < n; f++)
      for (let i = 0; i < y.h; i++)
        for (let j = 0; j < y.w; j++) {
          let sum = 0;
          for (let c = 0; c < perGroup; c++)
            for (let ky = 0; ky < size; ky++)
              for (let kx = 0; kx < size; kx++) {
                const row = i * strideY + (ky - pad) * dilation;
                const column = j * strideX + (kx - pad) * dilation;
                if (row < 0 || row >= x.h || column < 0 || column >= x.w) continue;
                const channel = Math.floor(f / (n / groups)) * perGroup + c;
                sum += at(x, channel, row, column) * weights[((f * perGroup + c) * size + ky) * size + kx]!;
              }
          if (normalizes)
            sum = ((sum - statistics[1]![f]!) / Math.sqrt(statistics[2]![f]! + 0.00001)) * statistics[0]![f]!;
          y.data[out++] = this.#act(sum + biases[f]!, 'logistic');
        }
    return y;
  }

  #connected(): Image {
    const x = this.#input.data;
    const n = this.#number('output', 1);
    const biases = this.#next(n);
    const weights = this.#next(n * x.length);
    const sums = image(1, 1, n);
    for (let o = 0; o < n; o++)
      for (let i = 0; i < x.length; i++) sums.data[o]! += x[i]! * weights[o * x.length + i]!;
    const vector = image(n, 1, 1, sums.data);
    const y =
      this.#number('batch_normalize', 0) === 1
        ? this.#normalize(vector, biases)
        : mapped(vector, (v, i) => v + biases[i]!);
    return mapped(y, (v) => this.#act(v, 'logistic'));
  }

  #pool(max: boolean): Image {
    const x = this.#input;
    const stride = this.#number('stride', 1);
    const [strideX, strideY] = [this.#number('stride_x', stride), this.#number('stride_y', stride)];
    const size = this.#number('size', stride);
    const padding = this.#number('padding', size - 1);
    const y = image(
      x.c,
      Math.floor((x.h + padding - size) / strideY) + 1,
      Math.floor((x.w + padding - size) / strideX) + 1,
    );
    const offset = -Math.floor(padding / 2);
    let out = 0;
    for (let c = 0; c < y.c; c++)
      for (let i = 0; i < y.h; i++)
        for (let j = 0; j < y.w; j++) {
          const values: number[] = [];
          for (let n = 0; n < size; n++)
            for (let m = 0; m < size; m++) {
              const [row, column] = [offset + i * strideY + n, offset + j * strideX + m];
              if (row >= 0 && row < x.h && column >= 0 && column < x.w) values.push(at(x, c, row, column));
            }
          y.data[out++] = max ? Math.max(...values) : values.reduce((a, b) => a + b, 0) / values.length;
        }
    return y;
  }

  #avgpool(): Image {
    const { c, h, w, data } = this.#input;
    const y = image(c, 1, 1);
    for (let i = 0; i < data.length; i++) y.data[Math.floor(i / (h * w))]! += data[i]! / (h * w);
    return y;
  }

  #upsample(): Image {
    const x = this.#input;
    const stride = this.#number('stride', 2);
    const y = image(x.c, x.h * stride, x.w * stride);
    return mapped(y, (_, i) => {
      const column = i % y.w;
      const row = Math.floor(i / y.w) % y.h;
      const c = Math.floor(i / (y.w * y.h));
      return this.#number('scale', 1) * at(x, c, Math.floor(row / stride), Math.floor(column / stride));
    });
  }

  #route(): Image {
    const layers = String(this.#options['layers']).split(',').map(Number);
    const groups = this.#number('groups', 1);
    const group = this.#number('group_id', 0);
    const parts = layers.map((index) => {
      const { data } = this.#layer(index);
      const size = data.length / groups;
      return data.subarray(group * size, (group + 1) * size);
    });
    const { h, w } = this.#layer(layers[0]!);
    const data = Float64Array.from(parts.flatMap((part) => [...part]));
    return { c: data.length / (h * w), h, w, data };
  }

  #shortcut(): Image {
    const x = this.#input;
    const y = mapped(x, (v) => v);
    for (const index of String(this.#options['from']).split(',').map(Number)) {
      const add = this.#layer(index);
      const stride = Math.floor(add.w / x.w);
      for (let c = 0; c < Math.min(add.c, x.c); c++)
        for (let i = 0; i < x.h; i++)
          for (let j = 0; j < x.w; j++)
            y.data[j + x.w * (i + x.h * c)]! += at(add, c, i * stride, j * stride);
    }
    return mapped(y, (v) => this.#act(v, 'linear'));
  }

  /** `reorg_cpu` backwards; with the quirk, it is given the input's extents. */
  #reorg(quirk: boolean): Image {
    const { c, h, w, data } = this.#input;
    const s = this.#number('stride', 1);
    const y = image(c * s * s, h / s, w / s);
    const [loopC, loopH, loopW] = quirk ? [c, h, w] : [y.c, y.h, y.w];
    const inC = loopC / (s * s);
    for (let k = 0; k < loopC; k++)
      for (let j = 0; j < loopH; j++)
        for (let i = 0; i < loopW; i++) {
          const offset = Math.floor(k / inC);
          const column = i * s + (offset % s);
          const row = j * s + Math.floor(offset / s);
          y.data[i + loopW * (j + loopH * k)] = data[column + loopW * s * (row + loopH * s * (k % inC))]!;
        }
    return y;
  }

  #softmax(): Image {
    const { data } = this.#input;
    const size = data.length / this.#number('groups', 1);
    const y = image(data.length, 1, 1);
    for (let start = 0; start < data.length; start += size)
      softmax(data, y.data, start, size, 1, this.#number('temperature', 1));
    return y;
  }

  #crop(): Image {
    const x = this.#input;
    const [h, w] = [this.#number('crop_height', 1), this.#number('crop_width', 1)];
    const [dh, dw] = [Math.floor((x.h - h) / 2), Math.floor((x.w - w) / 2)];
    const [scale, shift] = this.#number('noadjust', 0) ? [1, 0] : [2, -1];
    const y = image(x.c, h, w);
    return mapped(y, (_, i) => {
      const c = Math.floor(i / (h * w));
      return at(x, c, (Math.floor(i / w) % h) + dh, (i % w) + dw) * scale + shift;
    });
  }

  #yolo(): Image {
    const { h, w } = this.#input;
    const entries = 5 + this.#number('classes', 20);
    const ready = this.#number('new_coords', 0) === 1;
    const scale = this.#number('scale_x_y', 1);
    return mapped(this.#input, (v, i) => {
      const entry = Math.floor(i / (h * w)) % entries;
      const value = !ready && (entry < 2 || entry >= 4) ? logistic(v) : v;
      return entry < 2 ? value * scale - 0.5 * (scale - 1) : value;
    });
  }

  #region(): Image {
    const x = this.#input;
    const plane = x.h * x.w;
    const coords = this.#number('coords', 4);
    const classes = this.#number('classes', 20);
    const each = coords + 1 + classes;
    const softens = this.#number('softmax', 0) === 1;
    const y = mapped(x, (v, i) => {
      const entry = Math.floor(i / plane) % each;
      return entry < 2 || entry === coords || (entry > coords && !softens) ? logistic(v) : v;
    });
    if (softens)
      for (let n = 0; n < x.c / each; n++)
        for (let place = 0; place < plane; place++)
          softmax(x.data, y.data, (n * each + coords + 1) * plane + place, classes, plane, 1);
    return y;
  }
}

function softmax(
  x: Float64Array,
  y: Float64Array,
  start: number,
  count: number,
  stride: number,
  temperature: number,
): void {
  const places = Array.from({ length: count }, (_, i) => start + i * stride);
  const largest = Math.max(...places.map((i) => x[i]!));
  const exps = places.map((i) => Math.exp((x[i]! - largest) / temperature));
  const sum = exps.reduce((a, b) => a + b, 0);
  for (const [k, i] of places.entries()) y[i] = exps[k]! / sum;
}
