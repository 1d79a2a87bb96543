/* RAM for the model's arena where variables cannot have it: from the heap. */
#ifndef MODEL_MEMORY_H
#define MODEL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A block aligned to 16 bytes, of the chip's own RAM or of RAM outside of it; NULL when there is
 * none so large. It is never given back. */
void *model_memory_take(size_t bytes, bool external);

/* The largest block that could be taken, in bytes. */
size_t model_memory_largest(bool external);

#ifdef __cplusplus
}
#endif

#endif /* MODEL_MEMORY_H */
