/* What Arm's driver of the Ethos-U takes of CMSIS: two hints to the processor, in functions that
 * tg_npu.c has others in place of. */
#ifndef TG_CMSIS_COMPILER_H
#define TG_CMSIS_COMPILER_H

#define __WFE() __asm volatile("wfe" ::: "memory")
#define __SEV() __asm volatile("sev" ::: "memory")

#endif /* TG_CMSIS_COMPILER_H */
