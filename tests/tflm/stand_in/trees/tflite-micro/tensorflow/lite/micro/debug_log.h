#ifndef TENSORFLOW_LITE_MICRO_DEBUG_LOG_H_
#define TENSORFLOW_LITE_MICRO_DEBUG_LOG_H_

#include <stdarg.h>

extern "C" void DebugLog(const char *format, va_list arguments);

#endif
