// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "receiver/source_kind.h"

namespace longshore {

// What the bodies that `send` makes have in common.

inline constexpr std::string_view kSendActor = "longshore-send";

std::string json_text(std::string_view text);  // in quotes
// `,"name":"value"`; nothing for an empty value.
std::string json_member(std::string_view name, std::string_view value);
std::string seconds_of(Time time);  // since 1970
// As senders write one: 8-4-4-4-12 hex digits; a new one with each call.
std::string random_uuid(Time now);
std::string reference_of(const SentPush& push);  // "host/path:tag"
// "acme" and "team/app" of "acme/team/app"; "" and "app" of "app".
std::pair<std::string, std::string> split_path(const std::string& path);

}  // namespace longshore
