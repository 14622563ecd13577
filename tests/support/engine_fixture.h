// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/engine.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_target.h"
#include "tests/support/temp_folder.h"

namespace longshore::test {

inline std::string hex_digest(char c) {
  return "sha256:" + std::string(64, c);
}

inline Event pushed(const std::string& image, const std::string& source = "hub") {
  const auto reference = ImageRef::parse(image);
  Event event = plain_event(EventKind::pushed, reference->repository(), SystemClock().now());
  event.source = source;
  event.source_type = "dockerhub";
  event.tag = reference->tag();
  event.digest = reference->digest();
  event.verify = false;
  return event;
}

inline DeliveryKey key_of(const std::string& text) {
  DeliveryKey key{};
  const Sha256 hash = sha256(text);
  std::copy_n(hash.begin(), key.size(), key.begin());
  return key;
}

// An engine on a store of its own, with one fake target named "prod".
class EngineFixture {
 public:
  EngineFixture() {
    options.store.path = folder.path() / "longshore.db";
    options.audit.file = folder.path() / "audit.jsonl";
    options.first_backoff = std::chrono::milliseconds(5);
    options.max_backoff = std::chrono::milliseconds(20);
    options.parked_retry = std::chrono::milliseconds(20);
  }

  Status open() {
    auto opened =
        Engine::open(options, resolver, clock, [this](const std::string&) { failed = true; });
    if (!opened) return std::move(opened).error();
    engine = *std::move(opened);
    return Done{};
  }
  Status start() {
    if (auto status = open(); !status) return status;
    return engine->start({target});
  }
  // Ends the engine and gives the next one a target with the same workloads.
  Status restart() {
    engine.reset();
    return start();
  }
  Result<Accepted> push(const std::string& image) {
    std::vector<Event> events;
    events.push_back(pushed(image));
    return accept(std::move(events));
  }
  // Accepts and waits until it is durable.
  Result<Accepted> accept(std::vector<Event> events) {
    auto accepted = engine->accept(std::move(events));
    if (!accepted) return accepted;
    Status durable = engine->durable(accepted->durable_after);
    (void)eventually([&] {
      durable = engine->durable(accepted->durable_after);
      return durable || durable.error().code != Errc::busy;
    });
    if (!durable) return std::move(durable).error();
    return accepted;
  }
  std::vector<std::string> audit_lines() const {
    std::vector<std::string> lines;
    std::ifstream in(options.audit.file);
    for (std::string line; std::getline(in, line);)
      lines.push_back(line);
    return lines;
  }
  // The lines that hold every one of these texts.
  std::size_t count_audit(std::initializer_list<std::string> texts) const {
    std::size_t count = 0;
    for (const std::string& line : audit_lines()) {
      bool all = true;
      for (const std::string& text : texts)
        all = all && line.find(text) != std::string::npos;
      count += all ? 1 : 0;
    }
    return count;
  }
  bool audited(std::initializer_list<std::string> texts) const {
    return eventually([&] { return count_audit(texts) > 0; });
  }

  TempFolder folder;
  PipelineOptions options;
  SystemClock clock;
  Resolver* resolver = nullptr;
  std::atomic<bool> failed{false};  // the store did
  std::shared_ptr<FakeTarget> target = std::make_shared<FakeTarget>("prod");
  std::unique_ptr<Engine> engine;
};

}  // namespace longshore::test
