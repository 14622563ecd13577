// SPDX-License-Identifier: Apache-2.0
//
// Question: how fast does an API server take changes from a client that does nothing but send them?
// The answer is what `kube_push.py` and `kube_latency.py` compare Longshore with.
//
//   kube_loop --server https://127.0.0.1:6443 --authority FILE --token-file FILE --requests FILE
//             [--connections 8] [--rate R]
//
// Each line of the requests is one: method, path, type of the body, body, with tabs between. Each
// connection is a thread with a kept connection (HTTP/1.1, TLS, as Longshore's), made before the
// clock starts; it takes the next line as soon as it has its answer. With --rate the lines are due
// at that many a second, and a request is timed from the moment when it was due. Prints one JSON
// object; ends with status 1 where a connection fails.
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <ctime>
#include <fstream>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <curl/curl.h>

#include "bench/latency_histogram.h"
#include "bench/support.h"

namespace longshore::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Request {
  std::string method;
  std::string path;
  std::string type;
  std::string body;
};

struct Options {
  std::string server;
  std::string authority;
  std::string token;
  std::vector<Request> requests;
  std::uint64_t connections = 8;
  double rate = 0;  // a second; 0: as fast as they are answered
};

std::ifstream open(std::string_view option, const std::string& path) {
  std::ifstream file(path);
  if (!file) refuse(option, path + " cannot be read");
  return file;
}

std::string first_line(std::string_view option, const std::string& path) {
  std::string line;
  std::ifstream file = open(option, path);
  std::getline(file, line);
  return line;
}

std::string take_field(std::string& line) {
  const std::size_t end = line.find('\t');
  if (end == std::string::npos) refuse("--requests", "a line has fewer than four fields");
  std::string field = line.substr(0, end);
  line.erase(0, end + 1);
  return field;
}

std::vector<Request> read_requests(const std::string& path) {
  std::vector<Request> requests;
  std::ifstream file = open("--requests", path);
  for (std::string line; std::getline(file, line);) {
    Request request;
    request.method = take_field(line);
    request.path = take_field(line);
    request.type = take_field(line);
    request.body = std::move(line);
    requests.push_back(std::move(request));
  }
  return requests;
}

using Setter = void (*)(Options& options, const Arguments& arguments);

const std::map<std::string_view, Setter> kOptions{
    {"--server", [](auto& o, auto& a) { o.server = a.value(); }},
    {"--authority", [](auto& o, auto& a) { o.authority = a.value(); }},
    {"--token-file",
     [](auto& o, auto& a) { o.token = first_line(a.name(), std::string(a.value())); }},
    {"--requests", [](auto& o, auto& a) { o.requests = read_requests(std::string(a.value())); }},
    {"--connections", [](auto& o, auto& a) { o.connections = a.template number<std::uint64_t>(); }},
    {"--rate", [](auto& o, auto& a) { o.rate = a.template number<double>(); }},
};

Options read_options(Arguments arguments) {
  Options options;
  while (arguments.next()) {
    const auto found = kOptions.find(arguments.name());
    if (found == kOptions.end()) refuse(arguments.name(), "there is no such option");
    found->second(options, arguments);
  }
  if (options.server.empty()) refuse("--server", "where the API server listens has to be given");
  if (options.connections == 0) refuse("--connections", "at least one is needed");
  return options;
}

struct Result {
  LatencyHistogram latency;
  std::map<long, std::uint64_t> replies;  // by status
};

