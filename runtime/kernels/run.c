/* From an opcode to its kernel: the one entry into the kernels of an instruction set. */
#include "replay.h"

#define DECLARE(opcode, name) KERNEL(name);
ENGINE_KERNELS(DECLARE)
#undef DECLARE

enum { CALL_HEADER = 2 };

int32_t SYMBOL(run_kernel)(const int32_t *call, struct work *work) {
  const void *params = call + CALL_HEADER;
  switch (call[0]) {
#define RUN(opcode, name)                 \
  case opcode:                            \
    SYMBOL(kernel_##name)(params, work);  \
    return work->error;
    ENGINE_KERNELS(RUN)
#undef RUN
  }
  return ENGINE_ERROR_OPCODE;
}
