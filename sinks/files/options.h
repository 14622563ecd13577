// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace longshore {

// A folder of manifests.
struct FilesTargetOptions {
  std::string name;
  // The folder. Links inside it are not followed; names that begin with a dot are not looked at.
  std::filesystem::path path;
  // Files considered, as patterns (glob_match) on the path below the folder.
  std::vector<std::string> include = {"*.yaml", "*.yml", "Kustomization", "*/Kustomization"};
  std::vector<std::string> exclude;
  std::size_t max_file_bytes = 4U << 20;  // larger ones are left alone and named in `status`
  // After a change, wait this long for more before reading again.
  std::chrono::milliseconds settle{50};
  // Read everything again this often, should the kernel have dropped notifications.
  std::chrono::seconds rescan{600};
};

}  // namespace longshore
