/* What C++ code asks of a program without C++'s library, which would bring a heap and files. In C,
 * because not every compiler here has that library's headers. */
#include <stddef.h>

/* Objects are destroyed when a program ends, and none of these ends. */
int __cxa_atexit(void (*destroy)(void *), void *object, void *library);
int __cxa_atexit(void (*destroy)(void *), void *object, void *library) {
  (void)destroy, (void)object, (void)library;
  return 0;
}

/* The same, as the C++ ABI of Arm has it. */
int __aeabi_atexit(void *object, void (*destroy)(void *), void *library);
int __aeabi_atexit(void *object, void (*destroy)(void *), void *library) {
  return __cxa_atexit(destroy, object, library);
}

void *__dso_handle;

/* A fault, which the port reports with the address it comes from. */
__attribute__((noreturn)) void abort(void);
void abort(void) {
  __builtin_trap();
}

/* Called where a virtual function has no body. */
__attribute__((noreturn)) void __cxa_pure_virtual(void);
void __cxa_pure_virtual(void) {
  abort();
}

/* Nothing is allocated, so nothing can be given back; destructors refer to it all the same. There
 * is no operator new: what asks for it does not link. */
void operator_delete(void *object) __asm__("_ZdlPv");
void operator_delete(void *object) {
  (void)object;
  abort();
}

void operator_delete_sized(void *object, size_t bytes) __asm__("_ZdlPvj");
void operator_delete_sized(void *object, size_t bytes) {
  (void)bytes;
  operator_delete(object);
}
