/* CRC-32 with the polynomial of zlib; `crc` is 0 or the value for what came before. */
#ifndef MILLRACE_CRC32_H
#define MILLRACE_CRC32_H
#include <stddef.h>
#include <stdint.h>

uint32_t crc32_of(uint32_t crc, const uint8_t *bytes, size_t count);

#endif
