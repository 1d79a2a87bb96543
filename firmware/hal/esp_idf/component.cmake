# ESP-IDF also reads this file as a script, where CONFIGURE_DEPENDS is an error.
file(GLOB_RECURSE sources "*.c" "*.cpp" "*.cc")

# Which folders there are, the engine decides. The model is a library beside this component, in
# lib/model: PlatformIO's finder adds its headers and its objects, because a source here includes it.
set(folders)
foreach(folder hal protocol tflm)
  if(IS_DIRECTORY "${CMAKE_CURRENT_LIST_DIR}/${folder}")
    list(APPEND folders ${folder})
  endif()
endforeach()

set(requires driver esp_timer esp_rom)
if(EXISTS "${CMAKE_CURRENT_LIST_DIR}/idf_component.yml")
  list(APPEND requires esp-tflite-micro)
endif()

idf_component_register(SRCS ${sources} INCLUDE_DIRS ${folders} PRIV_REQUIRES ${requires})
