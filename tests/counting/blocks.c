/* A plugin of QEMU's that counts which blocks of a program execute while some of its functions do.
 *
 *   -plugin blocks.so,functions=400+5a2,out=FILE
 *
 * Each call of one of the functions (addresses, hexadecimal) is a call of its own in the output, in
 * the order in which they begin; a call inside another one belongs to that. FILE has for each
 *
 *   call ADDRESS
 *   block FIRST LAST SIZE COUNT TAKEN
 *
 * and then a line for each block that executed: the addresses of its first and its last
 * instruction, how many they are, how often it executed, and how often what followed was not what
 * lies behind it. A call that has not returned when QEMU ends has no lines.
 *
 * Debian's QEMU has plugins and ships no qemu-plugin.h: what is used of that interface's versions 1
 * (QEMU 4.2 to 8.2, docs/devel/tcg-plugins.rst) and 2 (from 9.0 on) is declared here; the compiler
 * is told which one it is.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           void (*call)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block,
                                          void (*call)(unsigned int, void *),
                                          enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*call)(qemu_plugin_id_t, void *),
                                    void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *instruction);

int qemu_plugin_version = QEMU_INTERFACE;

struct block {
  uint64_t first, last, end, size;
  uint64_t count, taken;
  struct block *next;
};

static struct block *blocks;
static struct block *before; /* the last that executed */
static uint64_t functions[1024];
static size_t function_count;
static uint64_t calling; /* the function of the call that is counted, 0 where none is */
static uint64_t return_to;
static FILE *out;

static bool counted(uint64_t address) {
  for (size_t i = 0; i < function_count; i++) {
    if (functions[i] == address) {
      return true;
    }
  }
  return false;
}

static void end_call(void) {
  fprintf(out, "call %" PRIx64 "\n", calling);
  for (struct block *one = blocks; one != NULL; one = one->next) {
    if (one->count > 0) {
      fprintf(out, "block %" PRIx64 " %" PRIx64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
              one->first, one->last, one->size, one->count, one->taken);
    }
    one->count = 0;
    one->taken = 0;
  }
  fflush(out);
  calling = 0;
}

static void executes(unsigned int core, void *data) {
  (void)core;
  struct block *now = data;
  if (calling != 0 && before->end != now->first) {
    before->taken++;
  }
  if (calling != 0 && now->first == return_to) {
    end_call();
  }
  if (calling == 0 && before != NULL && counted(now->first)) {
    calling = now->first;
    return_to = before->end; /* the call was the last instruction of its block */
  }
  if (calling != 0) {
    now->count++;
  }
  before = now;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *code) {
  (void)id;
  struct block *block = calloc(1, sizeof *block);
  if (block == NULL) {
    abort();
  }
  block->size = qemu_plugin_tb_n_insns(code);
  const struct qemu_plugin_insn *last = qemu_plugin_tb_get_insn(code, block->size - 1);
  block->first = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(code, 0));
  block->last = qemu_plugin_insn_vaddr(last);
  block->end = block->last + qemu_plugin_insn_size(last);
  block->next = blocks;
  blocks = block;
  qemu_plugin_register_vcpu_tb_exec_cb(code, executes, QEMU_PLUGIN_CB_NO_REGS, block);
}

static void at_exit(qemu_plugin_id_t id, void *data) {
  (void)id;
  (void)data;
  fclose(out);
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
  (void)info;
  for (int i = 0; i < argc; i++) {
    char *value = strchr(argv[i], '=');
    if (value == NULL) {
      return 1;
    }
    *value++ = '\0';
    if (strcmp(argv[i], "out") == 0) {
      out = fopen(value, "w");
    }
    for (; strcmp(argv[i], "functions") == 0 && *value != '\0'; value += strspn(value, "+")) {
      if (function_count == sizeof functions / sizeof functions[0]) {
        return 1;
      }
      functions[function_count++] = strtoull(value, &value, 16);
    }
  }
  if (out == NULL || function_count == 0) {
    return 1;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, at_exit, NULL);
  return 0;
}
