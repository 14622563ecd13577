// SPDX-License-Identifier: Apache-2.0
#include "pipeline/audit_verify.h"

#include "pipeline/audit_reader.h"

namespace longshore {
namespace {

constexpr std::size_t kTimeLength = 27;  // of format_time()

class Chain {
 public:
  explicit Chain(const std::optional<AuditHead>& head) : head_(head) {}

  // Why the line does not belong here; empty if it does.
  std::string add(const AuditLine& line) {
    if (!line.complete) return "the file ends within this line";
    const auto prev = prev_of(line.text);
    if (!prev || line.text.size() < kAuditLineStart.size() + kTimeLength) {
      return "it is not of the form in which the audit is written: it was edited or is no line "
             "of the audit";
    }
    if (report_.lines == 0) {
      report_.from_the_beginning = *prev == Sha256{};
      report_.first_time = time_of(line.text);
    } else if (*prev != *report_.head) {
      return why_not_after(*prev);
    }
    before_head_ = report_.head;
    report_.head = sha256(line.text);
    report_.last_time = time_of(line.text);
    ++report_.lines;
    head_seen_ = head_seen_ || (head_ && report_.head == head_->hash);
    return {};
  }

  // What is missing after the last line; empty if nothing is.
  std::string missing_at_end() const {
    if (!head_ || head_->lines == 0 || head_seen_) return {};
    if (report_.from_the_beginning && head_->lines > report_.lines) {
      return "the last " + std::to_string(head_->lines - report_.lines) +
             " lines that the store knows of are missing";
    }
    return "the last line that the store knows of is missing: lines were cut from the end, or the "
           "last one was edited";
  }

  AuditReport& report() { return report_; }

 private:
  static std::string time_of(std::string_view line) {
    return std::string(line.substr(kAuditLineStart.size(), kTimeLength));
  }

  std::string why_not_after(const Sha256& prev) const {
    if (prev == Sha256{}) {
      return "another log begins here: what stood before it was replaced, or the store was new";
    }
    if (before_head_ && prev == *before_head_) {
      return "the line before it was edited or does not belong there: this one follows the line "
             "before that";
    }
    return "its `prev` is not the hash of the line before it: that line was edited, or lines "
           "between the two are missing";
  }

  std::optional<AuditHead> head_;
  bool head_seen_ = false;
  std::optional<Sha256> before_head_;
  AuditReport report_;
};

}  // namespace

Result<AuditReport> verify_audit(const std::filesystem::path& file,
                                 const std::optional<AuditHead>& head) {
  auto reader = AuditReader::open(file);
  if (!reader) return std::move(reader).error();
  Chain chain(head);
  AuditReport& report = chain.report();
  for (;;) {
    auto line = reader->next();
    if (!line && line.error().code != Errc::invalid_input) return std::move(line).error();
    if (!line) {  // too long to be one of ours
      report.broken = {reader->path(), reader->line_number(), line.error().message};
      return report;
    }
    if (!*line) break;
    if (reader->line_number() == 1) ++report.files;
    if (std::string why = chain.add(**line); !why.empty()) {
      report.broken = {reader->path(), reader->line_number(), std::move(why)};
      return report;
    }
  }
  const std::uint64_t after = reader->path() == file ? reader->line_number() + 1 : 1;
  if (!reader->unfinished().empty()) {
    report.broken = {file, after, "the file ends within this line"};
  } else if (std::string why = chain.missing_at_end(); !why.empty()) {
    report.broken = {file, after, std::move(why)};
  }
  return report;
}

}  // namespace longshore
