// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/header_fields.h"

#include <random>
#include <string_view>

#include <catch2/catch.hpp>

using namespace longshore;
using namespace std::chrono_literals;

namespace {

// "bearer{realm=…,service=…} basic{…}", names in alphabetical order.
std::string read(const std::vector<std::string>& values) {
  HttpFields fields;
  for (const std::string& value : values)
    fields.emplace_back("WWW-Authenticate", value);
  std::string text;
  for (const Challenge& challenge : parse_challenges(fields)) {
    text += (text.empty() ? "" : " ") + challenge.scheme + '{';
    std::string params;
    for (const auto& [name, value] : challenge.params)
      params += (params.empty() ? "" : ",") + name + '=' + value;
    text += params + '}';
  }
  return text;
}

std::string link(const std::string& value) {
  return next_link({{"link", value}}).value_or("none");
}

constexpr Time kNow{1'772'366'400s};  // 2026-03-01T12:00:00Z, a Sunday

std::optional<std::chrono::seconds> wait(const std::string& value) {
  return retry_after({{"Retry-After", value}}, kNow);
}

}  // namespace

TEST_CASE("Challenges are read as RFC 9110 writes them", "[sinks][registry]") {
  CHECK(read({R"(Bearer realm="https://a/token",service="a",scope="repository:b:pull")"}) ==
        "bearer{realm=https://a/token,scope=repository:b:pull,service=a}");
  CHECK(read({R"(Basic realm="a, b=c \"d\" \\")"}) == R"(basic{realm=a, b=c "d" \})");
  CHECK(read({"BASIC Realm=x"}) == "basic{realm=x}");
  CHECK(read({"Bearer realm = \"a\" ,  service =b"}) == "bearer{realm=a,service=b}");
  CHECK(read({R"(Bearer realm="a",service="b", Basic realm="c")"}) ==
        "bearer{realm=a,service=b} basic{realm=c}");
  CHECK(read({"Basic realm=c", "Bearer realm=a"}) == "basic{realm=c} bearer{realm=a}");
  CHECK(read({"Negotiate, Basic realm=c"}) == "negotiate{} basic{realm=c}");
  CHECK(read({"Negotiate YWJj==, Basic realm=c"}) == "negotiate{} basic{realm=c}");
  CHECK(read({"Negotiate YWJj=, , Basic realm=c"}) == "negotiate{} basic{realm=c}");
  CHECK(read({", ,Basic realm=c, ,"}) == "basic{realm=c}");
  CHECK(read({R"(Bearer realm="a",error="insufficient_scope")"}) ==
        "bearer{error=insufficient_scope,realm=a}");
  CHECK(read({"Bearer realm=a,realm=b"}) == "bearer{realm=a}");
  CHECK(read({R"(Bearer scope="")"}) == "bearer{scope=}");
}

TEST_CASE("Malformed challenges end the field and not the program", "[sinks][registry]") {
  CHECK(read({""}).empty());
  CHECK(read({"="}).empty());
  CHECK(read({"\"Bearer\""}).empty());
  CHECK(read({R"(Bearer realm="never ends)"}).empty());
  CHECK(read({R"(Bearer realm="ends in \)"}).empty());
  CHECK(read({R"(Bearer realm="a" service="b")"}).empty());
  CHECK(read({R"(Bearer realm=a; Basic realm=b)", "Basic realm=c"}) == "basic{realm=c}");
  std::string many;
  for (int i = 0; i < 1'000; ++i)
    many += "Basic a=b, ";
  CHECK(parse_challenges({{"WWW-Authenticate", many}}).size() == 16);
  CHECK(parse_challenges({{"Authenticate", "Basic realm=c"}}).empty());
}

TEST_CASE("The next page is found among the links", "[sinks][registry]") {
  CHECK(link(R"(</v2/a/tags/list?last=b&n=10>; rel="next")") == "/v2/a/tags/list?last=b&n=10");
  CHECK(link("<https://a/b>;rel=next") == "https://a/b");
  CHECK(link(R"(<a>; rel="prev", <b,c;d>; title="x;y"; rel="last next")") == "b,c;d");
  CHECK(link(R"(<a>; REL="NEXT")") == "a");
  CHECK(link(R"(<a>; rel="prev")") == "none");
  CHECK(link("<a>") == "none");
  CHECK(link("a; rel=next") == "none");
  CHECK(link("<a; rel=next") == "none");
  CHECK(link(R"(<a>; rel="next)") == "none");
  CHECK(link("") == "none");
  CHECK_FALSE(next_link({{"X-Link", "<a>; rel=next"}}));
}

TEST_CASE("Retry-After is seconds or a date, within bounds", "[sinks][registry]") {
  CHECK(wait("17") == 17s);
  CHECK(wait("0") == 1s);
  CHECK(wait("86400") == 3'600s);
  CHECK(wait("99999999999999999999999") == 3'600s);
  CHECK(wait("Sun, 01 Mar 2026 12:01:00 GMT") == 60s);
  CHECK(wait("Sunday, 01-Mar-26 12:01:00 GMT") == 60s);
  CHECK(wait("Sun Mar  1 12:01:00 2026") == 60s);
  CHECK(wait("Sun, 01 Mar 2026 11:00:00 GMT") == 1s);
  CHECK(wait("Mon, 02 Mar 2026 12:00:00 GMT") == 3'600s);
  CHECK_FALSE(wait(""));
  CHECK_FALSE(wait("-1"));
  CHECK_FALSE(wait("1.5"));
  CHECK_FALSE(wait("soon"));
  CHECK_FALSE(wait("Sun, 01 Mar 2026 12:01:00 GMT and more"));
  CHECK_FALSE(retry_after({}, kNow));
}

TEST_CASE("Whatever the bytes of a field are, reading it ends", "[sinks][registry]") {
  constexpr std::string_view kBytes =
      "Bearer basic=\"\\,;<>= \t/?rel=next realm 0123456789GMT:-\x01\xff";
  std::mt19937 random(20'260'301);  // the same every time
  const auto pick = [&random](std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(0, most)(random);
  };
  for (int i = 0; i < 20'000; ++i) {
    std::string value;
    for (std::size_t size = pick(40); size > 0; --size)
      value += kBytes[pick(kBytes.size() - 1)];
    const HttpFields fields = {
        {"WWW-Authenticate", value}, {"Link", value}, {"Retry-After", value}};
    const bool bounded = parse_challenges(fields).size() <= 16 &&
                         next_link(fields).value_or("").size() <= value.size() &&
                         retry_after(fields, kNow).value_or(1s) <= 3'600s;
    if (!bounded) FAIL(value);
  }
}
