# SPDX-License-Identifier: Apache-2.0
# cmake -DROOT=<repository> -P check_budgets.cmake
#
# Fails when a product file is longer than what one person reads in one go (headers 150 lines,
# sources 400), when a source or script does not name its licence at its top, or when a header
# lacks `#pragma once`.
cmake_minimum_required(VERSION 3.25)
if(NOT ROOT)
  message(FATAL_ERROR "Name the repository: cmake -DROOT=<repository> -P ${CMAKE_CURRENT_LIST_FILE}")
endif()

set(header_lines 150)
set(source_lines 400)
set(licence "SPDX-License-Identifier: Apache-2.0\n")

function(check_length file text most)
  string(REGEX REPLACE "[^\n]" "" newlines "${text}")
  string(LENGTH "${newlines}" lines)
  if(lines GREATER most)
    message(SEND_ERROR "${file} has ${lines} lines, ${most} are the budget: split it.")
  endif()
endfunction()

foreach(folder pipeline receiver sinks config cli tests bench)
  file(GLOB_RECURSE files RELATIVE "${ROOT}" "${ROOT}/${folder}/*.h" "${ROOT}/${folder}/*.cc")
  foreach(file IN LISTS files)
    file(READ "${ROOT}/${file}" text)
    if(NOT text MATCHES "^// ${licence}")
      message(SEND_ERROR "${file} does not start with: // ${licence}")
    endif()
    if(file MATCHES "\\.h$" AND NOT text MATCHES "\n#pragma once\n")
      message(SEND_ERROR "${file} lacks #pragma once.")
    endif()
    if(file MATCHES "^(tests|bench)/")
      continue()
    elseif(file MATCHES "\\.h$")
      check_length("${file}" "${text}" ${header_lines})
    else()
      check_length("${file}" "${text}" ${source_lines})
    endif()
  endforeach()
endforeach()

# A script may start with its interpreter.
file(GLOB_RECURSE scripts RELATIVE "${ROOT}"
  "${ROOT}/scripts/*.sh" "${ROOT}/tests/*.sh" "${ROOT}/tests/*.py" "${ROOT}/bench/*.sh"
  "${ROOT}/bench/*.py" "${ROOT}/.ci/*")
foreach(file IN LISTS scripts)
  file(READ "${ROOT}/${file}" text LIMIT 400)
  if(NOT text MATCHES "^(#![^\n]*\n)?# ${licence}")
    message(SEND_ERROR "${file} does not name its licence at its top: # ${licence}")
  endif()
endforeach()
