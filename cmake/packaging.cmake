# What is installed, and the Debian package that CPack makes of it (scripts/package.sh).
#
#   program   the program and its licence: all that the image takes (scripts/image.sh)
#   docs      documents, an example of a configuration, completion for bash
#   system    the service and its configuration, at fixed places of the system: for the package only
include(GNUInstallDirs)
set(docs "${CMAKE_INSTALL_DATADIR}/doc/longshore")

install(TARGETS longshore RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT program)
install(FILES deploy/debian/copyright DESTINATION "${docs}" COMPONENT program)

install(FILES README.md config/example.yaml config/longshore.schema.json
  DESTINATION "${docs}" COMPONENT docs)
install(DIRECTORY docs/ DESTINATION "${docs}" COMPONENT docs FILES_MATCHING PATTERN "*.md")
# The program knows its own options: it is asked for them when it is installed.
install(CODE "
  execute_process(COMMAND \"$<TARGET_FILE:longshore>\" completion bash
    OUTPUT_FILE \"${PROJECT_BINARY_DIR}/completion.bash\" COMMAND_ERROR_IS_FATAL ANY)" COMPONENT docs)
install(FILES "${PROJECT_BINARY_DIR}/completion.bash" RENAME longshore
  DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" COMPONENT docs)

install(FILES deploy/systemd/longshore.service DESTINATION /lib/systemd/system
  COMPONENT system EXCLUDE_FROM_ALL)
install(FILES deploy/debian/longshore.yaml DESTINATION /etc/longshore
  COMPONENT system EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL program docs system)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_NAME longshore)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_CONTACT "The Longshore authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "brings what runs an image up to date when it is pushed")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "\
Registries send it their webhooks. It keeps each one durably before it\n\
answers, decides by policy which workloads should run the new version,\n\
changes them, and writes down every step in an audit log.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  "${PROJECT_SOURCE_DIR}/deploy/debian/conffiles"
  "${PROJECT_SOURCE_DIR}/deploy/debian/postinst"
  "${PROJECT_SOURCE_DIR}/deploy/debian/prerm"
  "${PROJECT_SOURCE_DIR}/deploy/debian/postrm")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
