import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importOnnx } from '../../compiler/onnx/import/import.ts';
import { ExternalFolder } from '../../compiler/onnx/read/external.ts';
import { interpret } from '../../compiler/ops/constants/interpret.ts';
import { MillraceError } from '../../runtime/error.ts';
import { skip } from '../support/skip.ts';
import { modelBytes, node, tensor } from './make-model.ts';

describe('external data', () => {
  let root = '';
  let folder = '';
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'millrace-external-'));
    folder = join(root, 'model');
    mkdirSync(join(folder, 'sub'), { recursive: true });
    mkdirSync(join(root, 'outside'));
    mkdirSync(join(root, 'model-other'));
    for (const path of ['model/w.bin', 'model/sub/w.bin', 'outside/w.bin', 'model-other/w.bin', 'secret'])
      writeFileSync(join(root, path), new Uint8Array(new Float32Array([1, 2, 3, 4]).buffer));
    symlinkSync('w.bin', join(folder, 'link.bin'));
    symlinkSync('../secret', join(folder, 'secret.bin'));
    symlinkSync('../outside', join(folder, 'away'));
    symlinkSync('sub', join(folder, 'alias'));
    linkSync(join(root, 'outside/w.bin'), join(folder, 'hard.bin'));
    writeFileSync(join(folder, 'c:w.bin'), new Uint8Array(16));
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  const resolve = (entries: Readonly<Record<string, string>> | [string, string][], length = 8) =>
    new ExternalFolder(join(folder, 'model.onnx')).resolve(
      'w',
      Array.isArray(entries) ? entries : Object.entries(entries),
      length,
    );

  it('takes files below the folder of the model', () => {
    assert.equal(resolve({ location: 'w.bin' }).offset, 0);
    assert.equal(resolve({ location: 'w.bin', offset: '8', length: '8', checksum: 'ab' }).offset, 8);
    assert.match(resolve({ location: 'sub/w.bin' }).path, /sub.w\.bin$/);
    assert.match(resolve({ location: './sub//w.bin' }).path, /sub.w\.bin$/);
    // A link to a folder inside stays inside.
    assert.match(resolve({ location: 'alias/w.bin' }).path, /sub.w\.bin$/);
    // Empty tensors have no bytes, but still a file.
    assert.equal(resolve({ location: 'w.bin', offset: '16', length: '0' }, 0).offset, 16);
  });

  const refused: Readonly<Record<string, Readonly<Record<string, string>> | [string, string][]>> = {
    'no location': {},
    'an empty location': { location: '' },
    'an absolute path': { location: '/etc/passwd' },
    'a way up': { location: '../secret' },
    'a way up and down': { location: 'sub/../../model/w.bin' },
    'a sibling whose name begins alike': { location: '../model-other/w.bin' },
    'the folder itself': { location: '.' },
    'a folder': { location: 'sub' },
    'a folder, with a slash': { location: 'sub/' },
    'a missing file': { location: 'none.bin' },
    'a symbolic link': { location: 'link.bin' },
    'a symbolic link out': { location: 'secret.bin' },
    'a folder that is a link out': { location: 'away/w.bin' },
    'a hard link': { location: 'hard.bin' },
    backslashes: { location: '..\\secret' },
    'a drive': { location: 'c:w.bin' },
    'a zero byte': { location: 'w.bin\0.txt' },
    'a device below no folder of ours': { location: 'dev/../../../../dev/zero' },
    'an unknown key': { location: 'w.bin', __proto: 'x' },
    'a key twice': [
      ['location', 'w.bin'],
      ['location', '../secret'],
    ],
    'a negative offset': { location: 'w.bin', offset: '-8' },
    'an offset in hexadecimal': { location: 'w.bin', offset: '0x8' },
    'a fractional offset': { location: 'w.bin', offset: '8.5' },
    'an offset beyond the end': { location: 'w.bin', offset: '12' },
    'an offset that wraps in 64 bits': { location: 'w.bin', offset: '18446744073709551608' },
    'an offset that no double holds': { location: 'w.bin', offset: '9007199254740993' },
    'a length that differs': { location: 'w.bin', length: '4' },
  };
  for (const [what, entries] of Object.entries(refused))
    it(`refuses ${what}`, () => {
      assert.throws(
        () => resolve(entries),
        (error: unknown) =>
          error instanceof MillraceError &&
          error.code === 'MODEL_EXTERNAL_DATA' &&
          error.message.includes('"w"'),
      );
    });

  it('refuses a named pipe, without waiting for a writer', function () {
    try {
      execFileSync('mkfifo', [join(folder, 'pipe.bin')], { stdio: 'ignore' });
    } catch {
      return skip(this, 'there is no mkfifo');
    }
    assert.throws(() => resolve({ location: 'pipe.bin' }), { code: 'MODEL_EXTERNAL_DATA' });
  });

  it('is read by a graph as its own', async () => {
    const path = join(folder, 'model.onnx');
    const external = (name: string, offset: number) => ({
      name,
      dims: [2n],
      dataType: 1,
      dataLocation: 1,
      externalData: Object.entries({ location: 'sub/w.bin', offset: `${offset}`, length: '8' }).map(
        ([key, value]) => ({
          key,
          value,
        }),
      ),
    });
    const bytes = modelBytes({
      nodes: [node('Add', ['x', 'a'], ['y']), node('Mul', ['y', 'b'], ['z'])],
      inputs: { x: [2] },
      outputs: ['z'],
      initializers: [external('a', 0), external('b', 8)],
    });
    writeFileSync(path, bytes);
    const graph = await importOnnx(path);
    const z = interpret(graph, new Map([['x', tensor('float32', [2], [10, 20])]])).get('z');
    assert.deepEqual([...(z?.data ?? [])], [33, 88]);
  });
});
