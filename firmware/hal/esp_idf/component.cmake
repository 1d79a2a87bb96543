file(GLOB_RECURSE sources CONFIGURE_DEPENDS "*.c" "*.cpp" "*.cc")
idf_component_register(
  SRCS ${sources}
  INCLUDE_DIRS "hal" "kernels" "model" "protocol"
  PRIV_REQUIRES driver esp_timer esp_rom)
