# Cross-compiling for another architecture of Debian, with Debian's cross-compiler, against a root
# folder that holds that architecture's libraries; what was built runs under qemu-user.
# tools/cross.sh makes the root and names both in the environment, because try_compile reads this
# file again in projects of its own.
set(_root "$ENV{BUNSHIN_CROSS_ROOT}")
set(_architecture "$ENV{BUNSHIN_CROSS_ARCHITECTURE}")
if(_architecture STREQUAL "arm64")
  set(CMAKE_SYSTEM_PROCESSOR aarch64)
  set(_triplet aarch64-linux-gnu)
  set(_emulator qemu-aarch64-static)
elseif(_architecture STREQUAL "armhf")
  set(CMAKE_SYSTEM_PROCESSOR armv7l)
  set(_triplet arm-linux-gnueabihf)
  set(_emulator qemu-arm-static)
else()
  message(FATAL_ERROR "BUNSHIN_CROSS_ARCHITECTURE is \"${_architecture}\": "
                      "run tools/cross_check.sh arm64 or armhf")
endif()

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSROOT "${_root}")
set(CMAKE_C_COMPILER ${_triplet}-gcc)
set(CMAKE_CXX_COMPILER ${_triplet}-g++)
set(CMAKE_LIBRARY_ARCHITECTURE ${_triplet})
set(CMAKE_CROSSCOMPILING_EMULATOR "${_emulator};-L;${_root}")

# Libraries and headers are the root's; programs, such as python3, this machine's.
set(CMAKE_FIND_ROOT_PATH "${_root}")
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${_root}")
set(ENV{PKG_CONFIG_LIBDIR} "${_root}/usr/lib/${_triplet}/pkgconfig:${_root}/usr/share/pkgconfig")
