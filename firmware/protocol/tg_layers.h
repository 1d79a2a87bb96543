/* What firmware that is built with TG_TRACED notes of every layer: what it took, and a CRC-32 of
 * each tensor that it wrote. It can stay at a layer, so that such a tensor can be read. The model
 * calls this; other firmware has nothing of it.
 */
#ifndef TG_LAYERS_H
#define TG_LAYERS_H

#if defined(TG_TRACED)

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A tensor that a layer writes. */
struct tg_layer_output {
  uint8_t type; /* TG_TYPE_... */
  uint32_t elements;
  uint32_t bytes;
  uint32_t place; /* what tg_layer_tensor asks the model for */
};

struct tg_layer {
  const char *name;
  const char *kind; /* its operators */
  uint8_t outputs;
  uint16_t first; /* of them in tg_layer_outputs */
};

/* The table, and room for what is noted: model_layers.c has both. */
extern const uint16_t tg_layers_count;
extern const struct tg_layer tg_layers[];
extern const struct tg_layer_output tg_layer_outputs[];
extern uint64_t tg_layer_ticks[]; /* of each layer */
extern uint32_t tg_output_crcs[]; /* of each of tg_layer_outputs */

/* The model: where such a tensor lies, just after it was written. */
const uint8_t *tg_layer_tensor(uint32_t place);

/* From the model: what comes next is a layer's; layer `layer` is done. The end of one is the
 * beginning of the next, so that a model may leave out tg_layer_begin. */
void tg_layer_begin(void);
void tg_layer_done(uint32_t layer);

#define TG_NO_LAYER UINT32_MAX

/* An inference begins, which stays at `stop` once that layer is done (TG_NO_LAYER: nowhere), for as
 * long as tg_serve_halt does not return. Returns its first tick. */
uint64_t tg_layers_start(uint32_t stop);

/* From tg_serve.c: the model stays where it is. */
void tg_serve_halt(void);

/* The inference has come to its end. Returns the ticks that all of this took of it. */
uint64_t tg_layers_end(void);

/* Write at most `room` bytes of the table of layers, or of what was noted, from byte `offset` on.
 * Returns the size of all of it. */
uint32_t tg_layers_describe(uint32_t offset, uint32_t room, uint8_t *bytes);
uint32_t tg_layers_trace(uint32_t offset, uint32_t room, uint8_t *bytes);

#ifdef __cplusplus
}
#endif

#endif /* TG_TRACED */

#endif /* TG_LAYERS_H */
