// SPDX-License-Identifier: Apache-2.0
#include "pipeline/json_reader.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <memory>
#include <type_traits>

#include <simdjson.h>

namespace longshore {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxBytes = 64U << 20;
constexpr std::size_t kMaxDepth = 64;
// A thread that once read a large body gives the memory back when it reads a small one.
constexpr std::size_t kKeptBytes = 1U << 20;

static_assert(sizeof(dom::element) == sizeof(JsonHandle) &&
              std::is_trivially_copyable_v<dom::element>);

dom::element element_of(JsonHandle handle) {
  return std::bit_cast<dom::element>(handle);
}
JsonHandle handle_of(dom::element element) {
  return std::bit_cast<JsonHandle>(element);
}

// The parser reads up to SIMDJSON_PADDING bytes beyond the end, hence a copy of the body.
struct Scratch {
  dom::parser parser{kMaxBytes};
  std::unique_ptr<char[]> bytes;
  std::size_t capacity = 0;

  bool prepare(std::size_t size) {
    if (capacity > kKeptBytes && size <= kKeptBytes) *this = Scratch();
    if (bytes && capacity >= size) return true;
    const std::size_t wanted = size < 4096 ? 4096 : size;
    capacity = 0;
    if (parser.allocate(wanted, kMaxDepth) != simdjson::SUCCESS) return false;
    bytes = std::make_unique<char[]>(wanted + simdjson::SIMDJSON_PADDING);
    capacity = wanted;
    return true;
  }
};

Scratch& scratch() {
  thread_local Scratch instance;
  return instance;
}

std::string_view name_of(dom::element_type type) {
  switch (type) {
    case dom::element_type::OBJECT:
      return "an object";
    case dom::element_type::ARRAY:
      return "a list";
    case dom::element_type::STRING:
      return "text";
    case dom::element_type::BOOL:
      return "true or false";
    case dom::element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

std::string expected(std::string_view what, dom::element found) {
  return "expected " + std::string(what) + ", found " + std::string(name_of(found.type()));
}

std::string parse_fault(simdjson::error_code code) {
  switch (code) {
    case simdjson::EMPTY:
      return "expected JSON, found nothing";
    case simdjson::UTF8_ERROR:
      return "is not JSON: it is not valid UTF-8";
    case simdjson::UNCLOSED_STRING:
      return "is not JSON: a text does not end";
    case simdjson::DEPTH_ERROR:
      return "is nested deeper than 64 levels";
    case simdjson::CAPACITY:
      return "is larger than 64 MiB";
    case simdjson::NUMBER_ERROR:
      return "is not JSON: a number is malformed or out of range";
    case simdjson::STRING_ERROR:
      return "is not JSON: a text has a malformed escape";
    default:
      return "is not JSON: it is cut off, malformed, or something follows its end";
  }
}

Result<JsonHandle> parse(std::string_view body) {
  Scratch& work = scratch();
  const auto fault = [](simdjson::error_code code) {
    return Error{Errc::invalid_input, parse_fault(code)};
  };
  if (body.size() > kMaxBytes) return fault(simdjson::CAPACITY);
  if (!work.prepare(body.size())) return fault(simdjson::MEMALLOC);
  std::copy(body.begin(), body.end(), work.bytes.get());
  std::memset(work.bytes.get() + body.size(), 0, simdjson::SIMDJSON_PADDING);
  dom::element root;
  const simdjson::error_code code =
      work.parser.parse(work.bytes.get(), body.size(), false).get(root);
  if (code != simdjson::SUCCESS) return fault(code);
  return handle_of(root);
}

// Text, or nothing for "" and null; other types are a fault.
std::optional<std::string_view> text_of(JsonDocument& document, dom::element value,
                                        std::string_view path, std::size_t max_bytes) {
  if (value.is_null()) return std::nullopt;
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) {
    document.fail(path, expected("text", value));
    return std::nullopt;
  }
  if (text.size() > max_bytes) {
    document.fail(path, "is longer than " + std::to_string(max_bytes) + " bytes");
    return std::nullopt;
  }
  if (text.empty()) return std::nullopt;
  return text;
}

bool is_absent(dom::element value) {
  std::string_view text;
  return value.is_null() || (value.get_string().get(text) == simdjson::SUCCESS && text.empty());
}

}  // namespace

JsonDocument::JsonDocument(std::string_view body) {
  const Result<JsonHandle> root = parse(body);
  if (root) {
    root_ = *root;
  } else {
    fail("body", root.error().message);
  }
}

void JsonDocument::fail(std::string_view path, std::string_view why) {
  if (error_) return;
  error_ = Error{Errc::invalid_input, std::string(path) + ": " + std::string(why)};
}

JsonObject JsonDocument::root(std::initializer_list<std::string_view> names) {
  JsonObject object(*this, {}, names);
  if (error_) return object;
  if (element_of(root_).is_object()) {
    object.read(root_);
  } else {
    fail("body", expected("an object", element_of(root_)));
  }
  return object;
}

bool JsonElement::is_text() const {
  return element_of(handle_).is_string();
}

std::string_view JsonElement::required_text() const {
  const auto text = text_of(*document_, element_of(handle_), path_, JsonObject::kMaxTextBytes);
  if (!text) document_->fail(path_, "is empty");
  return text.value_or(std::string_view());
}

std::string_view JsonElement::text(std::size_t max_bytes) const {
  if (document_->error()) return {};
  return text_of(*document_, element_of(handle_), path_, max_bytes).value_or(std::string_view());
}

JsonObject JsonElement::object(std::initializer_list<std::string_view> names) const {
  JsonObject object(*document_, path_, names);
  if (document_->error()) return object;
  if (element_of(handle_).is_object()) {
    object.read(handle_);
  } else {
    document_->fail(path_, expected("an object", element_of(handle_)));
  }
  return object;
}

JsonObject::JsonObject(JsonDocument& document, std::string path,
                       std::initializer_list<std::string_view> names)
    : document_(&document), path_(std::move(path)) {
  assert(names.size() <= kMaxNames);
  for (const std::string_view name : names)
    members_[size_++].name = name;
}

// One pass: what a second look-up of a key would find depends on the order of the keys otherwise.
void JsonObject::read(JsonHandle handle) {
  dom::object fields;
  if (element_of(handle).get_object().get(fields) != simdjson::SUCCESS) return;
  for (const dom::key_value_pair field : fields) {
    for (std::size_t i = 0; i < size_; ++i) {
      Member& member = members_[i];
      if (member.name != field.key) continue;
      if (member.value) return fail(member.name, "is there twice");
      member.value = handle_of(field.value);
    }
  }
}

std::optional<JsonHandle> JsonObject::find(std::string_view name) const {
  if (document_->error()) return std::nullopt;
  for (std::size_t i = 0; i < size_; ++i) {
    if (members_[i].name != name) continue;
    if (!members_[i].value || is_absent(element_of(*members_[i].value))) return std::nullopt;
    return members_[i].value;
  }
  assert(false && "the member was not among the names");
  return std::nullopt;
}

std::string JsonObject::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : path_ + '.' + std::string(name);
}

