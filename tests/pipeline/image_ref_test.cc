// SPDX-License-Identifier: Apache-2.0
#include "pipeline/image_ref.h"

#include <catch2/catch.hpp>

using longshore::ImageRef;
using longshore::Repository;

namespace {

struct Case {
  std::string_view text;
  std::string_view repository;
  std::string_view tag;
};

}  // namespace

TEST_CASE("ImageRef normalises what people write", "[pipeline][image_ref]") {
  const auto item = GENERATE(Case{"nginx", "docker.io/library/nginx", ""},
                             Case{"nginx:1.25", "docker.io/library/nginx", "1.25"},
                             Case{"acme/app:v1", "docker.io/acme/app", "v1"},
                             Case{"docker.io/nginx", "docker.io/library/nginx", ""},
                             Case{"index.docker.io/acme/app", "docker.io/acme/app", ""},
                             Case{"localhost/app", "localhost/app", ""},
                             Case{"registry:5000/a/b__c/d--e:x", "registry:5000/a/b__c/d--e", "x"},
                             Case{"GHCR.io/acme/app:1", "ghcr.io/acme/app", "1"},
                             Case{"[::1]:5000/app:1", "[::1]:5000/app", "1"},
                             Case{"127.0.0.1:5000/app", "127.0.0.1:5000/app", ""});
  CAPTURE(item.text);
  const auto image = ImageRef::parse(item.text);
  REQUIRE(image);
  CHECK(image->repository().str() == item.repository);
  CHECK((image->tag() ? image->tag()->str() : "") == item.tag);
  CHECK(image->str() == item.text);
}

TEST_CASE("ImageRef refuses what no registry would serve", "[pipeline][image_ref]") {
  const auto text =
      GENERATE("", "Nginx", "acme/App", "a//b", "/a", "a/", "a:", "a:-x", "a@sha256:12", "a@", "-a",
               "a-", "a___b", "a._b", "host:port/a", "host:123456/a", "a b", "ghcr.io/",
               "ghcr.io/:tag", "a:b:c", "[::1/app", "http://host/a", "host.-x/a");
  CAPTURE(text);
  const auto image = ImageRef::parse(text);
  REQUIRE_FALSE(image);
  CHECK(image.error().code == longshore::Errc::invalid_input);
}

TEST_CASE("ImageRef keeps the spelling of the name when written back", "[pipeline][image_ref]") {
  const auto image = ImageRef::parse("nginx:1.25");
  REQUIRE(image);
  const auto next = image->with(*longshore::Tag::parse("1.26"), std::nullopt);
  CHECK(next.str() == "nginx:1.26");
  CHECK(*ImageRef::parse("docker.io/library/nginx:1.25") == *image);
}

TEST_CASE("ImageRef without tag and digest means latest", "[pipeline][image_ref]") {
  CHECK(ImageRef::parse("nginx")->effective_tag()->str() == "latest");
  const std::string digest = "sha256:" + std::string(64, 'a');
  CHECK_FALSE(ImageRef::parse("nginx@" + digest)->effective_tag());
}

TEST_CASE("ImageRef refuses the id of an image", "[pipeline][image_ref]") {
  const std::string hash(64, 'a');
  for (const std::string& text : {hash, "sha256:" + hash, hash + ":latest"}) {
    CAPTURE(text);
    const auto image = ImageRef::parse(text);
    REQUIRE_FALSE(image);
    CHECK_THAT(image.error().message, Catch::Contains("id"));
  }
  CHECK(ImageRef::parse("acme/" + hash));
  CHECK(ImageRef::parse("app:" + hash));
  CHECK(ImageRef::parse("sha256:1.4"));
}

TEST_CASE("Repository of a host and a path is the same as of a name", "[pipeline][image_ref]") {
  CHECK(*Repository::of("registry-1.docker.io", "nginx") == *Repository::parse("nginx"));
  CHECK(*Repository::of("registry.hub.docker.com", "acme/app") == *Repository::parse("acme/app"));
  CHECK(*Repository::of("GHCR.io", "acme/app") == *Repository::parse("ghcr.io/acme/app"));
  CHECK(*Repository::of("registry", "app") != *Repository::parse("registry/app"));
  CHECK(Repository::of("registry:5000", "app")->host() == "registry:5000");
  CHECK(Repository::of("registry:5000", "a/b")->path() == "a/b");
  CHECK_FALSE(Repository::of("", "app"));
  CHECK_FALSE(Repository::of("ghcr.io", ""));
  CHECK_FALSE(Repository::of("ghcr.io/x", "app"));
  CHECK_FALSE(Repository::of("user@ghcr.io", "app"));
}

TEST_CASE("ImageRef holds tag and digest together", "[pipeline][image_ref]") {
  const std::string digest = "@sha256:" + std::string(64, 'a');
  const auto image = ImageRef::parse("registry:5000/a/app:1.4" + digest);
  REQUIRE(image);
  CHECK(image->name() == "registry:5000/a/app");
  CHECK(image->tag()->str() == "1.4");
  CHECK(image->str() == "registry:5000/a/app:1.4" + digest);
  CHECK(image->with(std::nullopt, std::nullopt).str() == "registry:5000/a/app");
  CHECK_FALSE(*image == image->with(image->tag(), std::nullopt));
}

TEST_CASE("Repository is at most 255 characters", "[pipeline][image_ref]") {
  CHECK(Repository::parse("ghcr.io/" + std::string(247, 'a')));
  CHECK_FALSE(Repository::parse("ghcr.io/" + std::string(248, 'a')));
}
