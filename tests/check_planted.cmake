# SPDX-License-Identifier: Apache-2.0
# cmake -DROOT=<repository> -DWORK=<folder to use> -P check_planted.cmake
#
# Tests the checks themselves: plants one fault after the other in a copy of the sources, and fails
# unless the check fails and names the file.
cmake_minimum_required(VERSION 3.25)
if(NOT ROOT OR NOT WORK)
  message(FATAL_ERROR "cmake -DROOT=<repository> -DWORK=<folder> -P ${CMAKE_CURRENT_LIST_FILE}")
endif()

function(run check result output)
  execute_process(
    COMMAND "${CMAKE_COMMAND}" "-DROOT=${WORK}" -P "${ROOT}/tests/check_${check}.cmake"
    RESULT_VARIABLE code OUTPUT_VARIABLE text ERROR_VARIABLE text)
  set(${result} ${code} PARENT_SCOPE)
  set(${output} "${text}" PARENT_SCOPE)
endfunction()

# The file is written with this text after its licence, checked, and removed.
function(expect_refused check file text)
  file(WRITE "${WORK}/${file}" "// SPDX-License-Identifier: Apache-2.0\n${text}\n")
  expect_failure(${check} "${file}" "${text}")
endfunction()

function(expect_failure check file text)
  run(${check} code output)
  file(REMOVE "${WORK}/${file}")
  string(REGEX REPLACE "[ \n]+" " " output "${output}")  # CMake wraps its messages
  string(FIND "${output}" "${file}" at)
  if(code EQUAL 0 OR at EQUAL -1)
    message(SEND_ERROR "check_${check} does not refuse ${file} with: ${text}\n${output}")
  endif()
endfunction()

function(expect_accepted check file text)
  file(WRITE "${WORK}/${file}" "// SPDX-License-Identifier: Apache-2.0\n${text}\n")
  run(${check} code output)
  file(REMOVE "${WORK}/${file}")
  if(NOT code EQUAL 0)
    message(SEND_ERROR "check_${check} refuses ${file} with: ${text}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK}")
foreach(folder pipeline receiver sinks config cli)
  file(COPY "${ROOT}/${folder}" DESTINATION "${WORK}" FILES_MATCHING PATTERN "*.h" PATTERN "*.cc")
endforeach()
foreach(check layering budgets)
  run(${check} code output)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "check_${check} refuses the sources as they are:\n${output}")
  endif()
endforeach()

expect_refused(layering pipeline/planted.cc "#include \"receiver/options.h\"")
expect_refused(layering pipeline/planted.h "#include \"cli/service.h\"")
expect_refused(layering receiver/planted.cc "#include \"sinks/files/options.h\"")
expect_refused(layering receiver/planted.cc "  #  include \"config/config.h\"")
expect_refused(layering sinks/files/planted.cc "#include \"receiver/options.h\"")
expect_refused(layering config/planted.cc "#include \"receiver/decoder.h\"")
expect_refused(layering config/planted.cc "#include \"cli/service.h\"")
expect_refused(layering cli/planted.cc "#include \"tests/support/clock.h\"")
expect_refused(layering pipeline/planted.cc "#include \"../receiver/options.h\"")
expect_refused(layering pipeline/planted.cc "#include \"pipeline/no_such_file.h\"")
expect_accepted(layering config/planted.cc "#include \"sinks/files/options.h\"")
expect_accepted(layering cli/planted.cc "#include \"receiver/decoder.h\"")

foreach(stray
    "pipeline simdjson.h" "receiver simdjson.h" "cli simdjson.h" "sinks/files httplib.h" "sinks curl/curl.h"
    "receiver curl/curl.h" "receiver sqlite3.h" "sinks concurrentqueue/concurrentqueue.h"
    "pipeline yaml-cpp/yaml.h" "config libfyaml.h" "sinks libfyaml.h" "config CLI/CLI.hpp"
    "receiver nlohmann/json.hpp" "receiver openssl/evp.h" "sinks/files spdlog/spdlog.h"
    "receiver fmt/format.h" "config re2/re2.h" "pipeline boost/asio.hpp")
  string(REPLACE " " ";" stray "${stray}")
  list(GET stray 0 folder)
  list(GET stray 1 header)
  expect_refused(layering ${folder}/planted.cc "#include <${header}>")
endforeach()
expect_refused(layering pipeline/planted.h "#include <sqlite3.h>")
expect_refused(layering receiver/planted.h "#include <simdjson.h>")
expect_refused(layering receiver/planted.h "#include <nlohmann/json.hpp>")
foreach(home
    "receiver httplib.h" "sinks/http curl/curl.h" "pipeline sqlite3.h"
    "pipeline concurrentqueue/concurrentqueue.h" "config yaml-cpp/yaml.h" "sinks/files libfyaml.h"
    "cli CLI/CLI.hpp" "cli nlohmann/json.hpp" "pipeline openssl/evp.h" "pipeline spdlog/spdlog.h"
    "pipeline fmt/format.h" "pipeline re2/re2.h" "receiver sys/epoll.h" "pipeline unistd.h"
    "pipeline string_view")
  string(REPLACE " " ";" home "${home}")
  list(GET home 0 folder)
  list(GET home 1 header)
  expect_accepted(layering ${folder}/planted.cc "#include <${header}>")
endforeach()
expect_accepted(layering receiver/api_planted.cc "#include <nlohmann/json.hpp>")

string(REPEAT "// line\n" 147 lines)
expect_accepted(budgets pipeline/planted.h "#pragma once\n${lines}")
expect_refused(budgets pipeline/planted.h "#pragma once\n// one more\n${lines}")
string(REPEAT "// line\n" 398 lines)
expect_accepted(budgets pipeline/planted.cc "${lines}")
expect_refused(budgets pipeline/planted.cc "// one more\n${lines}")
expect_refused(budgets sinks/planted.h "struct Planted {};")
file(WRITE "${WORK}/cli/planted.cc" "int planted;\n")
expect_failure(budgets cli/planted.cc "no licence")
file(WRITE "${WORK}/scripts/planted.sh" "#!/bin/sh\necho\n")
expect_failure(budgets scripts/planted.sh "no licence")

file(REMOVE_RECURSE "${WORK}")
