// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "pipeline/options.h"
#include "pipeline/result.h"
#include "receiver/options.h"
#include "sinks/files/options.h"
#include "sinks/kubernetes/options.h"
#include "sinks/registry/options.h"

namespace longshore {

using TargetOptions = std::variant<FilesTargetOptions, KubernetesTargetOptions>;

// Everything that the YAML file says, typed and checked.
struct Config {
  std::filesystem::path file;
  ReceiverOptions receiver;
  PipelineOptions pipeline;
  RegistriesOptions registries;
  std::vector<TargetOptions> targets;  // in the order of the file
  std::chrono::milliseconds drain_delay{5'000};
  // Every file whose change calls for a reload: the config itself and each ${file:} in it, as
  // absolute paths with their links as they are.
  std::vector<std::filesystem::path> inputs;
};

// One thing that is wrong, or unwise, at one place of the file. Lines and columns count from 1;
// 0 where the fault has no place (a file that cannot be read).
struct ConfigProblem {
  int line = 0;
  int column = 0;
  std::string message;  // what is wrong: what to do
};

struct ConfigErrors {
  std::filesystem::path file;
  std::vector<ConfigProblem> problems;  // all that were found, in the order of the file
  // As Config::inputs, as far as they were met, and files that are missing: a change of one may
  // mend the file.
  std::vector<std::filesystem::path> inputs;
  // "file:line:column: message" for each, a line each.
  std::string str() const;
};

struct LoadedConfig {
  Config config;
  std::vector<ConfigProblem> warnings;  // "source 'x' is insecure: …"
};

// Reads the file: strict about keys, types and values; relative paths are taken from the file's
// folder. ${env:NAME} and ${file:path} stand for secrets anywhere inside a text; a file's last
// newline is not part of it. Exceptions of the YAML library end here.
std::variant<LoadedConfig, ConfigErrors> load_config(const std::filesystem::path& file);

// What a reload may not change, each with the message that it needs a restart: listen, store, audit
// and limits. Empty: `next` may take the place of `current`.
std::vector<std::string> needs_restart(const Config& current, const Config& next);

}  // namespace longshore