std::size_t drop_bytes(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

// One kept connection.
class Connection {
 public:
  explicit Connection(const Options& options) : options_(options), handle_(curl_easy_init()) {
    if (handle_ == nullptr) refuse("libcurl", "it could not be started");
    curl_easy_setopt(handle_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(handle_, CURLOPT_USERAGENT, "kube_loop");
    curl_easy_setopt(handle_, CURLOPT_PROXY, "");
    curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle_, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, drop_bytes);
    curl_easy_setopt(handle_, CURLOPT_ERRORBUFFER, error_);
    if (!options.authority.empty()) {
      curl_easy_setopt(handle_, CURLOPT_CAINFO, options.authority.c_str());
    }
    send({"GET", "/version", "application/json", {}});
  }
  ~Connection() { curl_easy_cleanup(handle_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The status of the answer.
  long send(const Request& request) {
    curl_slist* fields = curl_slist_append(nullptr, "Expect:");
    fields = curl_slist_append(fields, "Accept: application/json");
    fields = curl_slist_append(fields, ("Content-Type: " + request.type).c_str());
    fields = curl_slist_append(fields, ("Authorization: Bearer " + options_.token).c_str());
    curl_easy_setopt(handle_, CURLOPT_URL, (options_.server + request.path).c_str());
    curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, fields);
    if (request.method == "GET") {
      curl_easy_setopt(handle_, CURLOPT_HTTPGET, 1L);
    } else {
      curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
      curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, request.body.c_str());
    }
    curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    const CURLcode code = curl_easy_perform(handle_);
    curl_slist_free_all(fields);
    if (code != CURLE_OK) {
      std::fprintf(stderr, "error: %s: %s\n", request.path.c_str(), error_);
      std::exit(1);
    }
    long status = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    return status;
  }

 private:
  const Options& options_;
  CURL* handle_;
  char error_[CURL_ERROR_SIZE] = "";
};

class Loop {
 public:
  explicit Loop(const Options& options) : options_(options) {}

  void run() {
    const auto count = static_cast<std::ptrdiff_t>(options_.connections);
    std::latch ready(count);
    std::latch go(1);
    std::vector<std::jthread> threads;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      threads.emplace_back([&] {
        Connection connection(options_);
        ready.count_down();
        go.wait();
        send_all(connection);
      });
    }
    ready.wait();
    const double cpu_begin = static_cast<double>(std::clock());
    begin_ = Clock::now();
    go.count_down();
    threads.clear();
    const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    const double cpu = (static_cast<double>(std::clock()) - cpu_begin) / CLOCKS_PER_SEC;
    print(seconds, cpu);
  }

 private:
  Clock::time_point due(std::size_t number) const {
    if (options_.rate <= 0) return Clock::now();
    return begin_ + std::chrono::duration_cast<Clock::duration>(
                        std::chrono::duration<double>(static_cast<double>(number) / options_.rate));
  }

  void send_all(Connection& connection) {
    for (;;) {
      const std::size_t number = next_.fetch_add(1);
      if (number >= options_.requests.size()) return;
      const Clock::time_point from = due(number);
      std::this_thread::sleep_until(from);
      const long status = connection.send(options_.requests[number]);
      const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - from);
      const std::lock_guard lock(mutex_);
      result_.latency.add(static_cast<std::uint64_t>(took.count()));
      ++result_.replies[status];
    }
  }

  void print(double seconds, double cpu) const {
    const LatencyHistogram& latency = result_.latency;
    std::printf("{\"seconds\": %.4f, \"sent\": %" PRIu64 ", \"replies\": {", seconds,
                latency.count());
    const char* separator = "";
    for (const auto& [status, count] : result_.replies)
      std::printf("%s\"%ld\": %" PRIu64, std::exchange(separator, ", "), status, count);
    const auto ms = [&](double share) {
      return static_cast<double>(latency.quantile(share)) / 1e6;
    };
    std::printf("}, \"latency_ms\": {\"p50\": %.3f, \"p99\": %.3f, \"max\": %.3f}, ", ms(0.5),
                ms(0.99), static_cast<double>(latency.largest()) / 1e6);
    std::printf("\"cpu_seconds\": %.3f}\n", cpu);
  }

  const Options& options_;
  std::atomic<std::size_t> next_{0};
  Clock::time_point begin_{};  // set before any thread goes
  std::mutex mutex_;
  Result result_;  // guarded by mutex_
};

}  // namespace
}  // namespace longshore::bench

int main(int argc, char** argv) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  const auto options = longshore::bench::read_options(longshore::bench::Arguments(argc, argv));
  auto loop = std::make_unique<longshore::bench::Loop>(options);
  loop->run();
  return 0;
}
