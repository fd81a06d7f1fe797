/** `millrace compile` of a Darknet network: weights beside it, or made up. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { weightsFile } from '../darknet/reference.ts';
import { type Folder, millrace, millraceJson, temporaryFolder } from '../support/command.ts';

const cfg = `[net]
width=16
height=16
channels=3
[convolutional]
filters=12
size=3
pad=1
activation=leaky
[yolo]
classes=1
num=2
`;

interface Run {
  readonly outputs: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly sha256: string;
  }[];
}

describe('millrace compile model.cfg', () => {
  let folder: Folder;
  before(() => {
    folder = temporaryFolder();
    writeFileSync(folder.at('net.cfg'), cfg);
    writeFileSync(folder.at('other.cfg'), cfg);
    writeFileSync(folder.at('net.weights'), weightsFile(new Float32Array(12 + 12 * 27)));
  });
  after(() => folder.remove());
  const compile = (args: readonly string[]) => millrace(['compile', ...args, '-o', folder.at('out')]);

  it('takes the weights beside it', async () => {
    const { code, stderr } = await compile([folder.at('net.cfg')]);
    assert.equal(code, 0, stderr);
    const { outputs } = await millraceJson<Run>(['run', folder.at('out')]);
    assert.deepEqual(
      outputs.map(({ name, shape }) => [name, shape]),
      [['yolo1', [1, 16, 16, 2, 6]]],
    );
  });

  it('makes them up from a seed, at other extents', async () => {
    const sha = async (seed: string): Promise<string> => {
      const { code, stderr } = await compile([
        folder.at('other.cfg'),
        '--seed',
        seed,
        '--dim',
        'width=8',
        '--dim',
        'height=4',
      ]);
      assert.equal(code, 0, stderr);
      const { outputs } = await millraceJson<Run>(['run', folder.at('out')]);
      assert.deepEqual(outputs[0]!.shape, [1, 4, 8, 2, 6]);
      return outputs[0]!.sha256;
    };
    assert.notEqual(await sha('1'), await sha('2'));
  });

  it('says what is missing or too much', async () => {
    const fails = async (args: readonly string[], code: number, says: RegExp): Promise<void> => {
      const result = await compile(args);
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, says);
    };
    await fails(
      [folder.at('other.cfg')],
      1,
      /MODEL_READ: .*has no weights beside it[\s\S]*other\.weights[\s\S]*--seed N/,
    );
    await fails([folder.at('net.cfg'), '--dim', 'depth=3'], 2, /OPTION: .*there is no "depth"/);
    await fails([folder.at('net.cfg'), '--shape', 'image=1x3'], 2, /OPTION: .*there is no "image"/);
    await fails([folder.at('net.cfg'), '--seed', 'x'], 2, /--seed/);
  });
});
