/* The board's Ethos-U, behind Arm's driver. */
#ifndef TG_NPU_H
#define TG_NPU_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Make it ready to be given command streams. False where none answers, or another one than the
 * model's: why not is said on the serial port. May be called again. */
bool tg_npu_start(void);

#ifdef __cplusplus
}
#endif

#endif /* TG_NPU_H */
