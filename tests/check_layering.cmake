# SPDX-License-Identifier: Apache-2.0
# cmake -DROOT=<repository> -P check_layering.cmake
#
# Fails when a file includes what it may not: a folder of ours that it must not know, or a
# third-party header outside its home. A library that the table below does not name has no home:
# whoever brings one adds it here, in the same commit.
cmake_minimum_required(VERSION 3.25)
if(NOT ROOT)
  message(FATAL_ERROR "Name the repository: cmake -DROOT=<repository> -P ${CMAKE_CURRENT_LIST_FILE}")
endif()

# Which of our headers the files of a folder may include.
set(folders pipeline receiver sinks config cli)
set(pipeline_may "^pipeline/")
set(receiver_may "^(pipeline|receiver)/")
set(sinks_may "^(pipeline|sinks)/")
# Of receiver and sinks, their option structs.
set(config_may "^(pipeline|config)/|^(receiver|sinks)/([a-z_]+/)?options\\.h$")
# The composition root sees everything, and is seen by nobody.
set(cli_may "^(pipeline|receiver|sinks|config|cli)/")

# library's headers | where they may appear
set(homes
  "^simdjson(\\.h$|/)|^pipeline/json_reader\\.cc$"
  "^httplib\\.h$|^receiver/"
  "^curl/|^sinks/http/"
  "^sqlite3\\.h$|^pipeline/"
  "^concurrentqueue/|^pipeline/"
  "^yaml-cpp/|^(config/@sinks/kubernetes/kubeconfig\\.cc$)"
  "^libfyaml(\\.h$|/)|^sinks/files/"
  "^CLI/|^cli/"
  "^nlohmann/|^(receiver/api[a-z_]*\\.cc$@sinks/kubernetes/@cli/)"
  "^openssl/|^pipeline/"
  "^(spdlog@fmt)/|^pipeline/"
  "^re2/|^pipeline/")

# Our headers include no third-party header, so that nobody depends on one without knowing, but for
# those that exist to wrap one library within its home.
set(wrappers "^yaml-cpp/|^config/reader\\.h$" "^nlohmann/|^cli/json_parts\\.h$")

# The C++ standard library, and the system's own headers.
set(system "^[a-z_]+$|^(sys|netinet|arpa|net|linux)/[a-z0-9_]+\\.h$|^(unistd|fcntl|poll|signal|pthread|pwd|grp|netdb|dirent|fnmatch|glob|sched|spawn|termios|syslog|dlfcn|malloc|time|errno|limits|stdlib|string)\\.h$")

# Sets `found` to whether one of the rules "<header regex>|<file regex>" fits both. Where a regex
# needs a "|" itself, it is written "@".
function(fits header file found)
  set(${found} FALSE PARENT_SCOPE)
  foreach(rule IN LISTS ARGN)
    string(REGEX MATCH "^(.*)[|](.*)$" ignored "${rule}")
    string(REPLACE "@" "|" header_regex "${CMAKE_MATCH_1}")
    string(REPLACE "@" "|" file_regex "${CMAKE_MATCH_2}")
    if(header MATCHES "${header_regex}" AND file MATCHES "${file_regex}")
      set(${found} TRUE PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

function(check_ours header file folder)
  if(NOT header MATCHES "${${folder}_may}")
    message(SEND_ERROR "${file} includes \"${header}\": ${folder}/ may not.")
  elseif(NOT EXISTS "${ROOT}/${header}")
    message(SEND_ERROR "${file} includes \"${header}\": there is no such file.")
  endif()
endfunction()

function(check_foreign header file)
  if(header MATCHES "${system}")
    return()
  endif()
  fits("${header}" "${file}" at_home ${homes})
  if(NOT at_home)
    message(SEND_ERROR "${file} includes <${header}>: this is not its home (see check_layering.cmake).")
    return()
  endif()
  fits("${header}" "${file}" wraps ${wrappers})
  if(file MATCHES "\\.h$" AND NOT wraps)
    message(SEND_ERROR "${file} includes <${header}>: headers include no third-party header.")
  endif()
endfunction()

foreach(folder IN LISTS folders)
  file(GLOB_RECURSE files RELATIVE "${ROOT}" "${ROOT}/${folder}/*.h" "${ROOT}/${folder}/*.cc")
  if(NOT files)
    message(SEND_ERROR "${ROOT}/${folder} has no sources: is ROOT the repository?")
  endif()
  foreach(file IN LISTS files)
    file(STRINGS "${ROOT}/${file}" lines REGEX "^[ \t]*#[ \t]*include")
    foreach(line IN LISTS lines)
      if(line MATCHES "include[ \t]*\"([^\"]+)\"")
        check_ours("${CMAKE_MATCH_1}" "${file}" "${folder}")
      elseif(line MATCHES "include[ \t]*<([^>]+)>")
        check_foreign("${CMAKE_MATCH_1}" "${file}")
      else()
        message(SEND_ERROR "${file}: an include that this check cannot read: ${line}")
      endif()
    endforeach()
  endforeach()
endforeach()
