/** Removes nodes that no output depends on: exports carry training heads and shape arithmetic that nothing reads. */
import { removeDead } from '../ir/rebuild.ts';
import type { Pass } from './pass.ts';

export const eliminateDead: Pass = {
  name: 'eliminate-dead',
  why: 'nodes that no output depends on need no kernel and no memory',
  run: removeDead,
};
