/* The model of this firmware, under the names by which the protocol calls it. Firmware whose model
 * has another name, or that has several, has another one of these.
 */
#ifndef TG_MODELS_H
#define TG_MODELS_H

#include "model.h"

#define TG_MODELS 1
#define TG_MODELS_NAMES MODEL_NAME
#define TG_MODELS_BOARD MODEL_BOARD
#define tg_which 0u /* of them, the one that a session is about */

/* What the model says of a tensor. */
#if defined(MODEL_TYPED)
#define tg_tensor model_typed_tensor
#else
#define tg_tensor model_tensor
#endif

#endif /* TG_MODELS_H */
