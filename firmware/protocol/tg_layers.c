#include "tg_layers.h"

#if defined(TG_TRACED)

#include <stdbool.h>

#include "tg_crc32.h"
#include "tg_hal.h"
#include "tg_tell.h"

static struct {
  bool noting;    /* between the start and the end of an inference that a host asked for */
  uint32_t stop;  /* the layer to stay at */
  uint64_t began; /* the layer under way, in ticks */
  uint64_t spent; /* ticks that noting took */
  uint64_t empty; /* ticks that a layer without anything in it takes by this count */
} tg_noting;

uint64_t tg_layers_start(uint32_t stop) {
  for (uint16_t i = 0; i < tg_layers_count; i++) {
    tg_layer_ticks[i] = 0;
  }
  tg_noting.noting = true;
  tg_noting.stop = TG_NO_LAYER;
  tg_noting.empty = 0;
  tg_layer_begin();
  tg_layer_done(TG_NO_LAYER); /* the first time, code and data may have to come from slow memory */
  tg_layer_done(TG_NO_LAYER);
  tg_noting.stop = stop;
  tg_noting.spent = 0;
  tg_noting.began = tg_hal_ticks();
  return tg_noting.began;
}

void tg_layer_begin(void) {
  const uint64_t now = tg_hal_ticks();
  tg_noting.began = tg_hal_ticks();
  tg_noting.spent += tg_noting.began - now;
}

void tg_layer_done(uint32_t layer) {
  if (!tg_noting.noting) { /* the user's program runs the model too */
    return;
  }
  const uint64_t end = tg_hal_ticks();
  const uint64_t took = end - tg_noting.began;
  if (layer >= tg_layers_count) {
    tg_noting.empty = took;
  } else {
    const struct tg_layer *one = &tg_layers[layer];
    tg_layer_ticks[layer] = took > tg_noting.empty ? took - tg_noting.empty : 0u;
    for (uint32_t i = one->first; i < (uint32_t)one->first + one->outputs; i++) {
      const struct tg_layer_output *output = &tg_layer_outputs[i];
      tg_output_crcs[i] = tg_crc32(0, tg_layer_tensor(output->place), output->bytes);
    }
    if (layer == tg_noting.stop) {
      tg_serve_halt();
    }
  }
  tg_noting.began = tg_hal_ticks();
  tg_noting.spent += tg_noting.began - end + tg_noting.empty;
}

uint64_t tg_layers_end(void) {
  tg_noting.noting = false;
  return tg_noting.spent;
}

uint32_t tg_layers_describe(uint32_t offset, uint32_t room, uint8_t *bytes) {
  struct tg_part part = {0, offset, room, bytes};
  for (uint16_t i = 0; i < tg_layers_count; i++) {
    const struct tg_layer *layer = &tg_layers[i];
    tg_tell_text(&part, layer->name);
    tg_tell_text(&part, layer->kind);
    tg_tell_u8(&part, layer->outputs);
    for (uint32_t o = layer->first; o < (uint32_t)layer->first + layer->outputs; o++) {
      tg_tell_u8(&part, tg_layer_outputs[o].type);
      tg_tell_u32(&part, tg_layer_outputs[o].elements);
    }
  }
  return part.position;
}

uint32_t tg_layers_trace(uint32_t offset, uint32_t room, uint8_t *bytes) {
  struct tg_part part = {0, offset, room, bytes};
  for (uint16_t i = 0; i < tg_layers_count; i++) {
    const struct tg_layer *layer = &tg_layers[i];
    tg_tell_u32(&part, (uint32_t)tg_layer_ticks[i]);
    tg_tell_u32(&part, (uint32_t)(tg_layer_ticks[i] >> 32));
    for (uint32_t o = layer->first; o < (uint32_t)layer->first + layer->outputs; o++) {
      tg_tell_u32(&part, tg_output_crcs[o]);
    }
  }
  return part.position;
}

#endif /* TG_TRACED */
