# How the tests are put together: one binary a room, every *_test.cpp listed by name.

include_guard()
find_package(GTest REQUIRED)

# bunshin_add_tests(<room> <source>...)
# The binary <room>_tests. Every suite becomes a ctest entry (a process for each of the thousands
# of cases would take twice as long, and with sanitizers five times).
function(bunshin_add_tests room)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE sources)
  set_property(GLOBAL APPEND PROPERTY BUNSHIN_TEST_SOURCES ${sources})
  add_executable(${room}_tests ${sources})
  target_link_libraries(${room}_tests PRIVATE bunshin_${room} bunshin_test_main)
  target_precompile_headers(${room}_tests REUSE_FROM bunshin_test_main)
  set(list ${CMAKE_CURRENT_BINARY_DIR}/${room}_suites.cmake)
  add_custom_command(
    TARGET ${room}_tests
    POST_BUILD
    BYPRODUCTS ${list}
    COMMAND ${CMAKE_COMMAND} -D ROOM=${room} -D BINARY=$<TARGET_FILE:${room}_tests>
            -D "EMULATOR=${CMAKE_CROSSCOMPILING_EMULATOR}" -D
            "SANITIZE=${BUNSHIN_SANITIZE}" -D LIST=${list} -P ${PROJECT_SOURCE_DIR}/cmake/ListTestSuites.cmake
    VERBATIM)
  # Before the first build there is nothing to include: an entry that fails stands for it.
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${room}_include.cmake
       "if(EXISTS \"${list}\")\n  include(\"${list}\")\nelse()\n"
       "  add_test(${room}_NOT_BUILT ${room}_NOT_BUILT)\nendif()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES
                                         ${CMAKE_CURRENT_BINARY_DIR}/${room}_include.cmake)
endfunction()

# bunshin_check_tests_registered()
# A test that nobody builds looks just like one that passes, so configuring fails.
function(bunshin_check_tests_registered)
  get_property(registered GLOBAL PROPERTY BUNSHIN_TEST_SOURCES)
  file(GLOB_RECURSE forgotten CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp)
  list(REMOVE_ITEM forgotten ${registered})
  if(forgotten)
    list(JOIN forgotten "\n  " forgotten)
    message(FATAL_ERROR "in no CMakeLists.txt, name them in bunshin_add_tests:\n  ${forgotten}")
  endif()
endfunction()
