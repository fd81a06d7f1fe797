/*
 * A product with constant weights is a convolution over a line of m pixels with a window of one: the same tiles,
 * the same order, the same bits.
 */
#include "engine.h"

KERNEL(f32_conv);

KERNEL(f32_gemm) {
  const struct f32_conv_params line = {
      .y = p->y, .x = p->x, .w = p->w, .residual = p->residual,
      .batch = 1, .inH = 1, .inW = p->m, .inC = p->k, .outH = 1, .outW = p->m, .outC = p->n,
      .kernelH = 1, .kernelW = 1, .strideH = 1, .strideW = 1, .dilationH = 1, .dilationW = 1,
      .groups = 1, .ldx = p->ldx, .ldy = p->ldy, .ldr = p->ldr,
      .panel0 = p->panel0, .panels = p->panels, .act = p->act, .alpha = p->alpha, .beta = p->beta,
  };
  SYMBOL(kernel_f32_conv)(&line, work);
}
