/* What your own program, src/app.c or src/app.cpp, is to the firmware. */
#ifndef TG_APP_H
#define TG_APP_H

#ifdef __cplusplus
extern "C" {
#endif

/* Called once, when the port and the model have started. */
void app_setup(void);

/* Called again and again, as long as no host is in the middle of an inference. It has to return:
 * what the host asks meanwhile waits. */
void app_loop(void);

#ifdef __cplusplus
}
#endif

#endif /* TG_APP_H */
