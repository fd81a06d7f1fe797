/** Spectra, and the windows and filters that go with them, which are constants. */
import type { ValueId } from '../../ir/graph.ts';
import type { AttrsOf } from '../../ops/index.ts';
import { int } from '../export/graph.ts';
import type { ImportNode } from '../import/node.ts';
import { dtypeOf, elementTypeName } from '../read/schema.ts';
import { defineOnnx, type Export, type Import, type ImportEntry, withConstants } from './define.ts';

/** The axis is an attribute until opset 20, then an operand. */
const fourier: Import<'dft_length' | 'axis'> = (node) => {
  const x = node.input(0);
  const shape = node.shape(x);
  const given = node.opset < 20 ? node.int('axis', 1) : (node.constantNumber('axis') ?? -2);
  const axis = node.axis(given, shape.length);
  const inverse = node.int('inverse', 0) !== 0;
  const onesided = node.int('onesided', 0) !== 0;
  const extent = shape[axis]!;
  const whole = inverse && onesided ? 2 * (extent - 1) : extent;
  const length = node.constantNumber('dft_length') ?? whole;
  return [node.emit('dft', [x], { length, axis, inverse, onesided })];
};

/** Overlapping frames of the signal, each times the window, each transformed. */
const shortTime: Import<'frame_step' | 'frame_length'> = (node) => {
  const signal = node.input(0);
  const { dtype, shape } = node.type(signal);
  const step = node.constantNumber('frame_step') ?? node.invalid('has no frame_step');
  const window = node.optional(2);
  const length = node.constantNumber('frame_length') ?? (window === null ? null : node.shape(window)[0]!);
  if (length === null || !(length >= 1)) return node.invalid('has neither a window nor a frame_length');
  if (shape.length !== 2 && shape.length !== 3)
    node.invalid('signal', '[batch, length, 1 or 2]', `[${shape}]`);
  const [batch, samples, parts = 1] = shape as [number, number, number?];
  if (!(step >= 1 && samples >= length)) node.invalid('frame_step', 'frames within the signal', `${step}`);
  const frames = Math.floor((samples - length) / step) + 1;
  const places = Array.from(
    { length: frames * length },
    (_, i) => Math.floor(i / length) * step + (i % length),
  );
  const indices = node.constant({ dtype: 'int64', shape: [frames, length] }, places, 'places');
  const x = node.reshape(signal, [batch, samples, parts], 'signal');
  let framed: ValueId = node.emit('gather', [x, indices], { axis: 1 }, 'frames');
  if (window !== null) {
    const size = node.shape(window)[0]!;
    if (size !== length) node.invalid('window', `[${length}]`, `[${size}]`);
    framed = node.emit('mul', [framed, node.reshape(window, [length, 1], 'window')], {}, 'windowed');
  }
  const onesided = node.int('onesided', 1) !== 0;
  if (node.type(framed).dtype !== dtype) node.invalid('window', dtype, node.type(framed).dtype);
  return [node.emit('dft', [framed], { length, axis: 2, onesided })];
};

function outputType(node: ImportNode<string>) {
  const to = node.int('output_datatype', 1);
  return dtypeOf(to) ?? node.unsupported(`element type ${elementTypeName(to)}`);
}

/** Sum of cosines: Σ terms[i]·cos(2πi·n/N). A periodic window leaves out the last element of a symmetric one. */
const cosines = (terms: readonly number[]): ImportEntry =>
  withConstants({ size: 0 }, (node) => {
    const size = node.constantNumber('size') ?? node.invalid('has no size');
    if (!(size >= 0 && size <= 1 << 24)) node.invalid('size', `0 to ${1 << 24}`, `${size}`);
    const period = node.int('periodic', 1) !== 0 ? size : size - 1;
    const values = Array.from({ length: size }, (_, n) =>
      period === 0
        ? 1
        : terms.reduce((sum, term, i) => sum + term * Math.cos((2 * Math.PI * i * n) / period), 0),
    );
    return [node.constant({ dtype: outputType(node), shape: [size] }, values, 'window')];
  });

type MelOperand = 'num_mel_bins' | 'dft_length' | 'sample_rate' | 'lower_edge_hertz' | 'upper_edge_hertz';

/** Triangles over the bins of a spectrum, equally far apart on the mel scale. (O'Shaughnessy, 1987) */
const melWeights: Import<MelOperand> = (node) => {
  const read = (operand: MelOperand): number =>
    node.constantNumber(operand) ?? node.invalid(`has no ${operand}`);
  const [bands, length, rate] = [read('num_mel_bins'), read('dft_length'), read('sample_rate')];
  const bins = Math.floor(length / 2) + 1;
  const mel = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700);
  const [low, high] = [mel(read('lower_edge_hertz')), mel(read('upper_edge_hertz'))];
  if (!(bands >= 0 && bins * bands <= 1 << 24)) node.invalid('num_mel_bins', 'a smaller matrix', `${bands}`);
  const edge = (i: number): number => {
    const hertz = 700 * (10 ** ((low + (i * (high - low)) / (bands + 2)) / 2595) - 1);
    return Math.floor(((length + 1) * hertz) / rate);
  };
  const weights = new Array<number>(bins * bands).fill(0);
  const put = (bin: number, band: number, weight: number): void => {
    if (bin >= 0 && bin < bins) weights[bin * bands + band] = weight;
  };
  for (let band = 0; band < bands; band++) {
    const [lower, centre, upper] = [edge(band), edge(band + 1), edge(band + 2)];
    if (lower === centre) put(centre, band, 1);
    else for (let j = lower; j <= centre; j++) put(j, band, (j - lower) / (centre - lower));
    for (let j = centre; j < upper; j++) put(j, band, (upper - j) / (upper - centre));
  }
  return [node.constant({ dtype: outputType(node), shape: [bins, bands] }, weights, 'weights')];
};

/** The axis before opset 20 is an attribute. Half a spectrum of the inverse is written since then only. */
const writeDft: Export<AttrsOf<'dft'>> = (node) => {
  const { length, axis, inverse, onesided } = node.attrs;
  node.need(inverse && onesided ? 20 : 17, 'DFT');
  const operand = node.operand('int64', [], [length], 'length');
  const sides = { inverse: int(inverse), onesided: int(onesided) };
  if (node.opset < 20) return [node.add('DFT', [node.input(0), operand], { axis: int(axis), ...sides })];
  return [node.add('DFT', [node.input(0), operand, node.operand('int64', [], [axis], 'axis')], sides)];
};

export const signal = defineOnnx({
  imports: {
    DFT: withConstants({ dft_length: 1, axis: 2 }, fourier),
    STFT: withConstants({ frame_step: 1, frame_length: 3 }, shortTime),
    HannWindow: cosines([0.5, -0.5]),
    HammingWindow: cosines([25 / 46, -21 / 46]),
    BlackmanWindow: cosines([0.42, -0.5, 0.08]),
    MelWeightMatrix: withConstants(
      { num_mel_bins: 0, dft_length: 1, sample_rate: 2, lower_edge_hertz: 3, upper_edge_hertz: 4 },
      melWeights,
    ),
  },
  exports: { dft: writeDft },
});
