/* The description of the model, the engine and the board that a hello hands out in parts. */
#ifndef TG_DESCRIBE_H
#define TG_DESCRIBE_H

#include <stdint.h>

#include "tg_models.h"

#ifdef __cplusplus
extern "C" {
#endif

/* `status` and `init_ticks` tell of model_init. Write at most `room` bytes of the description, from
 * its byte `offset` on, to `bytes`. Returns the size of the whole description.
 */
uint32_t tg_describe(enum model_status status, uint32_t init_ticks, uint32_t offset, uint32_t room,
                     uint8_t *bytes);

#ifdef __cplusplus
}
#endif

#endif /* TG_DESCRIBE_H */
