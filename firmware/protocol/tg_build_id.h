/* Which firmware this is. The values are in tg_build_id.c, which is written before every build. */
#ifndef TG_BUILD_ID_H
#define TG_BUILD_ID_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TG_BUILD_ID_BYTES 16u

/* The host reads both in the ELF file too: they keep their names when the whole program is
 * optimized at once. */
#define TG_KEPT __attribute__((used))

extern const uint8_t tg_build_id[TG_BUILD_ID_BYTES]; /* of a SHA-256 over the project's sources */
extern const char tg_compiler[];                     /* the version of the compiler */

#ifdef __cplusplus
}
#endif

#endif /* TG_BUILD_ID_H */
