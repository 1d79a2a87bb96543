/* Start-up, clock and serial port. QEMU's clock counts instructions: see the board's icount. */
#include <Arduino.h>
#include <errno.h>
#include <esp_system.h>
#include <sys/stat.h>

#define REGISTER(address) (*reinterpret_cast<volatile uint32_t *>(address))
#define UART_DATA REGISTER(0x40004000U)
#define UART_STATE REGISTER(0x40004004U)
#define UART_CTRL REGISTER(0x40004008U)
#define UART_INT REGISTER(0x4000400CU)
#define UART_BAUD REGISTER(0x40004010U)
#define SYST_CSR REGISTER(0xE000E010U)
#define SYST_RVR REGISTER(0xE000E014U)
#define SYST_CVR REGISTER(0xE000E018U)
#define NVIC_ISER0 REGISTER(0xE000E100U)

#define CLOCK_MHZ 25U
#define RELOAD 0x00FFFFFFU

HardwareSerial Serial;
EspClass ESP;

static volatile uint32_t wraps;
static volatile uint8_t ring[2048];
static volatile uint32_t head, tail;

static uint64_t ticks() {
  for (;;) {
    const uint32_t before = wraps;
    const uint32_t value = SYST_CVR;
    if (wraps == before) {
      return (static_cast<uint64_t>(before) << 24) + (RELOAD - value);
    }
  }
}

void HardwareSerial::begin(unsigned long) {
  UART_BAUD = 16U;
  UART_CTRL = 0xBU; /* send, receive, interrupt for what is received */
  NVIC_ISER0 = 1U;
}

int HardwareSerial::available() {
  return static_cast<int>(head - tail);
}

int HardwareSerial::peek() {
  return head == tail ? -1 : ring[tail % sizeof ring];
}

int HardwareSerial::read() {
  const int byte = peek();
  tail = tail + (byte < 0 ? 0U : 1U);
  return byte;
}

size_t HardwareSerial::write(uint8_t byte) {
  while ((UART_STATE & 1U) != 0U) {
  }
  UART_DATA = byte;
  return 1;
}

size_t HardwareSerial::write(const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    write(bytes[i]);
  }
  return size;
}

uint32_t EspClass::getCycleCount() {
  return static_cast<uint32_t>(ticks());
}

uint32_t EspClass::getCpuFreqMHz() {
  return CLOCK_MHZ;
}

extern "C" {

unsigned long micros(void) {
  return static_cast<unsigned long>(ticks() / CLOCK_MHZ);
}

unsigned long millis(void) {
  return static_cast<unsigned long>(ticks() / (CLOCK_MHZ * 1000U));
}

int64_t esp_timer_get_time(void);
int64_t esp_timer_get_time(void) {
  return static_cast<int64_t>(ticks() / CLOCK_MHZ);
}

void yield(void) {
  asm volatile("wfi");
}

void delay(unsigned long ms) {
  const unsigned long since = millis();
  while (head == tail && millis() - since < ms) {
    yield();
  }
}

/* ---- the stack: painted, as FreeRTOS paints it ---- */

extern uint8_t core_stack_top[];

#define STACK_BYTES 8192U
#define STACK_PAINT 0xA5U

uint32_t uxTaskGetStackHighWaterMark(void *) {
  const uint8_t *const bottom = core_stack_top - STACK_BYTES;
  uint32_t free = 0;
  while (free < STACK_BYTES && bottom[free] == STACK_PAINT) {
    free++;
  }
  return free;
}

static void paint_stack() {
  uint8_t *stack_pointer;
  asm volatile("mov %0, sp" : "=r"(stack_pointer));
  for (volatile uint8_t *byte = core_stack_top - STACK_BYTES; byte < stack_pointer; byte++) {
    *byte = STACK_PAINT;
  }
}

/* ---- what the C library asks for ---- */

void *_sbrk(int);
void *_sbrk(int) {
  errno = ENOMEM;
  return reinterpret_cast<void *>(-1);
}
int _close(int);
int _close(int) {
  return -1;
}
int _fstat(int, struct stat *);
int _fstat(int, struct stat *) {
  return -1;
}
int _isatty(int);
int _isatty(int) {
  return 0;
}
int _lseek(int, int, int);
int _lseek(int, int, int) {
  return -1;
}
int _read(int, char *, int);
int _read(int, char *, int) {
  return -1;
}
int _write(int, const char *, int);
int _write(int, const char *, int) {
  return -1;
}
int _getpid(void);
int _getpid(void) {
  return 1;
}
int _kill(int, int);
int _kill(int, int) {
  return -1;
}
void _exit(int);
void _exit(int) {
  for (;;) {
  }
}

/* ---- start-up ---- */

extern uint32_t core_data_load[], core_data_start[], core_data_end[];
extern uint32_t core_bss_start[], core_bss_end[];
extern void (*core_init_start[])(void);
extern void (*core_init_end[])(void);

static void systick_handler(void) {
  wraps = wraps + 1U;
}

static void uart_handler(void) {
  while ((UART_STATE & 2U) != 0U) {
    ring[head % sizeof ring] = static_cast<uint8_t>(UART_DATA);
    head = head + 1U;
    UART_INT = 2U;
  }
}

static void fault_handler(void) {
  Serial.write(reinterpret_cast<const uint8_t *>("core fault\r\n"), 12);
  for (;;) {
  }
}

void core_start(void);
__attribute__((noreturn, used)) void core_start(void) {
  paint_stack();
  for (uint32_t *to = core_data_start, *from = core_data_load; to < core_data_end;) {
    *to++ = *from++;
  }
  for (volatile uint32_t *to = core_bss_start; to < core_bss_end;) {
    *to++ = 0U;
  }
  SYST_RVR = RELOAD;
  SYST_CVR = 0U;
  SYST_CSR = 7U;
  for (void (**init)(void) = core_init_start; init < core_init_end; init++) {
    (*init)();
  }
  setup();
  for (;;) {
    loop();
  }
}

__attribute__((naked, noreturn)) static void reset_handler(void) {
  asm volatile(
      "ldr r0, =0xE000ED88\n\t" /* the FPU, before compiled code may use it */
      "movs r1, #0xF\n\t"
      "lsls r1, r1, #20\n\t"
      "str r1, [r0]\n\t"
      "dsb\n\t"
      "isb\n\t"
      "b core_start\n\t"
      ".ltorg\n\t");
}

__attribute__((section(".vectors"), used)) static void (*const vectors[])(void) = {
    reinterpret_cast<void (*)(void)>(core_stack_top),
    reset_handler,
    fault_handler,
    fault_handler,
    fault_handler,
    fault_handler,
    fault_handler,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    fault_handler,
    fault_handler,
    nullptr,
    fault_handler,
    systick_handler,
    uart_handler,
};

} /* extern "C" */

size_t getArduinoLoopTaskStackSize() {
  return STACK_BYTES;
}

extern "C" esp_reset_reason_t esp_reset_reason(void) {
  return ESP_RST_POWERON;
}

void HardwareSerial::end() {
}
