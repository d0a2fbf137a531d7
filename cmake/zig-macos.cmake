# Cross-compiling for macOS with zig's bundled clang, headers and link stubs: a check that the
# portable parts build there, not a way to ship. tools/macos_check.sh prepares the folder named
# by BUNSHIN_MACOS_KIT (bin/ wrappers, include/ links, lib/ stubs and packages) and names it
# in the environment, because try_compile reads this file again in projects of its own.
set(_kit "$ENV{BUNSHIN_MACOS_KIT}")
if(NOT EXISTS "${_kit}/bin/c++")
  message(FATAL_ERROR "BUNSHIN_MACOS_KIT names no prepared folder: run tools/macos_check.sh")
endif()

set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_C_COMPILER "${_kit}/bin/cc")
set(CMAKE_CXX_COMPILER "${_kit}/bin/c++")
set(CMAKE_AR "${_kit}/bin/ar" CACHE FILEPATH "")
set(CMAKE_RANLIB "${_kit}/bin/ranlib" CACHE FILEPATH "")
set(CMAKE_INSTALL_NAME_TOOL /bin/true CACHE FILEPATH "")  # nothing is installed
set(CMAKE_SIZEOF_VOID_P 8)  # CMake's own way to find out passes -Wl,-v, which zig refuses
set(CMAKE_OSX_SYSROOT "" CACHE PATH "")                   # zig brings its own

# Nothing of the host's may be found: its headers are glibc's, its libraries ELF.
set(CMAKE_FIND_ROOT_PATH "${_kit}")
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
