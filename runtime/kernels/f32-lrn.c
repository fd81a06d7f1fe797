/*
 * Local response normalisation (Krizhevsky et al. 2012, §3.3): y[c] = x[c] / (bias + alpha/size·Σ x[j]²)^beta, j
 * from c − ⌊(size − 1)/2⌋ to c + ⌈(size − 1)/2⌉ within the channels. The lanes are neighbouring channels; those whose
 * windows meet the edge read from a padded copy, so all sum the same terms in the same order. y may not be x.
 */
#include "engine.h"
#include "vector-math.h"

/* x[c … c + LANES − 1], 0 outside [0, channels). */
INLINE vN load_inside(const float *x, int32_t c, int32_t channels) {
  if (c >= 0 && c + LANES <= channels) return loadN(x + c);
  vN lanes = splatN(0.0f);
  for (int32_t i = 0; i < LANES; i++)
    if (c + i >= 0 && c + i < channels) lanes[i] = x[c + i];
  return lanes;
}

KERNEL(f32_lrn) {
  float *y = at(p->y);
  const float *x = at(p->x);
  const int32_t channels = p->channels;
  const int32_t before = (p->size - 1) / 2;
  const float share = p->alpha / (float)p->size;
  const int32_t rows = most(1, TILE / most(1, channels));
  const int32_t tiles = parts(p->rows, rows);
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const int32_t end = least(p->rows, (tile + 1) * rows);
    for (int32_t r = tile * rows; r < end; r++) {
      const float *from = x + (intptr_t)r * channels;
      for (int32_t c = 0; c < channels; c += LANES) {
        vN sum = splatN(0.0f);
        for (int32_t k = 0; k < p->size; k++) {
          const vN value = load_inside(from, c - before + k, channels);
          sum = MADD(value, value, sum);
        }
        const vN base = MADD(sum, splatN(share), splatN(p->bias));
        /* ¾, the default and almost the only one in use: √base·√√base. */
        const vN root = sqrtN(base);
        const vN power = p->beta == 0.75f ? 1.0f / (root * sqrtN(root)) : expN(logN(base) * -p->beta);
        store_part(y + (intptr_t)r * channels + c, load_inside(from, c, channels) * power, channels - c);
      }
    }
  }
}
