# How the tests are put together: one binary a room, every *_test.cpp listed by name.

include_guard()
include(GoogleTest)
find_package(GTest REQUIRED)

# bunshin_add_tests(<room> <source>...)
# The binary <room>_tests. Every case becomes a ctest entry of its own and has 30 seconds.
function(bunshin_add_tests room)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE sources)
  set_property(GLOBAL APPEND PROPERTY BUNSHIN_TEST_SOURCES ${sources})
  add_executable(${room}_tests ${sources})
  target_link_libraries(${room}_tests PRIVATE bunshin_${room} bunshin_test_main)
  target_precompile_headers(${room}_tests REUSE_FROM bunshin_test_main)
  gtest_discover_tests(
    ${room}_tests
    TEST_PREFIX ${room}.
    DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT 30 LABELS ${room})
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
