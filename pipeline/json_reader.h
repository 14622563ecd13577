// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/digest.h"
#include "pipeline/result.h"
#include "pipeline/tag.h"
#include "pipeline/time.h"

namespace longshore {

class JsonDocument;
class JsonObject;

// One value of a document that has been parsed: a copy of the JSON library's own two words, so that
// no other file has to include it.
struct JsonHandle {
  std::uintptr_t document = 0;
  std::size_t index = 0;
};

// Reads JSON that others sent, the way decoders need it: without exceptions, each object once, and
// with the path of what is wrong ("events[0].target.repository: expected text, found a number").
//
// A document keeps the first fault; after one, every read gives nothing and every object is empty,
// so that a decoder reads what it wants and asks error() once, before it returns. Rejected: a
// Result for each read, which was two thirds of every decoder.
//
//   JsonDocument document(body);
//   const JsonObject root = document.root({"repository"});
//   const JsonObject repository = root.object("repository", {"name"});
//   const std::string_view name = repository.required_text("name");
//   if (document.error()) return *document.error();
//
// The whole body is checked, also what is not read: anything after the end, text that is not UTF-8,
// more than 64 levels or 64 MiB are faults. So is a member that is read and there twice.
//
// Threads: documents share a parser for each thread. Lifetime: the texts are valid until the same
// thread makes the next document; objects must not outlive their document.
class JsonDocument {
 public:
  explicit JsonDocument(std::string_view body);
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  // The outermost object. Names: see JsonObject.
  JsonObject root(std::initializer_list<std::string_view> names);
  const std::optional<Error>& error() const noexcept { return error_; }
  // Sets the fault at a path, unless there is one already.
  void fail(std::string_view path, std::string_view why);
  // Takes the fault away, so that one element of a list does not spoil the others. What was read
  // since the fault came is not to be used.
  std::optional<Error> forgive() { return std::exchange(error_, std::nullopt); }

 private:
  JsonHandle root_;
  std::optional<Error> error_;
};

// One element of a list.
class JsonElement {
 public:
  JsonElement(JsonDocument& document, JsonHandle handle, std::string path)
      : document_(&document), handle_(handle), path_(std::move(path)) {}
  bool is_text() const;
  std::string_view required_text() const;
  // A text of at most that many bytes; "" and null are "".
  std::string_view text(std::size_t max_bytes) const;
  JsonObject object(std::initializer_list<std::string_view> names) const;
  void fail(std::string_view why) const { document_->fail(path_, why); }

 private:
  JsonDocument* document_;
  JsonHandle handle_;
  std::string path_;
};

// The members of one object that somebody asked for. A member that is "", null or absent is absent.
// REQUIRES of every function: `name` is among the names that the object was read with.
class JsonObject {
 public:
  static constexpr std::size_t kMaxNames = 8;
  static constexpr std::size_t kMaxElements = 1000;
  static constexpr std::size_t kMaxTextBytes = 1024;

  bool has(std::string_view name) const;
  // A text of at most that many bytes.
  std::optional<std::string_view> text(std::string_view name,
                                       std::size_t max_bytes = kMaxTextBytes) const;
  std::optional<std::string> string(std::string_view name) const;
  std::string_view required_text(std::string_view name) const;  // absent: a fault, and ""
  std::optional<double> number(std::string_view name) const;
  std::optional<bool> flag(std::string_view name) const;  // true or false
  // A whole or a broken number, seconds since 1970; 0 and below are absent.
  std::optional<Time> unix_time(std::string_view name) const;
  // RFC 3339. The year 1 is absent: what Go programs write for no time.
  std::optional<Time> time(std::string_view name) const;
  std::optional<Tag> tag(std::string_view name) const;
  // A text that is no digest that we know is absent: a notification is a hint, and refusing it for
  // its least needed part would lose it or block its sender.
  std::optional<Digest> digest(std::string_view name) const;
  // Without members where it is absent: then the first required_text() in it says so.
  JsonObject object(std::string_view name, std::initializer_list<std::string_view> names) const;
  // At most kMaxElements; none where it is absent.
  std::vector<JsonElement> list(std::string_view name) const;
  // Calls for each text of a list, "" too, and copies none: for lists longer than kMaxElements.
  // Nothing where the list is absent. An element that is no text, or longer than kMaxTextBytes, is
  // a fault, and so is one more than `max_elements`.
  void each_text(std::string_view name, std::size_t max_elements,
                 const std::function<void(std::string_view)>& call) const;
  // Calls for each element of a list, and keeps none of them; else as each_text().
  void each(std::string_view name, std::size_t max_elements,
            const std::function<void(const JsonElement&)>& call) const;
  // Calls for each member of an object whose name starts with one of the prefixes, in their order.
  // For objects whose names are not known beforehand; nothing where it is absent.
  void each_member(std::string_view name, std::initializer_list<std::string_view> prefixes,
                   const std::function<void(std::string_view, const JsonElement&)>& call) const;
  void fail(std::string_view name, std::string_view why) const;

 private:
  friend class JsonDocument;
  friend class JsonElement;
  struct Member {
    std::string_view name;
    std::optional<JsonHandle> value;
  };
  JsonObject(JsonDocument& document, std::string path,
             std::initializer_list<std::string_view> names);
  void read(JsonHandle handle);
  std::optional<JsonHandle> find(std::string_view name) const;
  std::string path_of(std::string_view name) const;

  JsonDocument* document_;
  std::string path_;
  std::array<Member, kMaxNames> members_{};
  std::size_t size_ = 0;
};

}  // namespace longshore
