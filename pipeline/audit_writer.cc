// SPDX-License-Identifier: Apache-2.0
#include "pipeline/audit_writer.h"

#include "pipeline/log.h"

namespace longshore {
namespace {

constexpr std::size_t kLinesAtOnce = 1'000;
constexpr std::uint64_t kSyncAfterLines = 20'000;
constexpr std::chrono::seconds kPause{1};

// Which line, by number, is the last of the file. Rows exist from `first` on (0: there are none).
Result<std::uint64_t> find_written(const AuditFile& file, StoreReader& reader,
                                   const AuditHead& head) {
  const auto last = file.last_hash();
  if (last && *last == head.hash) return head.lines;
  auto first = reader.first_audit_line();
  if (!first) return std::move(first).error();
  if (*first == 0) return head.lines;
  const std::uint64_t before = *first - 1;
  for (std::uint64_t number = before;;) {
    auto lines = reader.audit_lines(number, kLinesAtOnce);
    if (!lines) return std::move(lines).error();
    if (lines->empty()) return before;
    for (const std::string& line : *lines) {
      ++number;
      if (last && sha256(line) == *last) return number;
    }
  }
}

// Whether the row that follows is chained to the last line of the file.
bool continues(const AuditFile& file, StoreReader& reader, std::uint64_t written,
               const AuditHead& head) {
  const Sha256 last = file.last_hash().value_or(Sha256{});
  if (written == head.lines) return last == head.hash;
  const auto next = reader.audit_lines(written, 1);
  return next && !next->empty() && prev_of(next->front()) == last;
}

}  // namespace

Result<std::unique_ptr<AuditWriter>> AuditWriter::start(AuditFile file, StoreReader reader,
                                                        Journal& journal) {
  const AuditHead head = journal.audit_head();
  auto written = find_written(file, reader, head);
  if (!written) return std::move(written).error();
  if (!continues(file, reader, *written, head)) {
    log(LogLevel::warning, "audit",
        "the audit file does not end where the store left it: it was cut or replaced",
        {{"lines", std::to_string(head.lines)}});
  }
  return std::make_unique<AuditWriter>(std::move(file), std::move(reader), journal, *written);
}

AuditWriter::AuditWriter(AuditFile file, StoreReader reader, Journal& journal,
                         std::uint64_t written)
    : file_(std::move(file)),
      reader_(std::move(reader)),
      written_(written),
      synced_(0),
      journal_(journal) {
  note(copy_new_lines());
  thread_ = std::thread([this] { loop(); });
}

AuditWriter::~AuditWriter() {
  stop();
}

void AuditWriter::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_one();
}

void AuditWriter::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

std::string AuditWriter::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

void AuditWriter::note(const Status& status) {
  const std::string now = status ? "" : status.error().message;
  const std::lock_guard lock(mutex_);
  if (now == problem_) return;
  if (!now.empty()) log(LogLevel::error, "audit", now);
  problem_ = now;
}

void AuditWriter::loop() {
  SteadyTime last_sync = std::chrono::steady_clock::now();
  for (bool last_round = false; !last_round;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kPause, [&] { return woken_ || stopping_; });
      woken_ = false;
      last_round = stopping_;
    }
    Status status = copy_new_lines();
    const SteadyTime now = std::chrono::steady_clock::now();
    const bool due = now - last_sync >= kPause || written_ - synced_ >= kSyncAfterLines;
    if (status && written_ > synced_ && (due || last_round)) {
      last_sync = now;
      status = sync_and_forget();
    }
    note(status);
  }
}

Status AuditWriter::copy_new_lines() {
  for (;;) {
    auto lines = reader_.audit_lines(written_, kLinesAtOnce);
    if (!lines) return std::move(lines).error();
    if (lines->empty()) return Done{};
    auto status = file_.append(*lines);
    if (!status) {
      // Some of them may be in the file; it knows the hash of the last that is.
      const auto last = file_.last_hash();
      for (const std::string& line : *lines) {
        if (last && sha256(line) == *last) {
          written_ += static_cast<std::uint64_t>(&line - lines->data()) + 1;
        }
      }
      return status;
    }
    written_ += lines->size();
  }
}

Status AuditWriter::sync_and_forget() {
  if (auto status = file_.sync(); !status) return status;
  synced_ = written_;
  journal_.post(
      {[up_to = synced_](StoreWriter& writer) { return writer.remove_audit_lines(up_to); }, {}});
  return Done{};
}

}  // namespace longshore
