// SPDX-License-Identifier: Apache-2.0
// Asks a registry and prints what RegistryClient says, for the tests that run real ones:
//
//   registry_probe [--plain-http] [--username U] [--password P] [--ca FILE] [--auth-host H]
//                  [--docker-config FILE] head|get|config|tags IMAGE
//
// head and get print "DIGEST MEDIA-TYPE", config the blob of the image's digest, tags a tag on each
// line. Errors are printed as "error CODE MESSAGE", exit code 1.
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "sinks/registry/client.h"

using namespace longshore;

namespace {

constexpr std::array kCodes{"invalid_input", "not_found", "unauthorized", "busy",
                            "unavailable",   "conflict",  "io",           "unsupported"};

int fail(const Error& error) {
  std::printf("error %s %s\n", kCodes.at(static_cast<std::size_t>(error.code)),
              error.message.c_str());
  return 1;
}

struct Question {
  RegistriesOptions options;
  RegistryOptions entry;
  std::string verb;
  std::string image;
};

Question read_arguments(const std::vector<std::string>& arguments) {
  Question question;
  std::vector<std::string> rest;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    const auto value = [&] { return ++i < arguments.size() ? arguments[i] : std::string(); };
    if (name == "--plain-http") {
      question.entry.plain_http = true;
    } else if (name == "--username") {
      question.entry.username = value();
    } else if (name == "--password") {
      question.entry.password = value();
    } else if (name == "--ca") {
      question.entry.ca_file = value();
    } else if (name == "--auth-host") {
      question.entry.auth_hosts.push_back(value());
    } else if (name == "--docker-config") {
      question.options.docker_config = value();
    } else {
      rest.push_back(name);
    }
  }
  rest.resize(2);
  question.verb = rest[0];
  question.image = rest[1];
  return question;
}

int print_tags(RegistryClient& client, const Repository& repository) {
  const auto status = client.list_tags(repository, [](std::vector<Tag> tags) {
    for (const Tag& tag : tags)
      std::printf("%s\n", tag.str().c_str());
    return Status(Done{});
  });
  return status ? 0 : fail(status.error());
}

int answer(RegistryClient& client, const std::string& verb, const ImageRef& image) {
  const Repository& repository = image.repository();
  if (verb == "tags") return print_tags(client, repository);
  if (verb == "config") {
    const auto config = client.get_config(repository, *image.digest());
    if (!config) return fail(config.error());
    std::printf("%s", config->c_str());
    return 0;
  }
  const ManifestName name =
      image.digest() ? ManifestName(*image.digest()) : ManifestName(*image.effective_tag());
  if (verb == "head") {
    const auto head = client.head_manifest(repository, name);
    if (!head) return fail(head.error());
    std::printf("%s %s\n", head->digest.str().c_str(), head->media_type.c_str());
    return 0;
  }
  const auto manifest = client.get_manifest(repository, name);
  if (!manifest) return fail(manifest.error());
  std::printf("%s %s\n", manifest->digest.str().c_str(), manifest->media_type.c_str());
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  Question question = read_arguments({arguments + 1, arguments + count});
  const auto image = ImageRef::parse(question.image);
  if (!image) return fail(image.error());
  question.entry.host = image->repository().host();
  question.options.registries.push_back(question.entry);
  const SystemClock clock;
  HttpClient http;
  RegistryClient client(question.options, http, clock);
  return answer(client, question.verb, *image);
}