void JsonObject::fail(std::string_view name, std::string_view why) const {
  document_->fail(path_of(name), why);
}

bool JsonObject::has(std::string_view name) const {
  return find(name).has_value();
}

std::optional<std::string_view> JsonObject::text(std::string_view name,
                                                 std::size_t max_bytes) const {
  const auto value = find(name);
  if (!value) return std::nullopt;
  return text_of(*document_, element_of(*value), path_of(name), max_bytes);
}

std::optional<std::string> JsonObject::string(std::string_view name) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  return std::string(*value);
}

std::string_view JsonObject::required_text(std::string_view name) const {
  const auto value = text(name);
  if (!value) fail(name, "is missing");
  return value.value_or(std::string_view());
}

std::optional<double> JsonObject::number(std::string_view name) const {
  const auto value = find(name);
  if (!value) return std::nullopt;
  double number = 0;
  if (element_of(*value).get_double().get(number) == simdjson::SUCCESS) return number;
  fail(name, expected("a number", element_of(*value)));
  return std::nullopt;
}

std::optional<bool> JsonObject::flag(std::string_view name) const {
  const auto value = find(name);
  if (!value) return std::nullopt;
  bool flag = false;
  if (element_of(*value).get_bool().get(flag) == simdjson::SUCCESS) return flag;
  fail(name, expected("true or false", element_of(*value)));
  return std::nullopt;
}

