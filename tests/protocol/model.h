/* A tiny fake model with the interface of a generated one: two inputs, two outputs. */
#ifndef MODEL_H
#define MODEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MODEL_NAME "fake"
#define MODEL_ENGINE "aot"
#define MODEL_BOARD "host"
#define MODEL_INPUTS 2
#define MODEL_OUTPUTS 2

enum model_status {
  MODEL_OK = 0,
  MODEL_ERROR_CANARY = 1,
  MODEL_ERROR_ARENA = 2,
  MODEL_ERROR_INVOKE = 3
};

struct model_tensor {
  const char *name;
  uint32_t elements;
  uint32_t rank;
  uint32_t shape[6];
  float scale;
  int32_t zero_point;
};

extern const uint8_t model_hash[32];
extern const struct model_tensor model_inputs[MODEL_INPUTS];
extern const struct model_tensor model_outputs[MODEL_OUTPUTS];

enum model_status model_init(void);
#if defined(FAKE_STATES)
#define MODEL_STATES 1
void model_reset(void);
#endif
int8_t *model_input(size_t index);
enum model_status model_invoke(void);
const int8_t *model_output(size_t index);
uint32_t model_arena_bytes(void);
uint32_t model_arena_used(void);

#ifdef __cplusplus
}
#endif

#endif /* MODEL_H */
