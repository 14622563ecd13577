// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "pipeline/policy.h"

namespace longshore {

struct StoreOptions {
  std::filesystem::path path = "longshore.db";
  // Finished events are kept this long and at most this many. Never shorter than the
  // deduplication window, else a redelivery would be taken for news.
  std::chrono::hours keep{30 * 24};
  std::uint64_t keep_events = 1'000'000;
  // Which SQLite file layer; empty: the ordinary one. Tests cut the power in theirs.
  std::string vfs;
  // False only in a test that shows what is lost then: commits are no longer synced one by one.
  bool sync_each_commit = true;
};

struct AuditOptions {
  std::filesystem::path file = "audit.jsonl";
  std::uint64_t rotate_bytes = 100U << 20;
  unsigned keep_files = 10;
};

// How often registries are asked for the tags of the repositories that workloads run.
struct SweepOptions {
  std::chrono::seconds every{3600};                           // zero: never
  std::map<std::string, std::chrono::seconds> every_of_host;  // registries with a word of their own
  // Requests per second, at most, that a sweep makes of one registry.
  double requests_per_second = 5;
  // Patterns of the images that sources speak of: of these no push should ever be news to a sweep.
  std::vector<std::string> announced;
};

struct PipelineOptions {
  StoreOptions store;
  AuditOptions audit;
  std::vector<PolicyRule> policies;
  SweepOptions sweep;

  // Accepted but not yet committed. When full the receiver answers 503, so that the registry keeps
  // the event and our memory stays bounded.
  std::size_t intake_events = 65'536;
  std::size_t intake_bytes = 64U << 20;
  // Accepted, committed and not yet decided. Above: 503.
  std::uint64_t backlog_events = 500'000;

  // Deliveries that are recognised as repeats: at most this many and this old.
  std::size_t dedupe_keys = 250'000;
  std::chrono::hours dedupe_window{4 * 24};

  unsigned lane_workers = 2;
  unsigned sink_workers = 2;  // for each target

  // Wait before the first repeat of an action; doubles, with full jitter, up to max_backoff.
  std::chrono::milliseconds first_backoff{500};
  std::chrono::milliseconds max_backoff = std::chrono::minutes{5};
  // Actions of a target whose right is missing are tried again this often.
  std::chrono::milliseconds parked_retry = std::chrono::minutes{1};

  // Decide and audit, never act.
  bool observe = false;
  std::vector<std::string> observed_targets;
};

}  // namespace longshore
