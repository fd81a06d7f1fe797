/** Which plan a load takes, and what it says when none will do. */
import assert from 'node:assert/strict';
import { MillraceError } from '../../runtime/error.ts';
import { choosePlan } from '../../runtime/format/choose.ts';
import { checkOptions, type LoadOptions } from '../../runtime/options.ts';
import { parseSize } from '../../runtime/size.ts';
import { chain } from '../support/chain.ts';

const { manifest } = chain({ layers: 5, width: 32 });
const [smallest, double, triple, resident] = manifest.plans;
const choose = (options: LoadOptions) => choosePlan(manifest, checkOptions(options));

const refuses = (options: object, code: string, says: RegExp) =>
  assert.throws(
    () => choose(options as LoadOptions),
    (error: unknown) => {
      assert.ok(error instanceof MillraceError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, says);
      return true;
    },
  );

describe('choosing a plan', () => {
  it('takes the largest there is without a budget', () => {
    assert.equal(choose({}).plan, resident);
    assert.equal(choose({}).mode, 'resident');
  });

  it('takes the largest that fits the budget, fixed bytes included', () => {
    assert.equal(choose({ budget: triple!.peakBytes }).plan, triple);
    assert.equal(choose({ budget: triple!.peakBytes - 1 }).plan, double);
    assert.equal(choose({ budget: smallest!.peakBytes }).mode, 'stream');
    assert.equal(choose({ budget: '1GiB' }).plan, resident);
  });

  it('names the smallest possible figure when none fits', () => {
    const least = smallest!.peakBytes;
    refuses({ budget: least - 1 }, 'BUDGET', new RegExp(`\\(${least} bytes\\)`));
    refuses({ budget: 0, mode: 'resident' }, 'BUDGET', new RegExp(`\\(${resident!.peakBytes} bytes\\)`));
  });

  it('streams a plan that streams, if told to stream', () => {
    assert.equal(choose({ mode: 'stream' }).plan, triple);
    assert.equal(choose({ mode: 'stream', budget: '1GiB' }).plan, triple);
    assert.equal(choose({ plan: 'double' }).plan, double);
  });

  it('reads just before the first use in sequential mode', () => {
    const { issue, plan } = choose({ mode: 'sequential', plan: 'triple' });
    assert.equal(plan, triple);
    assert.deepEqual(issue, [-1, 0, 1, 2, 3]);
  });

  it('refuses what the bundle does not hold', () => {
    refuses({ plan: 'other' }, 'OPTION', /smallest, double, triple, resident/);
    refuses({ mode: 'resident', plan: 'double' }, 'OPTION', /no resident plan/);
  });
});

describe('options of load', () => {
  it('refuses unknown ones and wrong values', () => {
    refuses({ bugdet: 1 }, 'OPTION', /bugdet: unknown option/);
    refuses({ mode: 'ring' }, 'OPTION', /auto, resident, sequential, synchronous, stream, mmap/);
    refuses({ mode: 'mmap', source: 'file' }, 'OPTION', /a source of its own/);
    refuses({ engine: 'steam' }, 'OPTION', /auto, native, wasm/);
    refuses({ threads: 0 }, 'OPTION', /threads/);
    refuses({ threads: 1.5 }, 'OPTION', /threads/);
    refuses({ source: 'http' }, 'OPTION', /source/);
    refuses({ verify: true }, 'OPTION', /verify/);
    refuses({ deterministic: 'yes' }, 'OPTION', /deterministic/);
    refuses({ budget: '8 apples' }, 'OPTION', /8MiB, 64MB, 65536/);
    refuses({ budget: -1 }, 'OPTION', /budget/);
  });

  it('reads sizes as people write them', () => {
    const sizes = {
      '8MiB': 8 << 20,
      '64MB': 64e6,
      '65536': 65536,
      '1.5 KiB': 1536,
      '2gib': 2 ** 31,
      '10B': 10,
    };
    for (const [text, bytes] of Object.entries(sizes)) assert.equal(parseSize(text, 'budget'), bytes);
    assert.equal(parseSize(12, 'budget'), 12);
  });
});
