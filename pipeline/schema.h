// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "pipeline/sqlite.h"

namespace longshore {

// The store's schema, as the steps that lead to it: step i turns version i into version i + 1
// (PRAGMA user_version). Steps that were released are never edited; docs/formats.md describes the
// tables.
std::span<const std::string_view> migrations();

// Brings the file to the newest version, all steps or none. A file with data is copied first to
// "<file>.v<version>"; the copy stays. unsupported: the file is of a newer version than this
// program knows, it is left untouched.
Status migrate(Database& database, const std::filesystem::path& file,
               std::span<const std::string_view> steps);

}  // namespace longshore
