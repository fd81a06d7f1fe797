import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importDarknet } from '../../compiler/darknet/import.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { fromNumbers, type Tensor } from '../../compiler/ir/tensor.ts';
import { interpret } from '../../compiler/ops/constants/interpret.ts';
import { withFolder } from '../support/folder.ts';
import { Random } from '../support/random.ts';
import { assertClose } from '../support/tensors.ts';
import { cfgText, forward, type Image, image, type Network, weightsFile } from './reference.ts';

/** What a weights file of a network holds: found by running the reference once over endless numbers. */
function numbersFor(network: Network, input: Image): Float32Array {
  const random = new Random(5);
  const all: number[] = [];
  forward(network, input, (count) => {
    const numbers = Float32Array.from({ length: count }, () => 0.2 + 0.6 * random.next());
    // Weights of both signs; numbers that stand few together are biases and statistics, variances among them.
    if (count > 40) numbers.forEach((v, i) => void (numbers[i] = v - 0.5));
    all.push(...numbers);
    return numbers;
  });
  return Float32Array.from(all);
}

/** [c, h, w] as [1, h, w, c]. */
function channelsLast({ c, h, w, data }: Image): number[] {
  const values: number[] = [];
  for (let place = 0; place < h * w; place++)
    for (let channel = 0; channel < c; channel++) values.push(data[channel * h * w + place]!);
  return values;
}

const extents = { c: 4, h: 8, w: 6 };

async function imported(folder: string, network: Network, numbers: Float32Array): Promise<Graph> {
  const { c, h, w } = extents;
  writeFileSync(join(folder, 'n.cfg'), cfgText(c, h, w, network));
  writeFileSync(join(folder, 'n.weights'), weightsFile(numbers));
  return importDarknet(join(folder, 'n.cfg'), join(folder, 'n.weights'));
}

function inputOf(): Image {
  const random = new Random(3);
  const { c, h, w } = extents;
  return image(
    c,
    h,
    w,
    Float32Array.from({ length: c * h * w }, () => 2 * random.next() - 1),
  );
}

/** The importer's last output against the reference's last layer. */
async function check(network: Network): Promise<void> {
  await withFolder(async (folder) => {
    const input = inputOf();
    const numbers = numbersFor(network, input);
    let at = 0;
    const outputs = forward(network, input, (count) => numbers.subarray(at, (at += count)));
    const graph = await imported(folder, network, numbers);
    const x: Tensor = fromNumbers(
      { dtype: 'float32', shape: [1, input.h, input.w, input.c] },
      channelsLast(input),
    );
    const results = interpret(graph, new Map([['image', x]]));
    const [y] = [...results.values()].slice(-1);
    const expected = fromNumbers(y!.type, channelsLast(outputs.at(-1)!));
    assert.equal(expected.data.length, outputs.at(-1)!.data.length);
    assertClose(y!, expected, 2e-6);
  });
}

const conv = (filters: number, more = {}): Network[number] => [
  'convolutional',
  { filters, size: 3, pad: 1, activation: 'linear', ...more },
];

