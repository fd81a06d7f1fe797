// Mocha's spec reporter. It ends with what was skipped and why, and the one line that CI reads:
// `N passed, N failed, N skipped`. Tests give their reasons through `skip.ts`.
const Mocha = require('mocha');

const reasonKey = Symbol.for('millrace.skip');

function reasonOf(test) {
  for (let at = test; at !== undefined; at = at.parent) if (at[reasonKey] !== undefined) return at[reasonKey];
  return 'no reason given';
}

/** Titles by reason, reasons in the order in which they were met. */
function lines(skipped) {
  const byReason = new Map();
  for (const { title, reason } of skipped) byReason.set(reason, [...(byReason.get(reason) ?? []), title]);
  return [...byReason].flatMap(([reason, titles]) => [
    `skipped: ${reason} (${titles.length})`,
    ...titles.map((title) => `  ${title}`),
  ]);
}

module.exports = class extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    runner.on('pending', (test) => skipped.push({ title: test.fullTitle(), reason: reasonOf(test) }));
    runner.once('end', () => {
      const { passes, failures, pending } = runner.stats;
      process.on('exit', () => {
        const count = pending > 0 ? `, ${pending} skipped` : '';
        process.stdout.write(
          [...lines(skipped), `${passes} passed, ${failures} failed${count}\n`].join('\n'),
        );
      });
    });
  }
};
