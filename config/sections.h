// SPDX-License-Identifier: Apache-2.0
#pragma once

// Private to config/: the parts of the file, each read into the options of the folder that uses
// them. What is wrong is recorded by the readers; the result is then not used.

#include <set>
#include <string>
#include <vector>

#include "config/reader.h"

namespace longshore {

// Hosts of registries that the file names, in normalised form.
using HostNames = std::set<std::string, std::less<>>;

// listen, sources and registries.
ReceiverOptions read_receiver(const MapReader& root);
HostNames named_hosts(const ReceiverOptions& options);

// store, audit, mode and policies. `hosts` are those that a pattern may begin with, however they
// look.
PipelineOptions read_pipeline(const MapReader& root, const HostNames& hosts);

struct TargetSections {
  std::vector<FilesTargetOptions> files;
  std::vector<std::string> observed;  // names of those with `mode: observe`
};

TargetSections read_targets(const MapReader& root);

// limits, which speak of the receiver and of the pipeline.
void read_limits(const MapReader& root, Config& config);

// A pattern of repositories; warns of one that begins with no registry's host.
std::optional<std::string> read_pattern(const ValueReader& value, const HostNames& hosts);

}  // namespace longshore