const cases: Readonly<Record<string, Network>> = {
  'a convolution': [conv(5)],
  'a convolution, normalised': [conv(17, { batch_normalize: 1, activation: 'leaky' })],
  'strides and an even kernel': [conv(3, { size: 2, stride: 2, pad: 0, padding: 1 })],
  'strides of each axis': [conv(3, { stride_x: 2, stride_y: 3 })],
  'stride of one axis': [conv(3, { stride: 2, stride_x: 1 })],
  groups: [conv(6, { groups: 2 })],
  'a filter for each channel': [conv(4, { groups: 4, batch_normalize: 1 })],
  'a dilation': [conv(3, { dilation: 2 })],
  'the default activation is logistic': [['convolutional', { filters: 2 }]],
  ...Object.fromEntries(
    ['logistic', 'relu', 'relu6', 'leaky', 'relie', 'elu', 'tanh', 'hardtan', 'mish', 'swish', 'gelu'].map(
      (activation): [string, Network] => [`activation ${activation}`, [conv(3, { activation })]],
    ),
  ),
  'an activation layer': [conv(3), ['activation', { activation: 'leaky' }]],
  'pooling that keeps the extents': [['maxpool', { size: 3, stride: 1 }]],
  'pooling by two, odd extents': [
    conv(2, { stride: 1, size: 2, pad: 0 }),
    ['maxpool', { size: 2, stride: 2 }],
  ],
  'pooling by two, with stride 1': [['maxpool', { size: 2, stride: 1 }]],
  'pooling without padding': [['maxpool', { size: 3, stride: 2, padding: 0 }]],
  'pooling with windows of 5': [
    ['maxpool', { size: 5, stride: 1 }],
    ['maxpool', { size: 4, stride: 2 }],
  ],
  'averages of windows': [['local_avgpool', { size: 3, stride: 2 }]],
  'the average of all': [conv(5), ['avgpool', {}]],
  'an upsampling': [['upsample', { stride: 2 }]],
  'an upsampling that scales': [['upsample', { stride: 3, scale: 0.5 }]],
  'a route of one': [conv(3), conv(2), ['route', { layers: '-2' }], conv(2)],
  'a route of three': [conv(3), conv(2), conv(1), ['route', { layers: '-1,0, -2' }], conv(2)],
  'a route of the second half': [conv(6), ['route', { layers: -1, groups: 2, group_id: 1 }]],
  'a route of the halves of two': [conv(6), conv(2), ['route', { layers: '-1,-2', groups: 2, group_id: 0 }]],
  'a shortcut': [conv(3), conv(3), ['shortcut', { from: -2, activation: 'leaky' }]],
  'shortcuts from two': [conv(3), conv(3), conv(3), ['shortcut', { from: '-2,-3' }]],
  'a shortcut of fewer channels': [conv(3), conv(5), ['shortcut', { from: -2 }]],
  'a shortcut of more channels': [conv(5), conv(3), ['shortcut', { from: -2 }]],
  'a shortcut past a stride': [
    conv(3),
    conv(5, { stride: 2 }),
    ['shortcut', { from: -2, activation: 'leaky' }],
  ],
  'attention to places': [conv(3), conv(3, { activation: 'logistic' }), ['sam', { from: -2 }]],
  'attention to channels': [
    conv(5),
    ['avgpool', {}],
    conv(5, { size: 1, activation: 'logistic' }),
    ['scale_channels', { from: -3, activation: 'relu' }],
  ],
  'the reorganisation with the quirk': [conv(8), ['reorg', { stride: 2 }]],
  'the reorganisation without it': [conv(3), ['reorg3d', { stride: 2 }]],
  'a normalisation alone': [['batchnorm', {}]],
  'a crop': [['crop', { crop_height: 5, crop_width: 4 }]],
  'a crop that does not adjust': [['crop', { crop_height: 3, crop_width: 3, noadjust: 1 }]],
  'a dense layer over an image': [['connected', { output: 20, activation: 'leaky' }]],
  'dense layers, normalised': [
    ['connected', { output: 18, batch_normalize: 1, activation: 'relu' }],
    ['connected', { output: 3 }],
  ],
  'a dense layer, then convolutions': [
    ['connected', { output: 5, activation: 'linear' }],
    conv(3, { size: 1, pad: 0 }),
  ],
  'a softmax over everything': [conv(2), ['softmax', {}]],
  'a softmax of groups, warm': [
    ['connected', { output: 12, activation: 'linear' }],
    ['softmax', { groups: 3, temperature: 2 }],
  ],
  'dropout and cost do nothing': [
    conv(2),
    ['dropout', { probability: 0.5 }],
    ['avgpool', {}],
    ['softmax', {}],
    ['cost', {}],
  ],
  yolo: [conv(14), ['yolo', { classes: 2, num: 4, mask: '1,3', anchors: '1,1' }]],
  'yolo that scales': [conv(14), ['yolo', { classes: 2, num: 2, scale_x_y: 1.2 }]],
  'yolo with ready coordinates': [
    conv(14, { activation: 'logistic' }),
    ['yolo', { classes: 2, num: 2, new_coords: 1, scale_x_y: 2 }],
  ],
  region: [conv(16), ['region', { classes: 3, num: 2, softmax: 1 }]],
  'region without softmax': [conv(18), ['region', { classes: 3, num: 2, coords: 5 }]],
  detection: [
    ['connected', { output: 12, activation: 'linear' }],
    ['detection', { side: 2 }],
  ],
};

