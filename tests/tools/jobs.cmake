# tools/jobs.sh: as many compilers as memory is free for, one a core at most, one at least.

include(${CMAKE_CURRENT_LIST_DIR}/../install/support.cmake)

# Not in the build folder: whoever tests need not be who has built.
string(RANDOM LENGTH 12 name)
set(meminfo /tmp/bunshin-meminfo-${name})

function(expect_jobs kilobytes jobs)
  file(WRITE ${meminfo} "MemTotal: 999999999999 kB\nMemAvailable: ${kilobytes} kB\n")
  execute_process(COMMAND ${root}/tools/jobs.sh ${meminfo}
                  OUTPUT_VARIABLE printed OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  if(NOT printed EQUAL jobs)
    message(FATAL_ERROR "with ${kilobytes} kB free: ${printed} jobs, not ${jobs}")
  endif()
endfunction()

execute_process(COMMAND nproc OUTPUT_VARIABLE cores OUTPUT_STRIP_TRAILING_WHITESPACE)
expect_jobs(100000 1)
expect_jobs(900000 1)
expect_jobs(999999999999 ${cores})
file(REMOVE ${meminfo})
