/** `millrace calibrate` and `millrace plan` on a model and its bundle, as a user meets them. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { type Folder, millrace, millraceJson, temporaryFolder } from '../support/command.ts';

const MODEL = `
import { conv2d, defineModel, dense, globalAveragePool, relu, tensor } from 'millrace';
export default defineModel('tower', { image: tensor('float32', [1, 16, 16, 8]) }, ({ image }) => {
  let x = image;
  for (let i = 0; i < 6; i++) x = relu(conv2d(x, { filters: 128, kernel: 3, padding: 'same' }));
  return { scores: dense(globalAveragePool(x), { units: 100 }) };
});
`;

interface Point {
  readonly name: string;
  readonly budgetBytes: number;
  readonly peakBytes: number;
  readonly lowerBoundBytes: number;
  readonly predictedMs: number;
  readonly delayMs: number;
  readonly stallShare: number;
  readonly bytesRead: number;
  readonly planner: string;
}
interface Report {
  readonly model: string;
  readonly device: string;
  readonly naiveBytes: number;
  readonly plans?: readonly Point[];
  readonly points?: readonly Point[];
}

describe('millrace plan <model | bundle>, calibrate', () => {
  let folder: Folder;
  let model: string;
  let bundle: string;
  before(async () => {
    folder = temporaryFolder();
    model = folder.at('tower.mjs');
    bundle = folder.at('bundle');
    writeFileSync(model, MODEL);
    await millraceJson(['compile', model, '-o', bundle]);
  });
  after(() => folder.remove());

  it('plans a model and its bundle alike', async () => {
    const [ofModel, ofBundle] = [
      await millraceJson<Report>(['plan', model]),
      await millraceJson<Report>(['plan', bundle]),
    ];
    assert.deepEqual(ofModel, ofBundle);
    assert.equal(ofModel.plans!.at(-1)!.name, 'resident');
    assert.ok(ofModel.plans!.every(({ peakBytes }) => peakBytes < ofModel.naiveBytes));
    const text = await millrace(['plan', bundle]);
    assert.match(text.stdout, /MiB → [\d.]+ MiB \(lower bound [\d.]+ MiB, planner /);
  });

  it('plans within the budgets it is given, and says which is too small', async () => {
    const { plans } = await millraceJson<Report>(['plan', bundle]);
    const budget = Math.floor((plans![0]!.budgetBytes + plans!.at(-1)!.budgetBytes) / 2);
    const one = await millraceJson<Report>(['plan', model, '--budget', `${budget}`]);
    assert.equal(one.plans!.length, 1);
    assert.ok(one.plans![0]!.peakBytes <= budget);
    const refused = await millrace(['plan', bundle, '--budget', '1KiB']);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /BUDGET[\s\S]*at least/);
  });

  it('sweeps: a table, JSON, a page closed in itself, and a trace', async () => {
    const [page, trace] = [folder.at('trade.html'), folder.at('trace.json')];
    const { points } = await millraceJson<Report>([
      'plan',
      bundle,
      '--sweep',
      '--html',
      page,
      '--trace',
      trace,
    ]);
    assert.ok(points!.length >= 4);
    points!.forEach((point, n) => {
      const before = points![n - 1];
      assert.ok(before === undefined || point.budgetBytes > before.budgetBytes);
      assert.ok(before === undefined || point.predictedMs <= before.predictedMs);
    });
    assert.deepEqual([points!.at(-1)!.bytesRead, points!.at(-1)!.delayMs], [0, 0]);

    const inflated: string[] = [];
    const html = readFileSync(page, 'utf8').replace(
      /<script type="text\/plain" data-of="\d+">([^<]+)<\/script>/g,
      (_, text: string) => {
        inflated.push(inflateSync(Buffer.from(text, 'base64')).toString());
        return '';
      },
    );
    assert.doesNotMatch(html, /<link|@import|src=|href=/);
    assert.deepEqual(
      [...html.matchAll(/https?:[^"'\s)]+/g)].filter(([url]) => url !== 'http://www.w3.org/2000/svg'),
      [],
    );
    // One point's pictures are drawn, those of the others lie deflated beside it.
    assert.equal(html.match(/<section/g)!.length, 1);
    assert.equal(inflated.length, points!.length - 1);
    for (const picture of [html, ...inflated]) {
      assert.equal(picture.match(/<svg [^>]*aria-label="Predicted run"/g)!.length, 1);
      assert.match(picture, /<title>segment \d+: weights of conv/);
    }
    assert.equal(html.match(/<circle class="dot"/g)!.length, points!.length);
    assert.equal(html.match(/<svg/g)!.length, html.match(/<\/svg>/g)!.length);
    const { traceEvents } = JSON.parse(readFileSync(trace, 'utf8')) as {
      traceEvents: { ph: string; cat?: string; ts?: number; dur?: number }[];
    };
    const read = traceEvents.filter(({ cat }) => cat === 'read');
    assert.ok(read.length > 0 && read.every(({ ts, dur }) => ts! >= 0 && dur! > 0));
    const run = traceEvents.find(({ cat }) => cat === 'run')!;
    assert.ok(Math.abs(run.dur! / 1000 - points![0]!.predictedMs) < 1e-3);
  });

  it('places activations alone with a planner, or with all', async () => {
    const one = await millraceJson<Point>(['plan', model, '--planner', 'naive']);
    const all = await millraceJson<Point & { planners: readonly Point[] }>([
      'plan',
      bundle,
      '--planner',
      'all',
    ]);
    assert.ok(all.planners.length > 5 && all.peakBytes <= one.peakBytes);
    assert.ok(all.peakBytes >= all.lowerBoundBytes);
  });

  it('calibrates, and predicts from the profile', async () => {
    const profile = folder.at('profile.json');
    const written = await millraceJson<{ kernels: object; measured: readonly object[]; engine: string }>([
      'calibrate',
      bundle,
      '-o',
      profile,
      '--engine',
      'wasm',
      '--source',
      'file',
    ]);
    assert.deepEqual(JSON.parse(readFileSync(profile, 'utf8')), written);
    assert.equal(written.engine, 'wasm');
    for (const kernel of [
      'f32-conv/panels',
      'f32-conv/pixels',
      'f32-depthwise',
      'f32-gemm',
      'f32-pool',
      'f32-softmax',
      'copy',
    ])
      assert.ok(Object.hasOwn(written.kernels, kernel), kernel);
    assert.ok(written.measured.length > 0);
    const { plans, device } = await millraceJson<Report>(['plan', bundle, '--profile', profile]);
    assert.match(device, /wasm/);
    assert.ok(plans!.every(({ predictedMs }) => predictedMs > 0));
    // The bundle's layers run as they were compiled; a model is lowered for the device of the profile.
    const planned = await millraceJson<Report>(['plan', model, '--profile', profile]);
    const compiled = await millraceJson<{ plans: readonly Point[] }>([
      'compile',
      model,
      '-o',
      folder.at('profiled'),
      '--profile',
      profile,
    ]);
    assert.deepEqual(
      compiled.plans.map(({ predictedMs }) => predictedMs),
      planned.plans!.map(({ predictedMs }) => predictedMs),
    );
  }).timeout(180_000);

  it('refuses what does not go together, and profiles that are none', async () => {
    for (const args of [
      ['plan', bundle, '--sweep', '--budget', '8MiB'],
      ['plan', bundle, '--capacity', '100'],
      ['plan', bundle, '--planner', 'magic'],
      ['plan', bundle, '--planner', 'naive', '--sweep'],
      ['plan', folder.at('none.csv'), '--sweep'],
      ['calibrate', '--source', 'magic'],
      ['calibrate', '--directory', model],
    ])
      assert.equal((await millrace(args)).code, 2, args.join(' '));
    writeFileSync(folder.at('bad.json'), '{"version": 7}');
    for (const file of ['bad.json', 'none.json'])
      for (const args of [
        ['plan', bundle],
        ['compile', model, '-o', folder.at('never')],
      ]) {
        const { code, stderr } = await millrace([...args, '--profile', folder.at(file)]);
        assert.equal(code, 1);
        assert.match(stderr, /PROFILE/);
      }
  });
});
