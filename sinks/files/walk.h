// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sinks/files/folder.h"
#include "sinks/files/options.h"

namespace longshore {

struct WalkedFile {
  std::string path;  // below the folder
  FileSignature signature;
};

struct Walk {
  std::vector<WalkedFile> files;       // regular ones that the options include, sorted by path
  std::vector<std::string> leftovers;  // temporary files of a run that crashed
  std::vector<std::string> problems;   // links and folders that could not be looked at
};

// Lists the manifests below root. Names that begin with a dot are not looked at (.git), links are
// not followed. `enter` is called with each folder's path ("" is root) before it is listed, so that
// a watch set there misses nothing that comes later. Threads: none; touches no content.
Result<Walk> walk_folder(const Fd& root, const FilesTargetOptions& options,
                         const std::function<void(const std::string&)>& enter);

}  // namespace longshore
