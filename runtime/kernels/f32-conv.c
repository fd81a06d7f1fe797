/*
 * Convolution over channels-last images, without im2col: a row of a register tile is an output pixel, and the
 * reduction's runs point straight into the image (Dukhan, The Indirect Convolution Algorithm, 2019; here the
 * pointers are made per tile instead of kept in a buffer). Invariant: a result is computed alike whatever panels and
 * pixels it is claimed with, so neither threads nor pieces change it.
 */
#include "lanes.h"
#include "sum.h"

/* Panels that fit a first-level cache together share the runs of a tile. */
static const int32_t SHARED_PANELS_BYTES = 32 * 1024;

/* The window of an output pixel: its image, and its first tap, which may lie outside. */
struct window {
  const float *image;
  int32_t h, w;
};

static void find_windows(struct window *windows, const struct f32_conv_params *p, const float *x, int32_t pixel,
                         int32_t rows) {
  int32_t ow = pixel % p->outW;
  int32_t oh = pixel / p->outW % p->outH;
  int32_t b = pixel / p->outW / p->outH;
  for (int32_t r = 0; r < rows; r++) {
    windows[r].image = x + (intptr_t)b * p->inH * p->inW * p->ldx;
    windows[r].h = oh * p->strideH - p->padTop;
    windows[r].w = ow * p->strideW - p->padLeft;
    if (++ow == p->outW) {
      ow = 0;
      if (++oh == p->outH) {
        oh = 0;
        b++;
      }
    }
  }
}

/* The input of each row for one tap, null outside the image. */
static inline void find_inputs(const float **inputs, const struct window *windows, const struct f32_conv_params *p,
                               int32_t rows, int32_t h, int32_t w) {
  for (int32_t r = 0; r < rows; r++) {
    const int32_t ih = windows[r].h + h;
    const int32_t iw = windows[r].w + w;
    const int inside = (uint32_t)ih < (uint32_t)p->inH && (uint32_t)iw < (uint32_t)p->inW;
    inputs[r] = inside ? windows[r].image + ((intptr_t)ih * p->inW + iw) * p->ldx : 0;
  }
}

static void add_windows(struct sum *sum, const struct window *windows, const struct f32_conv_params *p,
                        int32_t channels) {
  const int32_t rows = sum->tile.rows;
  const float *inputs[TILE_ROWS];
  /* A line of the window is one run if its pixels adjoin and none is left or right of the image. */
  int joined = p->dilationW == 1 && p->ldx == channels;
  for (int32_t r = 0; r < rows; r++) joined &= windows[r].w >= 0 && windows[r].w + p->kernelW <= p->inW;
  const int32_t taps = joined ? 1 : p->kernelW;
  const int32_t length = joined ? p->kernelW * channels : channels;
  for (int32_t kh = 0; kh < p->kernelH; kh++) {
    for (int32_t kw = 0; kw < taps; kw++) {
      find_inputs(inputs, windows, p, rows, kh * p->dilationH, kw * p->dilationW);
      sum_add(sum, inputs, length, (kh * p->kernelW + kw) * channels);
    }
  }
}

KERNEL(f32_conv) {
  float *y = at(p->y);
  const float *x = at(p->x), *w = at(p->w), *residual = at(p->residual);
  const struct epilogue epilogue = {p->act, p->alpha, p->beta};
  const int32_t channels = p->inC / p->groups, outputs = p->outC / p->groups;
  const int32_t groupPanels = parts(outputs, PANEL);
  const intptr_t panelFloats = PANEL_F32_BYTES(p->kernelH * p->kernelW * channels) / sizeof(float);
  const int32_t panelBytes = panelFloats * sizeof(float);

  /* Panels of a claim: whole tiles, and more of them where they can share their runs. */
  const int32_t tiled = p->groups == 1 ? TILE_PANELS : 1;
  const int shareable = p->groups == 1 && p->kernelH * p->kernelW <= RUNS;
  const int32_t together = shareable ? most(1, SHARED_PANELS_BYTES / panelBytes / tiled) * tiled : tiled;
  const int32_t shares = parts(p->panels, together);
  const int32_t pixels = p->batch * p->outH * p->outW;
  const int32_t blocks = parts(pixels, BLOCK_ROWS);
  /* Which is cheaper depends on what the caches hold: the compiler chose. */
  const int byPixels = p->sweep == SWEEP_PIXELS;
  for (int32_t claim; (claim = next_tile(work)) < blocks * shares;) {
    const int32_t first = (byPixels ? claim % shares : claim / blocks) * together;
    const int32_t block = byPixels ? claim / shares : claim % blocks;
    const int32_t panelEnd = least(first + together, p->panels);
    const int32_t end = least((block + 1) * BLOCK_ROWS, pixels);
    const int32_t group = (p->panel0 + first) / groupPanels;
    for (int32_t pixel = block * BLOCK_ROWS; pixel < end;) {
      const int32_t rows = tile_rows(end - pixel);
      struct window windows[TILE_ROWS];
      struct sum sum;
      find_windows(windows, p, x + group * channels, pixel, rows);
      sum_begin(&sum, rows);
      for (int32_t panel = first; panel < panelEnd; panel += tiled) {
        const int32_t lane0 = (p->panel0 + panel) % groupPanels * PANEL;
        const int32_t channel = group * outputs + lane0;
        const int32_t lanes = least(least(tiled, panelEnd - panel) * PANEL, outputs - lane0);
        sum_panels(&sum, lanes, w + panel * panelFloats, panelFloats);
        if (panel == first) add_windows(&sum, windows, p, channels);
        sum_end(&sum, y + (intptr_t)pixel * p->ldy + channel, p->ldy,
                residual ? residual + (intptr_t)pixel * p->ldr + channel : 0, p->ldr, &epilogue);
      }
      pixel += rows;
    }
  }
}
