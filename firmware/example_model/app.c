/* Your program: it runs beside what answers `tinygen verify`. This file is yours. tinygen wrote it once,
 * never overwrites it and does not mind what is in it. Libraries and flags of yours go into app.ini. */
#include "model.h"
#include "tg_app.h"
#include "tg_hal.h"

/* Called once, when the model has started: sensors, pins, whatever you have. */
void app_setup(void) {
}

/* Called again and again, between the inferences that a host asks for. Return soon: the host waits.
 * Write the inputs, invoke and read the outputs in one call of it, because a host uses the same
 * memory. */
void app_loop(void) {
  tg_hal_idle(); /* nothing to do: the processor may sleep until something arrives */
}

/* An example: real values in, as in training, the most likely class out; -1 if the model failed.
 * Until you call it, it is no part of the firmware. */
int app_classify(const float samples[MODEL_INPUT_0_ELEMENTS]) {
  static float results[MODEL_OUTPUT_0_ELEMENTS];
  model_quantize(&model_inputs[0], samples, model_input(0));
  if (model_invoke() != MODEL_OK) {
    return -1;
  }
  model_dequantize(&model_outputs[0], model_output(0), results);
  int best = 0;
  for (int i = 1; i < (int)MODEL_OUTPUT_0_ELEMENTS; i++) {
    best = results[i] > results[best] ? i : best;
  }
  return best;
}

/* What a class is called, where the data had names. */
const char *app_class_name(int which) {
#if defined(MODEL_OUTPUT_0_LABELS)
  static const char *const names[] = MODEL_OUTPUT_0_LABELS;
  if (which >= 0 && which < (int)(sizeof names / sizeof names[0])) {
    return names[which];
  }
#else
  (void)which;
#endif
  return "unknown";
}
