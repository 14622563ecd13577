// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace longshore {

// Members of the server's answers as text. What the library throws for an answer of another shape
// passes through.
using Json = nlohmann::json;

std::string text_or(const Json& object, const char* key, const std::string& otherwise);

// "2026-03-01 12:00:00"; all times are UTC.
std::string time_of(const Json& object, const char* key);

// "app: shop/web:1.4.2 -> shop/web:1.4.3" for each container of an action.
std::string changes_of(const Json& action);

// What a pause is about: "everything", "target prod" or "prod: web".
std::string place_name(const Json& pause);

// "ghcr.io/acme/app:1.4.3 and below".
std::string held_image(const Json& hold);

}  // namespace longshore
