// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sinks/kubernetes/object.h"

namespace longshore {

// What an API server says of a failure, in an answer or in a watch.
struct KubeFailure {
  int code = 0;         // as an HTTP status; 410: versions that old are gone
  std::string message;  // "" where it says none
  // We know a version that the server has not come to: it was restored to an older state, or it
  // lags behind.
  bool is_ahead = false;
};

// Reads a Status object; of a body that is none, only the code is known.
KubeFailure read_failure(int status, std::string_view body);

// One line of a watch.
struct WatchEvent {
  enum class Type { added, modified, deleted, bookmark, error };
  Type type = Type::bookmark;
  KubeObject object;    // added, modified, deleted; of a bookmark the version alone
  KubeFailure failure;  // error
};

// Without a kind, only the metadata of the objects is read. invalid_input: it is no event.
Result<WatchEvent> read_watch_event(std::optional<KubeKind> kind, std::string_view line);

// One page of a list.
struct ListPage {
  std::vector<KubeObjectPtr> objects;
  std::string next;           // the token that continues it; empty: this is the last
  std::uint64_t version = 0;  // of the list as a whole
};

// As read_watch_event().
Result<ListPage> read_list_page(std::optional<KubeKind> kind, std::string_view body);

}  // namespace longshore
