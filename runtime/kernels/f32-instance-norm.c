/*
 * y = act((x − mean) / √(variance + epsilon)·scale + bias), mean and variance of one image and channel. Two passes
 * over the image for the statistics, since Σx² − (Σx)² would cancel; the lanes are neighbouring channels.
 */
#include "engine.h"
#include "vector-math.h"

/* Channels of one tile: one cache line of every pixel. */
#define COLUMNS 16

/* Σ (x − centre), or Σ (x − centre)², over the image. */
INLINE v4d sum_pixels(const float *x, intptr_t stride, int32_t pixels, int32_t lanes, v4 centre, int squared) {
  v4d sum = widen4(splat4(0.0f));
  for (int32_t from = 0; from < pixels; from += SUM_BLOCK) {
    const int32_t end = least(pixels, from + SUM_BLOCK);
    v4 block = splat4(0.0f);
    for (int32_t i = from; i < end; i++) {
      const v4 difference = load_part(x + i * stride, lanes, 0.0f) - centre;
      block = squared ? MADD(difference, difference, block) : block + difference;
    }
    sum += widen4(block);
  }
  return sum;
}

/* Up to four channels of one image. */
static void normalise(float *y, const float *x, intptr_t stride, int32_t pixels, int32_t lanes, v4 scale, v4 bias,
                      const struct f32_instance_norm_params *p) {
  const v4 mean = narrow4(sum_pixels(x, stride, pixels, lanes, splat4(0.0f), 0) / (double)pixels);
  const v4d variance = sum_pixels(x, stride, pixels, lanes, mean, 1) / (double)pixels;
  const v4 factor = scale / sqrt4(narrow4(variance + (double)p->epsilon));
  for (int32_t i = 0; i < pixels; i++) {
    const v4 value = MADD(load_part(x + i * stride, lanes, 0.0f) - mean, factor, bias);
    store_part(y + i * stride, apply_unary(p->act, value, p->alpha, p->beta), lanes);
  }
}

KERNEL(f32_instance_norm) {
  float *y = at(p->y);
  const float *x = at(p->x);
  const float *scale = at(p->w);
  const int32_t channels = p->channels;
  const int32_t parts_of_pixel = parts(channels, COLUMNS);
  const int32_t tiles = p->batch * parts_of_pixel;
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const intptr_t image = (intptr_t)(tile / parts_of_pixel) * p->spatial * channels;
    const int32_t first = tile % parts_of_pixel * COLUMNS;
    const int32_t end = least(channels, first + COLUMNS);
    for (int32_t c = first; c < end; c += 4) {
      const int32_t lanes = end - c;
      normalise(y + image + c, x + image + c, channels, p->spatial, lanes, load_part(scale + c, lanes, 0.0f),
                load_part(scale + channels + c, lanes, 0.0f), p);
    }
  }
}
