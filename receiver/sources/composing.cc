// SPDX-License-Identifier: Apache-2.0
#include "receiver/sources/composing.h"

#include "pipeline/crypto.h"
#include "pipeline/json_text.h"
#include "pipeline/ulid.h"

namespace longshore {

std::string json_text(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string json_member(std::string_view name, std::string_view value) {
  return value.empty() ? "" : "," + json_text(name) + ":" + json_text(value);
}

std::string seconds_of(Time time) {
  return std::to_string(
      std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

std::string random_uuid(Time now) {
  std::string hex = to_hex(Ulid::make(now).bytes());
  for (const std::size_t at : {8U, 13U, 18U, 23U})
    hex.insert(at, "-");
  return hex;
}

std::string reference_of(const SentPush& push) {
  return push.host + '/' + push.path + ':' + push.tag;
}

std::pair<std::string, std::string> split_path(const std::string& path) {
  const std::size_t slash = path.find('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace longshore
