#ifndef ETHOSU_INTERFACE_H
#define ETHOSU_INTERFACE_H

#define NAME_OF_(arch) #arch
#define NAME_OF(arch) NAME_OF_(arch)
#define JOINED_(a, b) a##b
#define JOINED(a, b) JOINED_(a, b)

/* Which file it is, only the compiler knows. */
#define REGISTERS NAME_OF(JOINED(JOINED(ethos, ETHOSU_ARCH), _interface.h))
#include REGISTERS

#endif
