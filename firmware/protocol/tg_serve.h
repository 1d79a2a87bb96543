/* The device's side of the protocol: answers requests about the one model it holds. */
#ifndef TG_SERVE_H
#define TG_SERVE_H

#include "model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Start answering. `status` is what model_init returned; a failure is told to the host. */
void tg_serve_begin(enum model_status status);

/* Take what has arrived and answer it; let the port idle when there is nothing. */
void tg_serve_step(void);

/* tg_serve_begin, then tg_serve_step for ever. */
void tg_serve(enum model_status status);

#ifdef __cplusplus
}
#endif

#endif /* TG_SERVE_H */
