// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <system_error>

#include "config/sections.h"
#include "config/values.h"
#include "pipeline/text.h"

namespace longshore {
namespace {

namespace fs = std::filesystem;

constexpr DurationRange kRescan{std::chrono::seconds{1}, std::chrono::hours{24}};

// A folder of a files target that was read already.
struct TakenFolder {
  std::string target;
  fs::path folder;  // links resolved
};

bool is_within(const fs::path& inner, const fs::path& outer) {
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

// The folder with its links resolved; nothing, recorded at the value, if it is none.
std::optional<fs::path> resolve_folder(const ValueReader& value, const fs::path& path) {
  std::error_code fault;
  const fs::file_status status = fs::status(path, fault);
  if (status.type() == fs::file_type::not_found) {
    value.error(Error{Errc::invalid_input, "the folder " + in_quotes(path.string()) +
                                               " does not exist: create it, or correct the path"});
    return std::nullopt;
  }
  if (status.type() != fs::file_type::none && !fs::is_directory(status)) {
    value.error(Error{Errc::invalid_input, in_quotes(path.string()) +
                                               " is no folder: name the folder that holds the "
                                               "manifests"});
    return std::nullopt;
  }
  fs::path resolved = fs::canonical(path, fault);
  if (!fault) return resolved;
  value.error(Error{Errc::invalid_input, "the folder " + in_quotes(path.string()) +
                                             " cannot be opened (" + fault.message() +
                                             "): give this user the right to read it"});
  return std::nullopt;
}

void check_overlap(const ValueReader& value, const fs::path& folder, const std::string& name,
                   std::vector<TakenFolder>& taken) {
  for (const TakenFolder& other : taken) {
    if (!is_within(folder, other.folder) && !is_within(other.folder, folder)) continue;
    value.error("overlaps with the folder of the target " + in_quotes(other.target) +
                ": two targets would write the same files; give each a folder of its own");
    break;
  }
  taken.push_back({name, folder});
}

FilesTargetOptions read_files_target(const MapReader& map, const std::string& name,
                                     std::vector<TakenFolder>& taken) {
  map.check_keys(kFilesTargetKeys);
  FilesTargetOptions options;
  options.name = name;
  const ValueReader* const value = map.require("path", "name the folder that holds the manifests");
  if (const auto path = value ? value->path() : std::nullopt) {
    options.path = *path;
    const auto folder = resolve_folder(*value, *path);
    if (folder) check_overlap(*value, *folder, name, taken);
  }
  if (map.find("include") != nullptr) options.include = texts_of(map.one_or_more("include"));
  options.exclude = texts_of(map.any_number("exclude"));
  options.rescan = read_seconds(map, "rescan", kRescan).value_or(options.rescan);
  return options;
}

std::string read_target_name(const MapReader& map, std::map<std::string, int>& lines) {
  const ValueReader* const value =
      map.require("name", "give it one; the audit and `status` use it");
  const auto name = value ? value->text() : std::nullopt;
  if (!name) return {};
  const bool valid = name->size() <= 64 && std::all_of(name->begin(), name->end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                     });
  if (!valid) {
    value->error(
        Error{Errc::invalid_input, in_quotes(*name) +
                                       " is no name of a target: use 1 to 64 lower-case letters, "
                                       "digits and '-'"});
    return {};
  }
  const auto [entry, added] = lines.emplace(*name, value->place().line);
  if (!added) {
    value->error(Error{Errc::invalid_input, "the target " + in_quotes(*name) +
                                                " is there already, on line " +
                                                std::to_string(entry->second) + ": rename one"});
  }
  return *name;
}

}  // namespace

TargetSections read_targets(const MapReader& root) {
  TargetSections sections;
  std::map<std::string, int> lines;
  std::vector<TakenFolder> taken;
  for (const ValueReader& item : root.list("targets")) {
    const auto map = item.open_map();
    if (!map) continue;
    const std::string name = read_target_name(*map, lines);
    const ValueReader* const value =
        map->require("type", "this build knows 'files' and 'kubernetes'");
    const auto type = value ? value->word(kTargetTypes) : std::nullopt;
    // Of a target of another type the keys cannot be judged, so nothing more is said of it.
    if (!type) continue;
    if (*type == "kubernetes") {
      sections.targets.emplace_back(read_kubernetes_target(*map, name));
    } else {
      sections.targets.emplace_back(read_files_target(*map, name, taken));
    }
    if (map->word("mode", kModes) == "observe") sections.observed.push_back(name);
  }
  return sections;
}

}  // namespace longshore
