# What Debian's own packages are built with, for the release builds of our own. Included after
# project(), in a build of our own only: who links the libraries into another program decides himself.

include_guard()
include(CheckPIESupported)

if(BUNSHIN_SANITIZE)
  return()  # a sanitizer does not go together with _FORTIFY_SOURCE
endif()

# For the targets that ask for it by POSITION_INDEPENDENT_CODE: without this they are compiled as
# such, and linked as the compiler's default is.
check_pie_supported()

set(release $<CONFIG:Release,RelWithDebInfo,MinSizeRel>)
add_compile_options($<${release}:-fstack-protector-strong>)
# Undefined first: some distributions' compilers define it themselves, and then it is a warning. It
# is one, too, where the user has asked for no optimisation.
if(NOT "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_RELEASE}" MATCHES "-O0|_FORTIFY_SOURCE")
  add_compile_options("$<${release}:SHELL:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>")
endif()

# Indirect branches land only where they may: CET on x86-64, BTI and PAC on arm64.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_compile_options($<${release}:-fcf-protection>)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  add_compile_options($<${release}:-mbranch-protection=standard>)
endif()

if(NOT APPLE)
  # All functions are bound before main(), so calls may skip the stubs that bind at the first call:
  # that pays for a good part of the rest.
  add_link_options(LINKER:-z,relro LINKER:-z,now)
  add_compile_options($<${release}:-fno-plt>)
endif()