std::optional<Time> JsonObject::unix_time(std::string_view name) const {
  const std::optional<double> seconds = number(name);
  if (!seconds || *seconds <= 0) return std::nullopt;
  if (*seconds >= 9'183'110'400) {  // the year 2261, where parse_time() ends too
    fail(name, "is no time in seconds");
    return std::nullopt;
  }
  return Time{std::chrono::microseconds{std::llround(*seconds * 1e6)}};
}

std::optional<Time> JsonObject::time(std::string_view name) const {
  const auto value = text(name);
  if (!value || value->starts_with("0001-")) return std::nullopt;
  auto time = parse_time(*value);
  if (time) return *time;
  fail(name, time.error().message);
  return std::nullopt;
}

std::optional<Tag> JsonObject::tag(std::string_view name) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  auto tag = Tag::parse(*value);
  if (tag) return *std::move(tag);
  fail(name, tag.error().message);
  return std::nullopt;
}

std::optional<Digest> JsonObject::digest(std::string_view name) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  auto digest = Digest::parse(*value);
  if (!digest) return std::nullopt;
  return *std::move(digest);
}

JsonObject JsonObject::object(std::string_view name,
                              std::initializer_list<std::string_view> names) const {
  JsonObject object(*document_, path_of(name), names);
  const auto value = find(name);
  if (!value) return object;
  if (element_of(*value).is_object()) {
    object.read(*value);
  } else {
    fail(name, expected("an object", element_of(*value)));
  }
  return object;
}

std::vector<JsonElement> JsonObject::list(std::string_view name) const {
  std::vector<JsonElement> elements;
  each(name, kMaxElements, [&](const JsonElement& element) { elements.push_back(element); });
  if (document_->error()) elements.clear();
  return elements;
}

void JsonObject::each_text(std::string_view name, std::size_t max_elements,
                           const std::function<void(std::string_view)>& call) const {
  const auto value = find(name);
  if (!value) return;
  dom::array array;
  if (element_of(*value).get_array().get(array) != simdjson::SUCCESS) {
    return fail(name, expected("a list", element_of(*value)));
  }
  std::size_t count = 0;
  for (const dom::element element : array) {
    if (++count > max_elements) {
      return fail(name, "has more than " + std::to_string(max_elements) + " elements");
    }
    std::string_view text;
    if (element.get_string().get(text) != simdjson::SUCCESS) {
      return fail(name, "holds " + std::string(name_of(element.type())) + " among texts");
    }
    if (text.size() > kMaxTextBytes) return fail(name, "holds a text longer than 1024 bytes");
    call(text);
  }
}

void JsonObject::each(std::string_view name, std::size_t max_elements,
                      const std::function<void(const JsonElement&)>& call) const {
  const auto value = find(name);
  if (!value) return;
  dom::array array;
  if (element_of(*value).get_array().get(array) != simdjson::SUCCESS) {
    return fail(name, expected("a list", element_of(*value)));
  }
  std::size_t count = 0;
  for (const dom::element element : array) {
    if (count == max_elements) {
      return fail(name, "has more than " + std::to_string(max_elements) + " elements");
    }
    call(JsonElement(*document_, handle_of(element),
                     path_of(name) + '[' + std::to_string(count++) + ']'));
  }
}

void JsonObject::each_member(
    std::string_view name, std::initializer_list<std::string_view> prefixes,
    const std::function<void(std::string_view, const JsonElement&)>& call) const {
  const auto value = find(name);
  if (!value) return;
  dom::object members;
  if (element_of(*value).get_object().get(members) != simdjson::SUCCESS) {
    return fail(name, expected("an object", element_of(*value)));
  }
  for (const dom::key_value_pair member : members) {
    const bool is_wanted =
        std::any_of(prefixes.begin(), prefixes.end(),
                    [&](std::string_view prefix) { return member.key.starts_with(prefix); });
    if (!is_wanted) continue;
    call(member.key, JsonElement(*document_, handle_of(member.value),
                                 path_of(name) + '.' + std::string(member.key)));
  }
}

}  // namespace longshore
