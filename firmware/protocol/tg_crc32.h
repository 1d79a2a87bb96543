/* CRC-32 as zlib computes it. */
#ifndef TG_CRC32_H
#define TG_CRC32_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The CRC-32 of what `crc` covers followed by `size` bytes. Start with 0. */
uint32_t tg_crc32(uint32_t crc, const uint8_t *bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* TG_CRC32_H */
