# The package that find_package(bunshin) finds. Each room says itself what of it is installed.

include_guard()
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/bunshin)
configure_package_config_file(cmake/bunshinConfig.cmake.in bunshinConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(bunshinConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/bunshinConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/bunshinConfigVersion.cmake
        DESTINATION ${package_dir})
install(EXPORT bunshinTargets NAMESPACE bunshin:: DESTINATION ${package_dir})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT licence)  # packages have `copyright`
