// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace longshore {

// Log levels, by consequence.
enum class LogLevel {
  debug,    // for us; never per event
  info,     // lifecycle: started, reloaded, stopped
  warning,  // degraded, nothing lost
  error,    // an event was lost, or somebody must act
};

using LogField = std::pair<std::string_view, std::string>;

// Writes one line to standard error: time, level, component, message, key=value fields; values with
// spaces are quoted, control characters escaped. Never give it a secret or a whole URL.
//
// Threads: safe from every thread; a line is written whole.
void log(LogLevel level, std::string_view component, std::string_view message,
         std::initializer_list<LogField> fields = {});

void set_log_level(LogLevel least);  // default: info

}  // namespace longshore
