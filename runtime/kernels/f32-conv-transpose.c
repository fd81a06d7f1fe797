/*
 * Transposed convolution, gathering: an output pixel sums the taps that reach it. Every stride-th pixel of an output
 * line is reached by the same columns of the window, one input pixel further on each time, so such pixels are the
 * rows of a register tile and nothing is multiplied by the zeros a dilated input would hold. Invariant: a claim of
 * work is a stretch of pixels of one line and one phase, and the panels of one tile.
 */
#include "lanes.h"
#include "sum.h"

/* The taps of one output line and phase: at row r of the tile, column kw reads input column (first + r·stride +
 * padLeft − kw·dilation) / stride. */
static void add_taps(struct sum *sum, const struct f32_conv_transpose_params *p, const float *image, int32_t oh,
                     int32_t first, int32_t channels) {
  const float *inputs[TILE_ROWS];
  for (int32_t kh = 0; kh < p->kernelH; kh++) {
    const int32_t fromH = oh + p->padTop - kh * p->dilationH;
    const int32_t ih = fromH / p->strideH;
    if (fromH % p->strideH != 0 || (uint32_t)ih >= (uint32_t)p->inH) continue;
    for (int32_t kw = 0; kw < p->kernelW; kw++) {
      const int32_t fromW = first + p->padLeft - kw * p->dilationW;
      if (fromW % p->strideW != 0) continue;
      for (int32_t r = 0; r < sum->tile.rows; r++) {
        const int32_t iw = fromW / p->strideW + r;
        inputs[r] = (uint32_t)iw < (uint32_t)p->inW ? image + ((intptr_t)ih * p->inW + iw) * p->ldx : 0;
      }
      sum_add(sum, inputs, channels, (kh * p->kernelW + kw) * channels);
    }
  }
}

KERNEL(f32_conv_transpose) {
  float *y = at(p->y);
  const float *x = at(p->x), *w = at(p->w), *residual = at(p->residual);
  const struct epilogue epilogue = {p->act, p->alpha, p->beta};
  const int32_t channels = p->inC / p->groups, outputs = p->outC / p->groups;
  const int32_t groupPanels = parts(outputs, PANEL);
  const intptr_t panelFloats = PANEL_F32_BYTES(p->kernelH * p->kernelW * channels) / sizeof(float);

  const int32_t tiled = p->groups == 1 ? TILE_PANELS : 1;
  const int32_t phases = least(p->strideW, p->outW);
  const int32_t blocks = parts(parts(p->outW, p->strideW), BLOCK_ROWS);
  const int32_t lines = p->batch * p->outH;
  for (int32_t claim; (claim = next_tile(work)) < parts(p->panels, tiled) * lines * phases * blocks;) {
    const int32_t panel = claim / blocks / phases / lines * tiled;
    const int32_t line = claim / blocks / phases % lines;
    const int32_t phase = claim / blocks % phases;
    const int32_t block = claim % blocks;
    const int32_t group = (p->panel0 + panel) / groupPanels;
    const int32_t lane0 = (p->panel0 + panel) % groupPanels * PANEL;
    const int32_t channel = group * outputs + lane0;
    const float *image = x + (intptr_t)(line / p->outH) * p->inH * p->inW * p->ldx + group * channels;
    /* Pixels of this phase in the line, and the end of the block among them. */
    const int32_t pixels = parts(p->outW - phase, p->strideW);
    const int32_t end = least((block + 1) * BLOCK_ROWS, pixels);
    for (int32_t i = block * BLOCK_ROWS; i < end;) {
      const int32_t rows = tile_rows(end - i);
      const int32_t ow = phase + i * p->strideW;
      const intptr_t pixel = (intptr_t)line * p->outW + ow;
      struct sum sum;
      sum_begin(&sum, rows);
      sum_panels(&sum, least(least(tiled, p->panels - panel) * PANEL, outputs - lane0), w + panel * panelFloats,
                 panelFloats);
      add_taps(&sum, p, image, line % p->outH, ow, channels);
      sum_end(&sum, y + pixel * p->ldy + channel, p->strideW * p->ldy,
              residual ? residual + pixel * p->ldr + channel : 0, p->strideW * p->ldr, &epilogue);
      i += rows;
    }
  }
}
