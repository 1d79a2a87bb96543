#include "ethosu_driver.h"

static struct ethosu_driver *only;
static void *list;

int ethosu_init(struct ethosu_driver *driver, void *base, const void *fast, size_t fast_bytes,
                uint32_t secure, uint32_t privileged) {
  (void)fast;
  (void)fast_bytes;
  (void)secure;
  (void)privileged;
  list = ethosu_semaphore_create();
  driver->semaphore = ethosu_semaphore_create();
  driver->dev.reg = base;
  only = driver;
  return ethosu_semaphore_give(list);
}

struct ethosu_driver *ethosu_reserve_driver(void) {
  return ethosu_semaphore_take(list, UINT64_MAX) == 0 ? only : NULL;
}

void ethosu_release_driver(struct ethosu_driver *driver) {
  (void)driver;
  (void)ethosu_semaphore_give(list);
}
