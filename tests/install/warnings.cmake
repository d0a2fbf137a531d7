# A newer compiler warns of more. That ends a build of our own presets, never a user's.

include(${CMAKE_CURRENT_LIST_DIR}/support.cmake)
set(work ${BUILD_DIR}/warnings-test)
file(REMOVE_RECURSE ${work})
file(WRITE ${work}/newer.h "#warning \"a newer compiler\"\n")

# build(<out: text> <out: status> <name> <argument of cmake>...): one source of ours, by a compiler
# that warns of it.
function(build text status name)
  run(${CMAKE_COMMAND} -S ${root} -B ${work}/${name} -G Ninja ${ARGN}
      "-DCMAKE_CXX_FLAGS=-include ${work}/newer.h" -DCMAKE_CXX_COMPILER=${CXX_COMPILER})
  execute_process(COMMAND ${CMAKE_COMMAND} --build ${work}/${name}
                          --target reactor/CMakeFiles/bunshin_reactor.dir/error.cpp.o
                  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  set(${text} "${output}" PARENT_SCOPE)
  set(${status} ${result} PARENT_SCOPE)
endfunction()

# Without a preset, with the one that README names, and as a packager may.
foreach(name IN ITEMS plain demo packaged)
  set(arguments "")
  if(name STREQUAL "demo")
    set(arguments --preset demo)
  elseif(name STREQUAL "packaged")
    set(arguments -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_STANDARD=23)
  endif()
  build(output status ${name} ${arguments})
  expect("${output}" "a newer compiler" "${name}: the compiler warned")
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${name}: a warning ended a user's build\n${output}")
  endif()
endforeach()

build(output status ours --preset release)
if(status EQUAL 0)
  message(FATAL_ERROR "the preset release let a warning pass\n${output}")
endif()
expect("${output}" "Werror" "it was the warning")
