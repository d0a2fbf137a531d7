# What the rooms (the top-level folders) are made with.

include_guard()
include(GNUInstallDirs)
cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH BUNSHIN_ROOT)

add_library(bunshin_warnings INTERFACE)
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(bunshin_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
endif()

# bunshin_add_room(<room> <source>...)
# The library of a room: target bunshin_<room>, alias bunshin::<room>. Its headers are included
# from the project's root, as in "reactor/reactor.h". It is static, and fit for going into a shared
# object; the interface of 0.1 changes too often for a shared library of its own.
function(bunshin_add_room room)
  add_library(bunshin_${room} STATIC ${ARGN})
  add_library(bunshin::${room} ALIAS bunshin_${room})
  set_target_properties(bunshin_${room} PROPERTIES EXPORT_NAME ${room}
                                                   POSITION_INDEPENDENT_CODE ON)
  # Nobody replaces our functions from outside, so that they may be inlined in spite of that.
  target_compile_options(bunshin_${room} PRIVATE
                         $<$<CXX_COMPILER_ID:GNU>:-fno-semantic-interposition>)
  target_compile_features(bunshin_${room} PUBLIC cxx_std_20)
  target_include_directories(
    bunshin_${room} PUBLIC $<BUILD_INTERFACE:${BUNSHIN_ROOT}>
                           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/bunshin>)
  target_link_libraries(bunshin_${room} PRIVATE $<BUILD_INTERFACE:bunshin_warnings>)
endfunction()

# bunshin_install_room(<room> <pkg-config module>...)
# Makes a room part of the installed package, as bunshin::<room> for CMake and bunshin-<room> for
# pkg-config, which needs to be told the modules that the room is linked with, and in
# BUNSHIN_ROOM_LIBS the libraries that are no modules.
function(bunshin_install_room room)
  if(NOT BUNSHIN_INSTALL)
    return()
  endif()
  install(TARGETS bunshin_${room} EXPORT bunshinTargets)
  cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY ${BUNSHIN_ROOT} OUTPUT_VARIABLE
             folder)
  install(
    DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/bunshin/${folder}
    FILES_MATCHING
    PATTERN "*.h")

  # Relative, so that `cmake --install --prefix` may put it anywhere.
  cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY
             ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig OUTPUT_VARIABLE up)
  list(JOIN ARGN " " modules)
  configure_file(${BUNSHIN_ROOT}/cmake/bunshin.pc.in bunshin-${room}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/bunshin-${room}.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()