describe('Darknet, against its loops', () => {
  for (const [what, network] of Object.entries(cases)) it(what, () => check(network));
});

describe('importDarknet', () => {
  const network: Network = [['connected', { output: 3, activation: 'linear' }]];
  const input = inputOf();
  const numbers = numbersFor(network, input);
  const value = (graph: Graph): Tensor => {
    const x = fromNumbers({ dtype: 'float32', shape: [1, 8, 6, 4] }, channelsLast(input));
    return interpret(graph, new Map([['image', x]])).get('output')!;
  };

  it('reads files of every age: counters of 4 bytes, matrices transposed', () =>
    withFolder(async (folder) => {
      const plain = value(await imported(folder, network, numbers));
      const paths = [join(folder, 'n.cfg'), join(folder, 'old.weights')] as const;
      writeFileSync(paths[1], weightsFile(numbers, [0, 1, 0]));
      assertClose(value(await importDarknet(...paths)), plain, 0);
      const [outputs, inputs] = [3, numbers.length / 3 - 1];
      const turned = numbers.slice();
      for (let o = 0; o < outputs; o++)
        for (let i = 0; i < inputs; i++)
          turned[outputs + i * outputs + o] = numbers[outputs + o * inputs + i]!;
      writeFileSync(paths[1], weightsFile(turned, [1001, 0, 0]));
      assertClose(value(await importDarknet(...paths)), plain, 0);
    }));

  it('weights stay in their file', () =>
    withFolder(async (folder) => {
      const graph = await imported(folder, network, numbers);
      const kinds = [...graph.values.values()].flatMap(({ constant }) => constant?.kind ?? []);
      assert.deepEqual(kinds, ['file', 'file']);
    }));

  it('names detection layers as outputs, and other extents bind', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'two.cfg');
      const detectors: Network = [
        conv(7),
        ['yolo', { classes: 2, num: 1 }],
        ['route', { layers: -2 }],
        ['upsample', { stride: 2 }],
        ['yolo', { classes: 2, num: 1 }],
      ];
      writeFileSync(path, cfgText(3, 0, 0, detectors));
      const graph = await importDarknet(path, { seed: 1 }, { height: 10, width: 12 });
      const shapes = graph.outputs.map(({ name, value: id }) => [name, graph.values.get(id)!.type.shape]);
      assert.deepEqual(shapes, [
        ['yolo1', [1, 10, 12, 1, 7]],
        ['yolo4', [1, 20, 24, 1, 7]],
      ]);
      assert.equal(graph.name, 'two');
      assert.deepEqual(graph.values.get(graph.inputs[0]!)!.type.shape, [1, 10, 12, 3]);
    }));

  it('takes networks without images', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'mlp.cfg');
      writeFileSync(path, '[net]\ninputs=10\n[connected]\noutput=4\n[softmax]\n');
      const graph = await importDarknet(path, { seed: 1 });
      const x = fromNumbers({ dtype: 'float32', shape: [1, 10] }, [1, 2, 3]);
      const y = interpret(graph, new Map([['input', x]])).get('output')!;
      assert.deepEqual(y.type.shape, [1, 4]);
    }));

  it('reads options as Darknet does', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'odd.cfg');
      const text = [
        '# a comment',
        '[network]',
        ' height = 4 ; four',
        'width=4',
        'channels=1',
        '[conv]\r',
        'filters = 2 # two\r',
        'filters=99',
        'size=1.0',
        'what_is_this=7',
        'activation=linear',
      ].join('\n');
      writeFileSync(path, text);
      const graph = await importDarknet(path, { seed: 1 });
      assert.deepEqual(graph.values.get(graph.outputs[0]!.value)!.type.shape, [1, 4, 4, 2]);
    }));

  it('made-up weights depend on the seed only', () =>
    withFolder(async (folder) => {
      await imported(folder, network, numbers);
      const path = join(folder, 'n.cfg');
      const [a, b, c] = [1, 1, 2].map(async (seed) => value(await importDarknet(path, { seed })));
      assertClose((await a)!, (await b)!, 0);
      assert.notDeepEqual((await a)!.data, (await c)!.data);
    }));
});
