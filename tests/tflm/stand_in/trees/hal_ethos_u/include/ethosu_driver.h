/* What the stand-in has of the driver's interface. */
#ifndef ETHOSU_DRIVER_H
#define ETHOSU_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct NPU_REG;

enum ethosu_job_state { ETHOSU_JOB_IDLE = 0, ETHOSU_JOB_RUNNING, ETHOSU_JOB_DONE };

struct ethosu_driver {
  struct {
    volatile struct NPU_REG *reg;
  } dev;
  struct {
    volatile enum ethosu_job_state state;
  } job;
  void *semaphore;
};

void *ethosu_semaphore_create(void);
void ethosu_semaphore_destroy(void *semaphore);
int ethosu_semaphore_take(void *semaphore, uint64_t timeout);
int ethosu_semaphore_give(void *semaphore);
void ethosu_irq_handler(struct ethosu_driver *driver);

int ethosu_init(struct ethosu_driver *driver, void *base, const void *fast, size_t fast_bytes,
                uint32_t secure, uint32_t privileged);
struct ethosu_driver *ethosu_reserve_driver(void);
void ethosu_release_driver(struct ethosu_driver *driver);
int ethosu_invoke_v3(struct ethosu_driver *driver, const void *stream, int bytes, uint64_t *bases,
                     const size_t *sizes, int count, void *argument);

#ifdef __cplusplus
}
#endif

#endif
