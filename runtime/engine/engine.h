/*
 * What a kernel sees of the engine. A kernel is
 *
 *     KERNEL(f32_conv) { ... p->batch ... at(p->x) ... }
 *
 * where p is the struct generated from the kernel table (`-` becomes `_`). It divides its work into tiles whose results do not
 * depend on which thread does them, and claims tiles with
 *
 *     for (int32_t tile; (tile = next_tile(work)) < tiles;) { ... }
 *
 * Every thread of the engine calls the kernel; a barrier follows. Small work is claimed in one tile.
 */
#ifndef MILLRACE_ENGINE_H
#define MILLRACE_ENGINE_H
#include <stdint.h>
#include "engine_abi.h"
#include "tiles.h"

/*
 * Kernels are compiled once for each instruction set of an addon; names that the linker sees carry the set's name.
 * A header that declares such a name precedes it with `#define name SYMBOL(name)`.
 */
#ifdef ISA
#define SYMBOL_OF(name, isa) name##_##isa
#define SYMBOL_WITH(name, isa) SYMBOL_OF(name, isa)
#define SYMBOL(name) SYMBOL_WITH(name, ISA)
#else
#define SYMBOL(name) name
#endif

/* Each thread works for one engine at a time; in WASM each thread has the one engine of its memory. */
#ifdef __wasm__
#define THREAD_LOCAL
#else
#define THREAD_LOCAL _Thread_local
#endif
extern THREAD_LOCAL const uint64_t *engine_addresses;

/* Address of a value; id 0 is the absent operand. */
static inline void *at(int32_t id) { return id == 0 ? 0 : (void *)(uintptr_t)engine_addresses[id]; }

#define KERNEL(name) void SYMBOL(kernel_##name)(const struct name##_params *p, struct work *work)

#endif
