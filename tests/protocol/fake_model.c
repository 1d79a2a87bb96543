/* scores[i] = 3 image[i % 600] + extra[i % 3] + i; count = inferences so far, little-endian: with
 * FAKE_STATES since the model forgot.
 *
 * Environment: FAKE_INIT and FAKE_INVOKE are statuses to return, FAKE_SECONDS a time to take.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model.h"
#include "test_hal.h"
#include "tg_build_id.h"
#include "tg_layers.h"
#include "tg_protocol.h"

#ifndef IMAGE
#define IMAGE 600u
#endif
#ifndef SCORES
#define SCORES 700u
#endif
#define EXTRA 3u
#define COUNT 4u

const uint8_t tg_build_id[TG_BUILD_ID_BYTES] = {0xb1, 0, 0, 4};
const char tg_compiler[] = "tests";

const uint8_t model_hash[32] = {0xa5, 0, 0, 1, 2, 3};

const struct model_tensor model_inputs[MODEL_INPUTS] = {
    {"image", IMAGE, 4, {1, 20, IMAGE / 20, 1, 0, 0}, 0.5f, -128},
    {"extra", EXTRA, 2, {1, 3, 0, 0, 0, 0}, 0.25f, 7},
};
const struct model_tensor model_outputs[MODEL_OUTPUTS] = {
    {"scores", SCORES, 2, {1, SCORES, 0, 0, 0, 0}, 0.00390625f, -128},
    {"count", COUNT, 1, {4, 0, 0, 0, 0, 0}, 1.0f, 0},
};

static int8_t image[IMAGE];
static int8_t extra[EXTRA];
static int8_t scores[SCORES];
static int8_t count[COUNT];
static uint32_t invocations;

static long from_environment(const char *name) {
  const char *text = getenv(name);
  return text == NULL ? 0 : strtol(text, NULL, 10);
}

enum model_status model_init(void) {
  return (enum model_status)from_environment("FAKE_INIT");
}

#if defined(FAKE_STATES)
void model_reset(void) {
  invocations = 0;
}
#endif

int8_t *model_input(size_t index) {
  return index == 0 ? image : index == 1 ? extra : NULL;
}

const int8_t *model_output(size_t index) {
  return index == 0 ? scores : index == 1 ? count : NULL;
}

#if defined(TG_TRACED) /* scores and count are two layers, the second one of two outputs */
const struct tg_layer_output tg_layer_outputs[] = {
    {TG_TYPE_INT8, SCORES, SCORES, 0},
    {TG_TYPE_INT32, 1, COUNT, 1},
    {TG_TYPE_BOOL, 1, 1, 1},
};
const struct tg_layer tg_layers[] = {{"scores", "ADD", 1, 0}, {"count", "ADD, CAST", 2, 1}};
const uint16_t tg_layers_count = 2;
uint64_t tg_layer_ticks[2];
uint32_t tg_output_crcs[3];

const uint8_t *tg_layer_tensor(uint32_t place) {
  return (const uint8_t *)(place == 0 ? scores : count);
}
#else
#define tg_layer_done(layer) (void)(layer)
#endif

enum model_status model_invoke(void) {
  for (uint32_t i = 0; i < SCORES; i++) {
    scores[i] = (int8_t)(3 * image[i % IMAGE] + extra[i % EXTRA] + (int)i);
  }
  test_hal_ticks += 1000u;
  tg_layer_done(0);
  memset(image, 0x55, sizeof image); /* a planned arena reuses its inputs */
  memset(extra, 0x55, sizeof extra);
  invocations++;
  for (uint32_t i = 0; i < COUNT; i++) {
    count[i] = (int8_t)(invocations >> (8u * i));
  }
  test_hal_ticks += 123456788012u;
  tg_layer_done(1);
  sleep((unsigned)from_environment("FAKE_SECONDS"));
  return (enum model_status)from_environment("FAKE_INVOKE");
}

uint32_t model_arena_bytes(void) {
  return 2000u;
}

uint32_t model_arena_used(void) {
  return 3000u;
}
