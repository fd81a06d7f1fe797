/**
 * Properties draw the same cases in every run of the suite: what passed before a commit passes in CI.
 * `MILLRACE_SEED=random` draws others, `MILLRACE_SEED=<n>` those of a seed.
 */
import fc from 'fast-check';

const FIXED = 20_190;
const wanted = process.env.MILLRACE_SEED;
if (wanted !== 'random') fc.configureGlobal({ seed: wanted === undefined ? FIXED : Number(wanted) });
