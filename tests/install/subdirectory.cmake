# A project that has bunshin as a subdirectory, and links it into a shared object of its own.

include(${CMAKE_CURRENT_LIST_DIR}/support.cmake)
set(work ${BUILD_DIR}/subdirectory-test)
file(REMOVE_RECURSE ${work})
set(launcher "")
if(CCACHE)
  set(launcher -D CMAKE_CXX_COMPILER_LAUNCHER=${CCACHE})
endif()
run(${CMAKE_COMMAND}
    -S ${CMAKE_CURRENT_LIST_DIR}/inside
    -B ${work}
    -G ${GENERATOR}
    -D BUNSHIN=${root}
    -D CMAKE_CXX_COMPILER=${CXX_COMPILER}
    ${launcher})
run(${CMAKE_COMMAND} --build ${work})
run(${work}/inside)

# Nothing of bunshin's is installed with the project that uses it.
run(${CMAKE_COMMAND} --install ${work} --prefix ${work}/prefix)
file(GLOB installed ${work}/prefix/*)
if(installed)
  message(FATAL_ERROR "installed with its parent: ${installed}")
endif()
