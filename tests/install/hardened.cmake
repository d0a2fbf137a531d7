# The program is built as Debian builds its own: readelf can tell.

include(${CMAKE_CURRENT_LIST_DIR}/support.cmake)

function(readelf out)
  execute_process(COMMAND readelf --wide ${ARGN} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  set(${out} "${output}" PARENT_SCOPE)
endfunction()

set(program ${BUILD_DIR}/tools/bunshin)
readelf(header --file-header ${program})
expect("${header}" "Type: +DYN" "position-independent")
readelf(segments --segments ${program})
expect("${segments}" "GNU_RELRO" "relocations are read-only after the start")
readelf(dynamic --dynamic ${program})
expect("${dynamic}" "BIND_NOW|Flags: NOW" "all of them")
readelf(symbols --dyn-syms ${program})
expect("${symbols}" "__stack_chk_fail" "stack protector")
expect("${symbols}" "__[a-z]+_chk@" "_FORTIFY_SOURCE")

# The program has the property only where the C library's start files have it too: look at ours.
readelf(notes --notes ${BUILD_DIR}/reactor/libbunshin_reactor.a)
if(PROCESSOR MATCHES "aarch64|arm64")
  expect("${notes}" "BTI" "control-flow protection")
elseif(PROCESSOR STREQUAL "x86_64")
  expect("${notes}" "IBT" "control-flow protection")
endif()
