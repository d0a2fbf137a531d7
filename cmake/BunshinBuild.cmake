# How everything is compiled when this is the project that is built. Included before project(), so
# that defaults are in place when the compiler is looked for; whatever the user sets wins. A project
# that adds this one as a subdirectory decides for itself.

include_guard()

set(BUNSHIN_SANITIZE "" CACHE STRING "Sanitizers to build with, as in -fsanitize=")
set_property(CACHE BUNSHIN_SANITIZE PROPERTY STRINGS "" "address,undefined" "thread")
if(NOT BUNSHIN_SANITIZE MATCHES "^(address,undefined|thread)?$")
  message(FATAL_ERROR "BUNSHIN_SANITIZE is \"${BUNSHIN_SANITIZE}\": "
                      "leave it empty, or say \"address,undefined\" or \"thread\"")
endif()

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug, RelWithDebInfo or MinSizeRel" FORCE)
endif()
# CMake's own default is -O3; the figures we publish are for -O2, what distributions ship.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG" CACHE STRING "Flags of the release build")

if(NOT CMAKE_CXX_STANDARD)
  set(CMAKE_CXX_STANDARD 20)
endif()
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(BUNSHIN_CCACHE ccache)
  mark_as_advanced(BUNSHIN_CCACHE)
  if(BUNSHIN_CCACHE)
    # Without this sloppiness ccache refuses whatever uses a precompiled header, as the tests do.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${BUNSHIN_CCACHE})
  endif()
endif()

if(BUNSHIN_SANITIZE)
  add_compile_options(-fsanitize=${BUNSHIN_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  # With a sanitizer g++ 12 takes a short string's buffer for where a long one is.
  add_compile_options("$<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds;-Wno-stringop-overflow>")
  if(BUNSHIN_SANITIZE MATCHES "undefined")
    # It opens a pipe to look at an object, and takes a failure of that for a wrong object: our
    # tests use up all descriptors on purpose.
    add_compile_options(-fno-sanitize=vptr)
  endif()
  add_link_options(-fsanitize=${BUNSHIN_SANITIZE})
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()
