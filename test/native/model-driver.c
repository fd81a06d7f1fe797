/*
 * Runs a model of the native engine without Node, so that an emulator can run it for another architecture:
 *
 *   model-driver job weights.bin isa source threads runs
 *
 * A job is what `create` is given, flat: int32 values, segments, words, weights; double arenaBytes, inputAt, inputBytes,
 * outputAt, outputBytes; then program, offsets, weights, segments and the input. Writes the outputs to stdout.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../runtime/engine/futex.h"
#include "crc32.h"
#include "isa.h"
#include "model.h"

struct head {
  int32_t values, segments, words, weights;
  double arenaBytes, inputAt, inputBytes, outputAt, outputBytes;
};

static int32_t finished;

static void finish(struct model *model) {
  (void)model;
  add_word(&finished, 1);
  notify_all(&finished);
}

static int fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  return 1;
}

int main(int count, char **arguments) {
  if (count != 7) return fail("usage: model-driver job weights.bin isa source threads runs");
  /* The check value of CRC-32, and a length that every method is used for. */
  if (crc32_of(0, (const uint8_t *)"123456789", 9) != 0xcbf43926u) return fail("crc32");

  FILE *file = fopen(arguments[1], "rb");
  if (!file) return fail("job");
  fseek(file, 0, SEEK_END);
  const size_t bytes = (size_t)ftell(file);
  rewind(file);
  uint8_t *job = malloc(bytes);
  if (!job || fread(job, 1, bytes, file) != bytes) return fail("job");
  fclose(file);
  const struct head *head = (const struct head *)job;
  /* Doubles before words, so that each is aligned. */
  const double *offsets = (const double *)(job + sizeof *head);
  const double *weights = offsets + head->values;
  const double *segments = weights + head->weights * WEIGHT_ROW;
  const int32_t *program = (const int32_t *)(segments + head->segments * SEGMENT_ROW);
  const uint8_t *input = (const uint8_t *)(program + head->words);

  struct model *model = calloc(1, sizeof *model);
  const struct model_sizes sizes = {(uint64_t)head->arenaBytes, head->values, head->segments, head->words,
                                    atoi(arguments[5])};
  if (!model || model_prepare(model, &sizes)) return fail("memory");
  struct isa isas[MAX_ISAS];
  for (int i = 0, found = isas_here(isas); i < found; i++)
    if (strcmp(isas[i].name, arguments[3]) == 0) model->kernels = isas[i].run;
  if (!model->kernels) return fail("isa");
  model->loader.source = (enum source)atoi(arguments[4]);
  model->finished = finish;
  if (loader_open(&model->loader, arguments[2])) return fail("weights");
  const struct model_tables tables = {program, offsets, weights, segments, head->weights, 0};
  model_fill(model, &tables);
  if (model_start(model, 2, 0)) return fail("threads");
  for (int run = 0; run < atoi(arguments[6]); run++) {
    memcpy(model->arena + (size_t)head->inputAt, input, (size_t)head->inputBytes);
    const int32_t before = load_word(&finished);
    model_run(model);
    while (load_word(&finished) == before) sleep_on(&finished, before, -1);
    if (model->engine.block.status != STATUS_DONE || model->loader.failure.kind != FAILURE_NONE) {
      fprintf(stderr, "status %d, failure %d of segment %d\n", model->engine.block.status, model->loader.failure.kind,
              model->loader.failure.segment);
      return 1;
    }
    fwrite(model->arena + (size_t)head->outputAt, 1, (size_t)head->outputBytes, stdout);
  }
  model_end(model);
  model_free(model);
  free(model);
  free(job);
  return 0;
}
