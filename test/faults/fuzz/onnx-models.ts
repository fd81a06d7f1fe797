/** Small models of every kind of message and every kind of op, to be altered. */
import {
  body,
  initializer,
  int64s,
  type ModelParts,
  modelBytes,
  node,
  tensor,
} from '../../onnx/make-model.ts';

export const wave = (shape: readonly number[]) =>
  tensor(
    'float32',
    shape,
    Array.from({ length: shape.reduce((n, extent) => n * extent, 1) }, (_, i) => Math.sin(i)),
  );

export const models: Readonly<Record<string, () => ModelParts>> = {
  convolutions: () => ({
    nodes: [
      node('Conv', ['x', 'w', 'b'], ['c'], { pads: [1, 1, 1, 1], strides: [1, 1], group: 1 }),
      node('BatchNormalization', ['c', 's', 's', 's', 'v'], ['n'], { epsilon: 1e-5 }),
      node('Relu', ['n'], ['r']),
      node('MaxPool', ['r'], ['p'], { kernel_shape: [2, 2], strides: [2, 2] }),
      node('Resize', ['p', '', 'scales'], ['u'], { mode: 'nearest' }),
      node('Concat', ['u', 'r'], ['y'], { axis: 1 }),
    ],
    inputs: { x: [1, 2, 6, 6] },
    outputs: ['y'],
    initializers: [
      ...[initializer('w', wave([4, 2, 3, 3])), initializer('b', wave([4])), initializer('s', wave([4]))],
      ...[initializer('v', tensor('float32', [4], [1, 2, 3, 4]))],
      initializer('scales', tensor('float32', [4], [1, 1, 2, 2])),
    ],
  }),
  shapes: () => ({
    nodes: [
      node('Shape', ['x'], ['shape']),
      node('Gather', ['shape', 'zero'], ['batch'], { axis: 0 }),
      node('Concat', ['batch', 'rest'], ['target'], { axis: 0 }),
      node('Reshape', ['x', 'target'], ['flat']),
      node('Gemm', ['flat', 'w', 'b'], ['g'], { transB: 1, alpha: { f: 1 } }),
      node('Slice', ['g', 'zero', 'two', 'one'], ['cut']),
      node('Softmax', ['cut'], ['y'], { axis: -1 }),
      node('Transpose', ['g'], ['t'], { perm: [1, 0] }),
      node('ReduceMean', ['t'], ['m'], { axes: [0], keepdims: 0 }),
    ],
    inputs: { x: ['N', 3, 4] },
    outputs: ['y', 'm'],
    initializers: [
      ...[initializer('w', wave([5, 12])), initializer('b', wave([5])), int64s('zero', [0])],
      ...[int64s('rest', [-1]), int64s('two', [2]), int64s('one', [1])],
    ],
  }),
  recurrence: () => ({
    nodes: [
      node('LSTM', ['x', 'w', 'r', 'b'], ['h', 'last'], { hidden_size: 3, direction: 'forward' }),
      node('Squeeze', ['last', 'axes'], ['s']),
      node('MatMul', ['s', 'm'], ['y']),
    ],
    inputs: { x: [4, 1, 2] },
    outputs: ['y'],
    initializers: [
      ...[
        initializer('w', wave([1, 12, 2])),
        initializer('r', wave([1, 12, 3])),
        initializer('b', wave([1, 24])),
      ],
      ...[int64s('axes', [0]), initializer('m', wave([3, 2]))],
    ],
  }),
  control: () => ({
    nodes: [
      node('If', ['c'], ['branch'], {
        then_branch: body([node('Add', ['x', 'one'], ['t'])], [], ['t'], [initializer('one', wave([1]))]),
        else_branch: body([node('Neg', ['x'], ['e'])], [], ['e']),
      }),
      node('Loop', ['trips', 'c', 'branch'], ['last', 'all'], {
        body: body(
          [node('Mul', ['s', 's'], ['next']), node('Identity', ['go'], ['on'])],
          ['i', 'go', 's'],
          ['on', 'next', 's'],
        ),
      }),
      node('Scan', ['last', 'all'], ['y', 'rows'], {
        body: body([node('Add', ['sum', 'row'], ['more'])], ['sum', 'row'], ['more', 'more']),
        num_scan_inputs: 1,
        scan_input_directions: [1],
      }),
    ],
    inputs: { x: [2, 3] },
    outputs: ['y', 'rows'],
    initializers: [initializer('c', tensor('bool', [], [1])), initializer('trips', tensor('int64', [], [3]))],
  }),
  functions: () => ({
    nodes: [{ ...node('Outer', ['x'], ['y'], { alpha: 0.5 }), domain: 'own' }],
    inputs: { x: [2, 3] },
    outputs: ['y'],
    domains: { own: 1 },
    functions: ['Outer', 'Inner'].map((name) => ({
      name,
      domain: 'own',
      input: ['a', 'b'],
      output: ['c'],
      attribute: ['alpha'],
      opsetImport: [
        { domain: '', version: 17n },
        { domain: 'own', version: 1n },
      ],
      node:
        name === 'Outer'
          ? [{ ...node('Inner', ['a', 'b'], ['c'], { alpha: 2 }), domain: 'own' }]
          : [node('LeakyRelu', ['a'], ['l'], { alpha: { f: 1 } }), node('Sum', ['l', 'a'], ['c'])],
    })),
  }),
  indices: () => ({
    nodes: [
      node('TopK', ['x', 'k'], ['best', 'where'], { axis: -1 }),
      node('GatherElements', ['x', 'where'], ['picked'], { axis: -1 }),
      node('OneHot', ['where', 'depth', 'values'], ['hot'], { axis: -1 }),
      node('ArgMax', ['x'], ['most'], { axis: 1, keepdims: 0 }),
      node('Tile', ['picked', 'repeats'], ['tiled']),
      node('CumSum', ['x', 'axis'], ['sums'], { reverse: 1 }),
    ],
    inputs: { x: [3, 4] },
    outputs: ['best', 'hot', 'most', 'tiled', 'sums'],
    initializers: [
      ...[int64s('k', [2]), int64s('repeats', [2, 1]), initializer('axis', tensor('int64', [], [1]))],
      ...[initializer('depth', tensor('int64', [], [4])), initializer('values', wave([2]))],
    ],
  }),
  quantised: () => ({
    nodes: [
      node('QuantizeLinear', ['x', 'scale', 'zero'], ['q']),
      node('QLinearMatMul', ['q', 'scale', 'zero', 'w', 'scale', 'zero', 'scale', 'zero'], ['p']),
      node('DequantizeLinear', ['p', 'scale', 'zero'], ['y']),
      node('Cast', ['y'], ['half'], { to: 10 }),
    ],
    inputs: { x: [2, 3] },
    outputs: ['y', 'half'],
    initializers: [
      ...[initializer('scale', tensor('float32', [], [0.5])), initializer('zero', tensor('uint8', [], [3]))],
      initializer('w', tensor('uint8', [3, 2], [1, 2, 3, 4, 5, 6])),
    ],
  }),
  externalData: () => ({
    nodes: [node('MatMul', ['x', 'w'], ['y'])],
    inputs: { x: [2, 4] },
    outputs: ['y'],
    initializers: [
      {
        name: 'w',
        dims: [4n, 3n],
        dataType: 1,
        dataLocation: 1,
        externalData: [
          { key: 'location', value: 'data.bin' },
          { key: 'offset', value: '0' },
          { key: 'length', value: '48' },
        ],
      },
    ],
  }),
};

/** The models as they should be. */
export const onnxFiles = (): readonly Uint8Array[] => Object.values(models).map((make) => modelBytes(make()));
