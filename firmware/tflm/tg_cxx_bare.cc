/* What C++ code asks of a program without C++'s library, which would bring a heap and files. */
#include <cstddef>
#include <cstdlib>

namespace {

/* A fault, which the port reports with the address it comes from. */
[[noreturn]] void stop() {
  __builtin_trap();
}

}  // namespace

extern "C" [[noreturn]] void abort() {
  stop();
}

/* Called where a virtual function has no body. */
extern "C" [[noreturn]] void __cxa_pure_virtual() {
  stop();
}

/* Nothing is allocated, so nothing can be given back; destructors refer to it all the same. */
void operator delete(void *) noexcept {
  stop();
}

void operator delete(void *, std::size_t) noexcept {
  stop();
}
