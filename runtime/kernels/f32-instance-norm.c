/*
 * y = act((x − mean) / √(variance + epsilon)·scale + bias), mean and variance of one image and channel. Two passes
 * over the image for the statistics, since Σx² − (Σx)² would cancel; the lanes are neighbouring channels.
 */
#include "engine.h"
#include "vector-math.h"

/* Vectors and channels of one tile: a cache line of every pixel. */
#define VECTORS (16 / LANES)
#define COLUMNS (LANES * VECTORS)

/* Some channels of one image: LANES·vectors, or `lanes` ≤ LANES. */
struct columns {
  const float *x;
  intptr_t stride;
  int32_t pixels, lanes;
};

/* Σ (x − centre), or Σ (x − centre)², over the image. */
INLINE void sum_pixels(vNd *sum, const struct columns *in, int vectors, const vN *centre, int squared) {
  UNROLL for (int v = 0; v < vectors; v++) sum[v] = widenN(splatN(0.0f));
  for (int32_t from = 0; from < in->pixels; from += SUM_BLOCK) {
    const int32_t end = least(in->pixels, from + SUM_BLOCK);
    vN block[VECTORS];
    UNROLL for (int v = 0; v < vectors; v++) block[v] = splatN(0.0f);
    for (int32_t i = from; i < end; i++)
      UNROLL for (int v = 0; v < vectors; v++) {
        const vN difference = load_part(in->x + i * in->stride + LANES * v, in->lanes, 0.0f) - centre[v];
        block[v] = squared ? MADD(difference, difference, block[v]) : block[v] + difference;
      }
    UNROLL for (int v = 0; v < vectors; v++) sum[v] += widenN(block[v]);
  }
}

INLINE void normalise(float *y, const struct columns *in, int vectors, const float *scale, const float *bias,
                      const struct f32_instance_norm_params *p) {
  vNd sum[VECTORS];
  vN mean[VECTORS], factor[VECTORS], shift[VECTORS];
  UNROLL for (int v = 0; v < vectors; v++) mean[v] = splatN(0.0f);
  sum_pixels(sum, in, vectors, mean, 0);
  UNROLL for (int v = 0; v < vectors; v++) mean[v] = narrowN(sum[v] / (double)in->pixels);
  sum_pixels(sum, in, vectors, mean, 1);
  UNROLL for (int v = 0; v < vectors; v++) {
    const vN variance = narrowN(sum[v] / (double)in->pixels + (double)p->epsilon);
    factor[v] = load_part(scale + LANES * v, in->lanes, 0.0f) / sqrtN(variance);
    shift[v] = load_part(bias + LANES * v, in->lanes, 0.0f);
  }
  for (int32_t i = 0; i < in->pixels; i++)
    UNROLL for (int v = 0; v < vectors; v++) {
      const intptr_t at = i * in->stride + LANES * v;
      const vN value = MADD(load_part(in->x + at, in->lanes, 0.0f) - mean[v], factor[v], shift[v]);
      store_part(y + at, apply_unary(p->act, value, p->alpha, p->beta), in->lanes);
    }
}

KERNEL(f32_instance_norm) {
  float *y = at(p->y);
  const float *x = at(p->x);
  const float *scale = at(p->w);
  const float *bias = scale + p->channels;
  const int32_t channels = p->channels;
  const int32_t parts_of_pixel = parts(channels, COLUMNS);
  const int32_t tiles = p->batch * parts_of_pixel;
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const intptr_t image = (intptr_t)(tile / parts_of_pixel) * p->spatial * channels;
    int32_t c = tile % parts_of_pixel * COLUMNS;
    const int32_t end = least(channels, c + COLUMNS);
    struct columns in = {x + image + c, channels, p->spatial, LANES};
    if (end - c == COLUMNS) {
      normalise(y + image + c, &in, VECTORS, scale + c, bias + c, p);
      continue;
    }
    for (; c < end; c += LANES) {
      in.x = x + image + c;
      in.lanes = end - c;
      normalise(y + image + c, &in, 1, scale + c, bias + c, p);
    }
  }
}
