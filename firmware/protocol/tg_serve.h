/* The device's side of the protocol: answers requests about the one model it holds. */
#ifndef TG_SERVE_H
#define TG_SERVE_H

#ifdef __cplusplus
extern "C" {
#endif

/* Start the model; a failure is told to the host. The port must be up. */
void tg_serve_begin(void);

/* Take what has arrived and answer it. When there is nothing, call `otherwise`, but not while the
 * host is in the middle of an inference: then nobody else may run the model, and the port idles. */
void tg_serve_step(void (*otherwise)(void));

#ifdef __cplusplus
}
#endif

#endif /* TG_SERVE_H */
