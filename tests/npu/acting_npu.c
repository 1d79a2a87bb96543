/* Registers in RAM that read as an Ethos-U-55 with 128 multiply-accumulates a cycle, and what one
 * would do to memory: it computes nothing, but writes what the test gives it where Vela's plan has
 * the output, if the input that the test names lies where the plan has that. */
#include <string.h>

#include "acting.h"
#include "ethosu_driver.h"
#include "ethosu_interface.h"
#include "tg_app.h"
#include "tg_hal.h"
#include "tg_npu_here.h"

#define ARENA 1 /* which base address is whose: upstream's kernel says it */

static volatile struct NPU_REG *const npu = (volatile struct NPU_REG *)TG_NPU_BASE;

/* Where a chip's NPU has to be turned on first, this is the place: before the model starts. */
__attribute__((constructor)) static void turn_on(void) {
  npu->ID.arch_major_rev = 1U;
  npu->ID.arch_minor_rev = 1U;
  npu->CONFIG.word = ACTING_CONFIG;
  npu->PROT.active_CPL = 1U;
  npu->STATUS.irq_raised = ACTING_DONE;
  npu->STATUS.cmd_end_reached = ACTING_DONE;
}

void app_setup(void) {
}

void app_loop(void) {
  tg_hal_idle();
}

/* The driver calls it when its registers say that the NPU is done. */
void ethosu_inference_end(struct ethosu_driver *driver, void *argument) {
  (void)driver;
  (void)argument;
  static const int8_t input[] = ACTING_INPUT;
  static const int8_t output[] = ACTING_OUTPUT;
  int8_t *const arena = (int8_t *)npu->BASEP[ARENA].word[0];
  if (memcmp(arena + ACTING_INPUT_AT, input, sizeof input) == 0) {
    memcpy(arena + ACTING_OUTPUT_AT, output, sizeof output);
  }
}
