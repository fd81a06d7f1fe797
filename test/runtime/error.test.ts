/** One error class in many copies: the compiler, the runtime and every bundle hold one each. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { transformSync } from 'esbuild';
import * as millrace from '../../compiler/index.ts';
import { errorCodes, MillraceError } from '../../runtime/error.ts';
import * as runtime from '../../runtime/node.ts';

type Module = { readonly MillraceError: typeof MillraceError };

describe('the error class', () => {
  let other: Module;
  before(async () => {
    const source = readFileSync(new URL('../../runtime/error.ts', import.meta.url), 'utf8');
    const { code } = transformSync(source, { loader: 'ts', minify: true, target: 'node20' });
    other = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as Module;
  });

  it('knows errors of other copies', () => {
    assert.notEqual(other.MillraceError, MillraceError);
    const ours = new MillraceError('INPUT', 'ours');
    const theirs = new other.MillraceError('BUDGET', 'theirs', { at: 'budget', expected: '5', got: '4' });
    for (const error of [ours, theirs])
      for (const { MillraceError: copy } of [{ MillraceError }, other]) {
        assert.ok(copy.is(error));
        assert.ok(error instanceof copy);
      }
    assert.equal(theirs.name, 'MillraceError');
    assert.equal(theirs.message, 'budget: theirs\n  expected: 5\n  got: 4');
  });

  it('takes nothing else for one', () => {
    const lookalike = Object.assign(new Error('no'), { name: 'MillraceError', code: 'INPUT' });
    for (const value of [lookalike, new Error('no'), {}, null, undefined, 'INPUT', 3, MillraceError]) {
      assert.equal(MillraceError.is(value), false);
      assert.equal(value instanceof MillraceError, false);
    }
  });

  it('leaves `instanceof` of a subclass alone', () => {
    class Special extends MillraceError {}
    assert.equal(new MillraceError('INPUT', 'plain') instanceof Special, false);
    assert.ok(new Special('INPUT', 'special') instanceof Special);
    assert.ok(new Special('INPUT', 'special') instanceof MillraceError);
  });

  it('is exported with its codes by both entries', () => {
    for (const entry of [millrace, runtime]) {
      assert.equal(entry.MillraceError, MillraceError);
      assert.equal(entry.errorCodes, errorCodes);
    }
    assert.equal(new Set(errorCodes).size, errorCodes.length);
  });
});
