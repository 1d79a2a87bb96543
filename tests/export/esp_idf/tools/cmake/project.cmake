# A stand-in for ESP-IDF's build system, of what its documentation says: which arguments a component
# is registered with, that each CMakeLists.txt is first read as a script, that a component sees the
# headers of those alone that it requires, and which warnings are errors.
set(ESP_PLATFORM 1)
set(idf_components heap driver esp_timer esp_rom) # those of ESP-IDF that are asked for
set(idf_one KCONFIG KCONFIG_PROJBUILD)
set(idf_many SRCS SRC_DIRS EXCLUDE_SRCS INCLUDE_DIRS PRIV_INCLUDE_DIRS LDFRAGMENTS REQUIRES
             PRIV_REQUIRES REQUIRED_IDF_TARGETS EMBED_FILES EMBED_TXTFILES)
set(idf_warnings -Wall -Werror=all -Wno-error=unused-function -Wno-error=unused-variable
                 -Wno-error=unused-but-set-variable -Wno-error=deprecated-declarations -Wextra
                 -Wno-unused-parameter -Wno-sign-compare -Wno-enum-conversion)

function(idf_component_register)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "${idf_one}" "${idf_many}")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "idf_component_register knows no ${arg_UNPARSED_ARGUMENTS}")
  endif()
  get_filename_component(name ${CMAKE_CURRENT_LIST_DIR} NAME)
  set(library __idf_${name})
  add_library(${library} STATIC ${arg_SRCS})
  target_include_directories(${library} PUBLIC ${arg_INCLUDE_DIRS})
  target_compile_options(${library} PRIVATE -std=gnu17 ${idf_warnings})
  foreach(required ${arg_REQUIRES} ${arg_PRIV_REQUIRES})
    if(NOT required IN_LIST idf_components)
      target_link_libraries(${library} PRIVATE __idf_${required})
    endif()
  endforeach()
  set(COMPONENT_LIB ${library} PARENT_SCOPE)
endfunction()

macro(project name)
  _project(${name} C)
  foreach(folder ${EXTRA_COMPONENT_DIRS} ${CMAKE_SOURCE_DIR}/main)
    set(script ${CMAKE_BINARY_DIR}/requirements.cmake)
    file(WRITE ${script} "macro(idf_component_register)\n  return()\nendmacro()\n"
                         "include(${folder}/CMakeLists.txt)\n")
    execute_process(COMMAND ${CMAKE_COMMAND} -D ESP_PLATFORM=1 -P ${script} RESULT_VARIABLE bad)
    if(bad)
      message(FATAL_ERROR "${folder}/CMakeLists.txt is no script")
    endif()
    get_filename_component(component ${folder} ABSOLUTE)
    get_filename_component(component ${component} NAME)
    add_subdirectory(${folder} components/${component})
  endforeach()
  file(WRITE ${CMAKE_BINARY_DIR}/start.c
       "void app_main(void);\nint main(void) {\n  app_main();\n  return 0;\n}\n")
  add_executable(${name} ${CMAKE_BINARY_DIR}/start.c)
  target_link_libraries(${name} PRIVATE __idf_main)
endmacro()
