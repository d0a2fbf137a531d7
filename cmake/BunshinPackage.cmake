# What a package for Debian has beside what `cmake --install` puts anywhere, and how CPack makes it:
# bunshin (the program and its service) and libbunshin-dev. tools/package.sh calls it.

include_guard()

# lintian wants the licence as `copyright`, with what is common to all MIT licences left as it is.
file(READ LICENSE licence)
string(REGEX MATCH "Copyright \\(c\\) ([^\n]*)\n\n(.*)" whole "${licence}")
set(HOLDER "${CMAKE_MATCH_1}")
string(REPLACE "\n" "\n " TERMS " ${CMAKE_MATCH_2}")
string(REPLACE "\n \n" "\n .\n" TERMS "${TERMS}")
string(STRIP "${TERMS}" TERMS)
configure_file(packaging/copyright.in copyright @ONLY)

set(BUNSHIN_PACKAGE_CONTACT "bunshin contributors <packages@bunshin.invalid>"
    CACHE STRING "Who made the package: a name and an address")
set(CPACK_PACKAGE_CONTACT "${BUNSHIN_PACKAGE_CONTACT}")
string(TIMESTAMP CHANGELOG_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(packaging/changelog.in changelog @ONLY)
find_program(BUNSHIN_GZIP gzip REQUIRED)
execute_process(COMMAND ${BUNSHIN_GZIP} -9nf changelog WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}
                COMMAND_ERROR_IS_FATAL ANY)

foreach(component IN ITEMS program:bunshin development:libbunshin-dev)
  string(REPLACE ":" ";" pair ${component})
  list(GET pair 0 name)
  list(GET pair 1 package)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/copyright ${CMAKE_CURRENT_BINARY_DIR}/changelog.gz
          DESTINATION share/doc/${package} COMPONENT ${name})
endforeach()

install(FILES packaging/bunshin-bridge.service DESTINATION /lib/systemd/system COMPONENT program)
install(FILES packaging/60-bunshin.rules DESTINATION /lib/udev/rules.d COMPONENT program)
install(FILES bridge/rapiro.toml DESTINATION /etc/bunshin RENAME bridge.toml COMPONENT program)
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/conffiles "/etc/bunshin/bridge.toml\n")

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL program development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME bunshin)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_BINARY_DIR}/conffiles)
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION
    "One thread serves thousands of sockets, serial lines and pipes. With it
comes a bridge that carries what the speech recogniser Julius hears to a
robot, as a service that waits for both and reconnects; and the tools to
try and to measure event-driven input and output.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libbunshin-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
# A static library needs whatever it was made with.
execute_process(COMMAND tools/setup.sh libraries WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
                OUTPUT_VARIABLE libraries COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" libraries "${libraries}")
list(FILTER libraries EXCLUDE REGEX "^(libgtest-dev|libgmock-dev|)$")
list(JOIN libraries ", " CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS)
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
    "For programs of one's own: a reactor on epoll, io_uring or poll behind
one interface, and the handlers that servers are made of. Static
libraries, headers, pkg-config files and a CMake package.")

# Debian's tool reads what the program needs from the libraries' packages of this machine. Those of
# another architecture are not installed: BUNSHIN_PACKAGE_DEPENDS says it then.
if(BUNSHIN_PACKAGE_DEPENDS)
  set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS "${BUNSHIN_PACKAGE_DEPENDS}")
else()
  set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
endif()
include(CPack)
