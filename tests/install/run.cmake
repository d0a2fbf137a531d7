# Installs the build, then builds projects that know nothing but the installed package.

set(work ${BUILD_DIR}/install-test)
set(prefix ${work}/prefix)
file(REMOVE_RECURSE ${work})

set(flags "")
if(SANITIZE)
  set(flags -fsanitize=${SANITIZE})
endif()

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(build_outside source name)
  run(${CMAKE_COMMAND}
      -S ${source}
      -B ${work}/${name}
      -G ${GENERATOR}
      -D CMAKE_CXX_COMPILER=${CXX_COMPILER}
      -D CMAKE_CXX_FLAGS=${flags}
      -D CMAKE_PREFIX_PATH=${prefix})
  run(${CMAKE_COMMAND} --build ${work}/${name})
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${prefix})
build_outside(${CMAKE_CURRENT_LIST_DIR}/outside outside)
run(${work}/outside/outside)
build_outside(${CMAKE_CURRENT_LIST_DIR}/../../docs/examples examples)
run(${prefix}/bin/bunshin --help)
