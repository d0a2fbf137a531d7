# cmake -D ROOM=<name> -D BINARY=<test program> -D EMULATOR=<command that runs it, or empty>
#       -D SANITIZE=<sanitizers> -D LIST=<file> -P ListTestSuites.cmake
# Writes the ctest entries of a GoogleTest program: one for each suite, named <room>.<suite>, with
# 30 seconds and half a second more for each of its cases; two seconds with ThreadSanitizer or an
# emulator.

cmake_minimum_required(VERSION 3.25)
execute_process(
  COMMAND ${EMULATOR} ${BINARY} --gtest_list_tests
  OUTPUT_VARIABLE output
  TIMEOUT 60 COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE ";" " " output "${output}")
string(REPLACE "\n" ";" lines "${output}")

set(halves 1)
if(SANITIZE STREQUAL "thread" OR EMULATOR)
  set(halves 4)
endif()

set(command "")
foreach(word IN LISTS EMULATOR ITEMS ${BINARY})
  string(APPEND command " [=[${word}]=]")
endforeach()

set(entries "")
function(write_entry suite cases)
  if(cases EQUAL 0)
    return()
  endif()
  set(name "${ROOM}.${suite}")
  math(EXPR seconds "30 + ${cases} * ${halves} / 2")
  string(APPEND entries "add_test([=[${name}]=]${command} [=[--gtest_filter=${suite}.*]=]\n"
         "         --gtest_brief=1)\n"
         "set_tests_properties([=[${name}]=] PROPERTIES TIMEOUT ${seconds} COST ${cases}\n"
         "                                LABELS ${ROOM})\n")
  set(entries "${entries}" PARENT_SCOPE)
endfunction()

set(suite "")
set(cases 0)
foreach(line IN LISTS lines)
  if(line MATCHES "^([^ ]+)\\.( |$)")
    set(next "${CMAKE_MATCH_1}")
    write_entry("${suite}" ${cases})
    set(suite "${next}")
    set(cases 0)
  elseif(line MATCHES "^  [^ ]")
    math(EXPR cases "${cases} + 1")
  endif()
endforeach()
write_entry("${suite}" ${cases})
file(WRITE ${LIST} "${entries}")
