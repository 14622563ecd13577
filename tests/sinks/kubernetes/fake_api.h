// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "sinks/kubernetes/api.h"
#include "tests/sinks/kubernetes/access_fixture.h"
#include "tests/sinks/kubernetes/kube_support.h"
#include "tests/support/http_stub.h"
#include "tests/support/manual_clock.h"

namespace longshore::test {

using Json = nlohmann::json;

// What Kubernetes 1.34 answers to a JSON patch whose test fails.
inline const std::string kTestFailed =
    R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server )"
    R"(rejected our request due to an error in our request","reason":"Invalid","details":{},)"
    R"("code":422})";

inline std::string status_of(int code, const std::string& message) {
  return Json{{"kind", "Status"}, {"message", message}, {"code", code}}.dump();
}

// A JSON patch as the API server takes it: a test of what is not there holds for null. Nothing: a
// test fails.
inline std::optional<Json> patched(const Json& document, const Json& patch) {
  Json rest = Json::array();
  for (const Json& operation : patch) {
    const Json::json_pointer path(operation["path"].get<std::string>());
    const bool is_test_of_nothing = operation["op"] == "test" && operation["value"].is_null();
    if (is_test_of_nothing && document.contains(path)) return std::nullopt;
    if (!is_test_of_nothing) rest.push_back(operation);
  }
  try {
    return document.patch(rest);
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

// An API server with documents by path, that lists and watches them and takes JSON patches; and
// what it is told to answer instead. Threads: safe from every thread.
class FakeApi {
 public:
  explicit FakeApi(std::map<std::string, Json> documents = {})
      : documents_(std::move(documents)),
        server_([this](const StubRequest& request) { return answer(request); }) {
    options.name = "prod";
    options.deadline = std::chrono::seconds{60};
    options.kubeconfig = folder_.write(
        "kubeconfig",
        kubeconfig_of("    server: " + server_.url("") + "\n", "    token: secret\n"));
  }

  ~FakeApi() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  void put(const std::string& path, Json document) {
    const std::lock_guard lock(mutex_);
    documents_[path] = std::move(document);
    tell("MODIFIED", path);
  }
  Json get(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    return documents_.at(path);
  }
  void remove(const std::string& path) {
    const std::lock_guard lock(mutex_);
    tell("DELETED", path);
    documents_.erase(path);
  }
  // Asked before anything else; nothing: it is answered as usual.
  void intercept(std::function<std::optional<StubReply>(const StubRequest&)> call) {
    const std::lock_guard lock(mutex_);
    intercept_ = std::move(call);
  }
  // "PATCH /apis/…?fieldManager=longshore" of all requests.
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const StubRequest& request : server_.requests())
      lines.push_back(request.method + " " + request.target);
    return lines;
  }
  std::vector<StubRequest> requests() const { return server_.requests(); }

  KubernetesTargetOptions options;
  ManualClock clock;

 private:
  StubReply answer(const StubRequest& request) {
    const std::lock_guard lock(mutex_);
    if (intercept_) {
      if (auto reply = intercept_(request)) return *std::move(reply);
    }
    const std::string kind = request.path().substr(request.path().rfind('/') + 1);
    if (kKinds.contains(kind)) {
      return request.target.find("watch=1") == std::string::npos ? list(request.path())
                                                                 : watch(kind, request.target);
    }
    const auto found = documents_.find(request.path());
    if (found == documents_.end()) {
      return {.status = 404, .body = status_of(404, request.path() + " not found")};
    }
    if (request.method == "PATCH") {
      auto next = patched(found->second, Json::parse(request.body));
      if (!next) return {.status = 422, .body = kTestFailed};
      Json& metadata = (*next)["metadata"];
      if (next->at("spec") != found->second.at("spec")) {
        metadata["generation"] = metadata["generation"].get<int>() + 1;
      }
      metadata["resourceVersion"] = std::to_string(++version_);
      found->second = *std::move(next);
      tell("MODIFIED", request.path());
    }
    return {.status = 200, .body = found->second.dump()};
  }

  struct Told {
    int version;
    std::string kind;
    std::string line;
  };
  // REQUIRES of these: mutex_ held
  void tell(const std::string& type, const std::string& path) {
    const std::string parent = path.substr(0, path.rfind('/'));
    Json object = documents_[path];
    if (type == "DELETED") object["metadata"]["resourceVersion"] = std::to_string(++version_);
    told_.push_back({++version_, parent.substr(parent.rfind('/') + 1),
                     Json{{"type", type}, {"object", object}}.dump() + "\n"});
    changed_.notify_all();
  }
  StubReply list(const std::string& path) {
    const std::string kind = path.substr(path.rfind('/'));
    const std::size_t space = path.find("/namespaces/");
    const std::string within = space == std::string::npos ? "/namespaces/" : path.substr(space);
    Json items = Json::array();
    for (const auto& [key, document] : documents_) {
      const bool fits = key.find(kind + "/") != std::string::npos;
      if (fits && key.find(within) != std::string::npos) items.push_back(document);
    }
    const Json page{{"metadata", {{"resourceVersion", std::to_string(version_)}}},
                    {"items", items}};
    return {.body = page.dump()};
  }
  StubReply watch(const std::string& kind, const std::string& target) {
    const std::string name = "resourceVersion=";
    const int from = std::stoi(target.substr(target.find(name) + name.size()));
    StubReply reply;
    reply.stream = [this, kind, from](const StubReply::Send& send) {
      std::size_t next = 0;
      std::unique_lock lock(mutex_);
      while (!closed_) {
        for (; next < told_.size(); ++next)
          if (told_[next].kind == kind && told_[next].version > from && !send(told_[next].line)) {
            return false;
          }
        changed_.wait(lock);
      }
      return true;
    };
    return reply;
  }
  inline static const std::set<std::string> kKinds{"deployments", "statefulsets", "daemonsets",
                                                   "cronjobs"};

  TempFolder folder_;
  mutable std::mutex mutex_;
  // guarded by mutex_
  std::map<std::string, Json> documents_;
  std::function<std::optional<StubReply>(const StubRequest&)> intercept_;
  std::vector<Told> told_;
  bool closed_ = false;
  int version_ = 1'000;
  std::condition_variable changed_;
  HttpStub server_;  // last: it uses the others
};

}  // namespace longshore::test
