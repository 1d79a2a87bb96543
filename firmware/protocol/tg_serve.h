/* The device's side of the protocol: answers requests about the one model it holds. */
#ifndef TG_SERVE_H
#define TG_SERVE_H

#ifdef __cplusplus
extern "C" {
#endif

/* Start the model; a failure is told to the host. The port must be up. */
void tg_serve_begin(void);

/* Take what has arrived and answer it; let the port idle when there is nothing. */
void tg_serve_step(void);

/* tg_serve_begin, then tg_serve_step for ever. */
void tg_serve(void);

#ifdef __cplusplus
}
#endif

#endif /* TG_SERVE_H */
