-- SPDX-License-Identifier: Apache-2.0
--
-- Pushes to Docker Hub for wrk, each one different, in the shape and size of bench/push_bodies.cc:
--
--   wrk -t1 -c32 -d5s -s bench/push.lua http://127.0.0.1:PORT/hooks/hub -- [TOKEN] [REPOSITORIES]
--
-- To check bench/load.cc against a generator of other people's; a Lua function per request makes
-- wrk the bottleneck of a fast server.
local head = '{"callback_url":"https://registry.hub.docker.com/u/acme/app-%s/hook/2a4c6e80b1d3f5/",'
  .. '"push_data":{"images":[],"media_type":"application/vnd.docker.container.image.v1+json",'
  .. '"pushed_at":17%s,"pusher":"acmeci","tag":"1.4.%s"},"repository":{"comment_count":3,'
  .. '"date_created":1696118400,"description":"The shop\'s front end","dockerfile":"",'
  .. '"full_description":"Everything that a customer sees: catalogue, basket and checkout. Built '
  .. 'from the main branch on every merge, signed, and pushed for amd64 and arm64. Reads its '
  .. 'settings from SHOP_CONFIG, listens on 8080 and answers /healthz; the cache and the queue '
  .. 'are found by their names in that file, or off.",'
  .. '"is_official":false,"is_private":true,"is_trusted":false,"name":"app-%s",'
  .. '"namespace":"acme","owner":"acme","repo_name":"acme/app-%s",'
  .. '"repo_url":"https://hub.docker.com/r/acme/app-%s","star_count":12,"status":"Active"}}'

local serial = 0
local repositories = 1000
local headers = { ["Content-Type"] = "application/json" }

function init(args)
  if args[1] and args[1] ~= "" then headers["Authorization"] = "Bearer " .. args[1] end
  if args[2] then repositories = tonumber(args[2]) end
  -- Two runs against one store must not repeat each other's bodies.
  serial = (os.time() % 10000) * 10000
end

function request()
  serial = serial + 1
  local number = string.format("%08d", serial % 100000000)
  local app = string.format("%04d", serial % repositories)
  return wrk.format("POST", nil, headers, string.format(head, app, number, number, app, app, app))
end
