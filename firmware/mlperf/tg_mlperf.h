/* MLPerf Tiny's commands, for firmware that is built with them (TG_MLPERF). */
#ifndef TG_MLPERF_H
#define TG_MLPERF_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Once, after the model was told to start: whether it did. */
void tg_mlperf_begin(bool ready);

/* Every byte that arrives. Whether it ended a command, which is answered then, and may have
 * computed: inputs and outputs of the model are others now. */
bool tg_mlperf_take(uint8_t byte);

#ifdef __cplusplus
}
#endif

#endif /* TG_MLPERF_H */
