# Installs the build, then builds projects that know nothing but the installed package.

include(${CMAKE_CURRENT_LIST_DIR}/support.cmake)
set(work ${BUILD_DIR}/install-test)
set(prefix ${work}/prefix)
file(REMOVE_RECURSE ${work})
run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${prefix})
run(${prefix}/bin/bunshin --help)
foreach(file IN ITEMS man/man1/bunshin.1.gz man/man1/bunshin-sim-julius.1.gz
                      bash-completion/completions/bunshin zsh/vendor-completions/_bunshin
                      fish/vendor_completions.d/bunshin.fish)
  if(NOT EXISTS ${prefix}/share/${file})
    message(FATAL_ERROR "share/${file} was not installed")
  endif()
endforeach()

if(SANITIZE)
  set(ENV{CXXFLAGS} -fsanitize=${SANITIZE})
endif()
set(ENV{CXX} ${CXX_COMPILER})
set(ENV{CMAKE_PREFIX_PATH} ${prefix})

# configure(<folder> <-D...>...): a project of tests/install.
function(configure name)
  run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/${name} -B ${work}/${name} -G ${GENERATOR} ${ARGN})
endfunction()

function(build_and_run name)
  configure(${name})
  run(${CMAKE_COMMAND} --build ${work}/${name})
  run(${work}/${name}/${name})
endfunction()

# The commands that a README gives for a program of one's own, typed in a folder with the two files
# it shows.
function(follow_readme name)
  file(READ ${root}/${name} text)
  string(REGEX MATCH "from docs/examples/CMakeLists.txt.*from tests/install/outside" section "${text}")
  string(REGEX MATCHALL "\\$ cmake [^\n]*" commands "${section}")
  list(LENGTH commands count)
  if(NOT count EQUAL 2)
    message(FATAL_ERROR "${name} should give two commands, to configure and to build: ${commands}")
  endif()
  file(COPY ${root}/docs/examples/ DESTINATION ${work}/${name})
  foreach(command IN LISTS commands)
    string(SUBSTRING "${command}" 2 -1 command)
    separate_arguments(command UNIX_COMMAND "${command}")
    execute_process(COMMAND ${command} WORKING_DIRECTORY ${work}/${name} COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
endfunction()

# pkg-config alone is enough to compile and link.
function(build_with_pkg_config module source)
  file(GLOB_RECURSE files ${prefix}/*/bunshin-reactor.pc)
  list(GET files 0 file)
  cmake_path(GET file PARENT_PATH folder)
  set(ENV{PKG_CONFIG_PATH} ${folder})
  execute_process(COMMAND pkg-config --cflags --libs ${module}
                  OUTPUT_VARIABLE flags COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags} $ENV{CXXFLAGS}")
  run(${CXX_COMPILER} -std=c++20 ${source} ${flags} -o ${work}/${module})
endfunction()

# Messages name a handler by its type: who compiles without types is told so.
function(refuse_no_rtti)
  configure(outside -D CMAKE_CXX_FLAGS=-fno-rtti)
  execute_process(COMMAND ${CMAKE_COMMAND} --build ${work}/outside
                  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(status EQUAL 0)
    message(FATAL_ERROR "a program without RTTI was built: it would crash")
  endif()
  expect("${output}" "compile with RTTI" "the reason is told")
  file(REMOVE_RECURSE ${work}/outside)
endfunction()

refuse_no_rtti()
build_and_run(outside)
build_and_run(bridge_user)
follow_readme(README.md)
follow_readme(README.ja.md)
build_with_pkg_config(bunshin-reactor ${CMAKE_CURRENT_LIST_DIR}/outside/main.cpp)
run(${work}/bunshin-reactor)
build_with_pkg_config(bunshin-handlers ${root}/docs/examples/server3.cpp)  # runs until it is stopped
build_with_pkg_config(bunshin-bridge ${CMAKE_CURRENT_LIST_DIR}/bridge_user/main.cpp)
run(${work}/bunshin-bridge)
