// SPDX-License-Identifier: Apache-2.0
#pragma once

// Private to config/: the parts of the file, each read into the options of the folder that uses
// them. What is wrong is recorded by the readers; the result is then not used.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/reader.h"

namespace longshore {

// Hosts of registries that the file names, in normalised form.
using HostNames = std::set<std::string, std::less<>>;

// registries and docker_config, for each folder that uses some of them.
struct RegistrySections {
  RegistryNames names;
  RegistriesOptions options;
  std::map<std::string, std::chrono::seconds> sweeps;  // by host; zero: off
};

RegistrySections read_registries(const MapReader& root);

// listen and sources.
ReceiverOptions read_receiver(const MapReader& root, RegistryNames registries);
HostNames named_hosts(const ReceiverOptions& options);

// store, audit, mode, sweep and policies. `hosts` are those that a pattern may begin with, however
// they look.
PipelineOptions read_pipeline(const MapReader& root, const HostNames& hosts);

struct TargetSections {
  std::vector<TargetOptions> targets;
  std::vector<std::string> observed;  // names of those with `mode: observe`
};

TargetSections read_targets(const MapReader& root);
KubernetesTargetOptions read_kubernetes_target(const MapReader& map, const std::string& name);

// limits, which speak of the receiver and of the pipeline.
void read_limits(const MapReader& root, Config& config);

using Lines = std::map<std::string, int, std::less<>>;  // where each name stands

// The values that are usable texts.
std::vector<std::string> texts_of(const std::vector<ValueReader>& values);

// Records a name that stands there already.
bool is_new(const ValueReader& value, std::string_view what, const std::string& name, Lines& lines);

// A registry's host, in normalised form.
std::optional<std::string> read_host(const ValueReader& value);

// `sweep` of the file, a registry or a policy; zero: off.
std::optional<std::chrono::seconds> read_sweep(const MapReader& map);

// A duration in whole seconds.
std::optional<std::chrono::seconds> read_seconds(const MapReader& map, std::string_view key,
                                                 DurationRange range);

// A pattern of repositories; warns of one that begins with no registry's host.
std::optional<std::string> read_pattern(const ValueReader& value, const HostNames& hosts);

}  // namespace longshore
