/** What is wrong with a .cfg or .weights is said, whatever it is. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importDarknet } from '../../compiler/darknet/import.ts';
import { darknetSizes } from '../../compiler/darknet/sizes.ts';
import type { MillraceError } from '../../runtime/error.ts';
import { withFolder } from '../support/folder.ts';
import { weightsFile } from './reference.ts';

const net = '[net]\nwidth=8\nheight=8\nchannels=3\n';
const conv = (options: string): string => `${net}[convolutional]\n${options}\n`;
const broken: Readonly<Record<string, readonly [string, string]>> = {
  'an empty file': ['', 'MODEL_INVALID'],
  'no net': ['[convolutional]\n', 'MODEL_INVALID'],
  'no layers': [net, 'MODEL_INVALID'],
  'an option before any section': [`a=1\n${net}`, 'MODEL_INVALID'],
  'a line without =': [conv('filters'), 'MODEL_INVALID'],
  'a line that begins with =': [conv('=3'), 'MODEL_INVALID'],
  'a section that does not end': [`${net}[convolutional\n`, 'MODEL_INVALID'],
  binary: [`\x7fELF\x00\x01${'\xff'.repeat(100)}`, 'MODEL_INVALID'],
  'no extents': ['[net]\n[avgpool]\n', 'MODEL_INVALID'],
  'no channels': ['[net]\nwidth=8\nheight=8\n[avgpool]\n', 'MODEL_INVALID'],
  'extents of a billion': [
    '[net]\nwidth=999999999\nheight=999999999\nchannels=3\n[avgpool]\n',
    'MODEL_INVALID',
  ],
  'negative extents': ['[net]\nwidth=-8\nheight=8\nchannels=3\n[avgpool]\n', 'MODEL_INVALID'],
  'filters in words': [conv('filters=many'), 'MODEL_INVALID'],
  'no filters': [conv('filters=0'), 'MODEL_INVALID'],
  'filters below zero': [conv('filters=-1'), 'MODEL_INVALID'],
  'half a filter': [conv('filters=0.5'), 'MODEL_INVALID'],
  'more filters than an int': [conv('filters=99999999999999999999'), 'MODEL_INVALID'],
  'a layer of 2^31 elements': [conv('filters=2147483647'), 'MODEL_INVALID'],
  'weights of 2^31 elements': [conv('filters=10000000\nsize=9\npad=1'), 'MODEL_INVALID'],
  'a kernel larger than the image': [conv('size=9'), 'MODEL_INVALID'],
  'an enormous kernel': [conv('size=2000000000\npad=1'), 'MODEL_INVALID'],
  'an enormous padding': [conv('size=3\npadding=2000000000'), 'MODEL_INVALID'],
  'stride zero': [conv('stride=0'), 'MODEL_INVALID'],
  'groups zero': [conv('groups=0'), 'MODEL_INVALID'],
  'groups that do not divide': [conv('groups=2\nfilters=4'), 'MODEL_INVALID'],
  'an unknown layer': [`${net}[teleport]\n`, 'MODEL_UNSUPPORTED'],
  'a layer named like a method': [`${net}[constructor]\n`, 'MODEL_UNSUPPORTED'],
  'an unknown activation': [conv('activation=sparkle'), 'MODEL_UNSUPPORTED'],
  'an activation named like a method': [conv('activation=toString'), 'MODEL_UNSUPPORTED'],
  'binary weights': [conv('xnor=1'), 'MODEL_UNSUPPORTED'],
  'shared weights': [conv('share_index=0'), 'MODEL_UNSUPPORTED'],
  'dilation that Darknet miscounts': [conv('size=3\ndilation=2\nstride=1'), 'MODEL_UNSUPPORTED'],
  'padding as wide as the window': [`${net}[maxpool]\nsize=2\npadding=4\n`, 'MODEL_INVALID'],
  'a pool larger than the image': [`${net}[maxpool]\nsize=20\npadding=0\n`, 'MODEL_INVALID'],
  'upsampling without end': [`${net}[upsample]\nstride=100000\n`, 'MODEL_INVALID'],
  'upsampling downwards': [`${net}[upsample]\nstride=-2\n`, 'MODEL_INVALID'],
  'a scale that is no number': [`${net}[upsample]\nscale=1.2.3\n`, 'MODEL_INVALID'],
  'a route to nowhere': [`${net}[route]\n`, 'MODEL_INVALID'],
  'a route to itself': [`${net}[route]\nlayers=0\n`, 'MODEL_INVALID'],
  'a route ahead': [`${conv('')}[route]\nlayers=5\n`, 'MODEL_INVALID'],
  'a route before the first': [`${conv('')}[route]\nlayers=-2\n`, 'MODEL_INVALID'],
  'a route of words': [`${conv('')}[route]\nlayers=-1,x\n`, 'MODEL_INVALID'],
  'a route with a hole': [`${conv('')}[route]\nlayers=-1,,-1\n`, 'MODEL_INVALID'],
  'a group that is not there': [
    `${conv('filters=4')}[route]\nlayers=-1\ngroups=2\ngroup_id=2\n`,
    'MODEL_INVALID',
  ],
  'a route of several extents': [
    `${conv('')}[convolutional]\nstride=2\n[route]\nlayers=-1,-2\n`,
    'MODEL_SHAPE',
  ],
  'a shortcut from a smaller image': [`${conv('stride=2')}[upsample]\n[shortcut]\nfrom=-2\n`, 'MODEL_SHAPE'],
  'a weighted shortcut': [`${conv('')}[shortcut]\nfrom=-1\nweights_type=per_channel\n`, 'MODEL_UNSUPPORTED'],
  'a shortcut without from': [`${conv('')}[shortcut]\n`, 'MODEL_INVALID'],
  'scaled channels of an image': [`${conv('')}[scale_channels]\nfrom=-1\n`, 'MODEL_SHAPE'],
  'attention of other channels': [
    `${conv('filters=2')}[convolutional]\nfilters=3\n[sam]\nfrom=-2\n`,
    'MODEL_SHAPE',
  ],
  'a reorganisation that does not divide': [`${conv('filters=4')}[reorg]\nstride=3\n`, 'MODEL_INVALID'],
  'a crop larger than the image': [`${net}[crop]\ncrop_height=9\ncrop_width=2\n`, 'MODEL_INVALID'],
  'softmax groups that do not divide': [`${net}[softmax]\ngroups=7\n`, 'MODEL_INVALID'],
  'softmax at absolute zero': [`${net}[softmax]\ntemperature=0\n`, 'MODEL_INVALID'],
  'a softmax tree': [`${net}[softmax]\ntree=/etc/passwd\n`, 'MODEL_UNSUPPORTED'],
  'yolo of other channels': [`${conv('filters=255')}[yolo]\nclasses=3\n`, 'MODEL_SHAPE'],
  'yolo of anchors that are not there': [
    `${conv('filters=6')}[yolo]\nclasses=1\nnum=2\nmask=2\n`,
    'MODEL_INVALID',
  ],
  'yolo of two billion classes': [`${conv('filters=255')}[yolo]\nclasses=2147483647\n`, 'MODEL_SHAPE'],
  'region of other channels': [`${conv('filters=425')}[region]\n`, 'MODEL_SHAPE'],
  'a layer behind boxes': [`${conv('filters=6')}[yolo]\nclasses=1\n[avgpool]\n`, 'MODEL_UNSUPPORTED'],
  'networks in time': [
    '[net]\nwidth=8\nheight=8\nchannels=3\ntime_steps=3\n[avgpool]\n',
    'MODEL_UNSUPPORTED',
  ],
};

describe('a hostile .cfg', () => {
  for (const [what, [text, code]] of Object.entries(broken))
    it(what, () =>
      withFolder(async (folder) => {
        const path = join(folder, 'a.cfg');
        writeFileSync(path, text, 'latin1');
        await assert.rejects(importDarknet(path, { seed: 1 }), { code });
      }),
    );

  it('all that is not supported is in one error, with lines', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'a.cfg');
      writeFileSync(path, `${conv('xnor=1\nactivation=sparkle')}[lstm]\noutput=3\n[local]\n`);
      await assert.rejects(importDarknet(path, { seed: 1 }), (error: unknown) => {
        const { message } = error as MillraceError;
        for (const text of [
          'a.cfg:5 [convolutional]: xnor=1',
          'activation=sparkle',
          'a.cfg:8 [lstm]',
          '[local]',
        ])
          assert.ok(message.includes(text), `${text} in ${message}`);
        return true;
      });
    }));

  it('options of the import are checked', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'a.cfg');
      writeFileSync(path, conv('filters=2'));
      for (const size of [{ width: 0 }, { height: -1 }, { width: 1.5 }, { height: Number.NaN }])
        await assert.rejects(importDarknet(path, { seed: 1 }, size), { code: 'OPTION' });
      await assert.rejects(importDarknet(path, { seed: 0.5 }), { code: 'OPTION' });
      assert.throws(() => darknetSizes(join(folder, 'none.cfg')), { code: 'MODEL_READ' });
      mkdirSync(join(folder, 'b.cfg'));
      assert.throws(() => darknetSizes(join(folder, 'b.cfg')), { code: 'MODEL_READ' });
    }));
});

describe('a hostile .weights', () => {
  const numbers = new Float32Array(2 + 3 * 2 + 2 * 3);
  const right = weightsFile(numbers);
  const files: Readonly<Record<string, Uint8Array>> = {
    'an empty file': new Uint8Array(0),
    'less than a header': right.subarray(0, 11),
    'a header and nothing': right.subarray(0, 20),
    'a number too few': right.subarray(0, right.length - 4),
    'a byte too few': right.subarray(0, right.length - 1),
    'a byte too many': Buffer.concat([right, new Uint8Array(1)]),
    'a number too many': Buffer.concat([right, new Uint8Array(4)]),
    'the long counter of a version that has the short': weightsFile(numbers, [0, 1, 0]).subarray(0, -4),
    'the short counter of a version that has the long': Buffer.concat([
      right.subarray(0, 16),
      right.subarray(20),
    ]),
    'a version below zero': weightsFile(numbers, [-1, 20, 0]),
    'versions without sense': weightsFile(numbers, [2147483647, -2147483648, 0]),
  };
  const cfg = conv('filters=2\nbatch_normalize=1\nactivation=linear');
  for (const [what, bytes] of Object.entries(files))
    it(what, () =>
      withFolder(async (folder) => {
        writeFileSync(join(folder, 'a.cfg'), cfg);
        writeFileSync(join(folder, 'a.weights'), bytes);
        await assert.rejects(importDarknet(join(folder, 'a.cfg'), join(folder, 'a.weights')), {
          code: 'MODEL_INVALID',
        });
      }),
    );

  it('the right one is right', () =>
    withFolder(async (folder) => {
      writeFileSync(join(folder, 'a.cfg'), cfg);
      writeFileSync(join(folder, 'a.weights'), right);
      await importDarknet(join(folder, 'a.cfg'), join(folder, 'a.weights'));
      await assert.rejects(importDarknet(join(folder, 'a.cfg'), join(folder, 'none.weights')), {
        code: 'MODEL_READ',
      });
    }));
});
