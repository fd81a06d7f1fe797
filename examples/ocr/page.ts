/** The page that the example writes and reads. */
export const page: readonly string[] = [
  'Weights are values with lifetimes in one static plan.',
  'A layer is read while the one before it is computed.',
  'Nothing is allocated and nothing is locked while it runs.',
  'ResNet-152 has 230 MiB of weights and runs in 6 MiB.',
  'The smallest budget is printed before anything is written.',
  'Invoice 4711: 12 items, 3.75 kg each, sent 2026-11-28.',
  'Total: 1,249.50 (incl. 19 % tax), paid in full.',
  'Please mail help@example.de (we answer in 2 days).',
  'The quick brown fox jumps over the lazy dog.',
  'Every run gives the same bits, whatever the budget.',
];
