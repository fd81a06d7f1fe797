/** Runs a bundle four times under strace, which makes reads fail: prints how each run ended. See damage.test.ts. */
import { load } from '../../runtime/node.ts';
import { chain, inputFor } from '../support/chain.ts';

const [path, source] = process.argv.slice(2);
const made = chain({ layers: 40, width: 128, rows: 16 });
const x = inputFor(made);
const expected = made.expected(x);
const model = await load(path!, {
  engine: 'native',
  mode: 'stream',
  source: source as 'file',
  plan: 'double',
  inFlight: 1,
});
const ended: string[] = [];
for (let i = 0; i < 4; i++)
  ended.push(
    await model.run({ x }).then(
      ({ y }) => (expected.every((value, i) => Math.abs(value - Number(y![i])) < 1e-4) ? 'right' : 'wrong'),
      (error: { code: string }) => error.code,
    ),
  );
console.log(JSON.stringify(ended));
await model.close();
