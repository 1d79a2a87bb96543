/* A pin that is high while an inference runs, for who measures what one takes. The linker puts this
 * between the callers of model_invoke and the model (--wrap): firmware without it has nothing of
 * it. */
#include <Arduino.h>

extern "C" {
#include "model.h"

enum model_status __real_model_invoke(void);
enum model_status __wrap_model_invoke(void);
}

enum model_status __wrap_model_invoke(void) {
  pinMode(TG_MARKER_PIN, OUTPUT);
  digitalWrite(TG_MARKER_PIN, HIGH);
  const enum model_status status = __real_model_invoke();
  digitalWrite(TG_MARKER_PIN, LOW);
  return status;
}
