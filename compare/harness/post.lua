-- One review per request, each with an id of its own. Arguments: a file of JSON objects without their id and opening
-- brace, one a line; what ids begin with; the method; `path` where the id is the path's end.
dofile((debug.getinfo(1, "S").source:match("@(.*/)") or "./") .. "report.lua")

local rests, count, next_id = {}, 0, 0
local prefix, method, in_path

init = function(args)
  for line in io.lines(args[1]) do
    count = count + 1
    rests[count] = line
  end
  prefix, method, in_path = args[2], args[3], args[4] == "path"
end

request = function()
  next_id = next_id + 1
  local id = prefix .. "-" .. next_id
  local body = '{"id":"' .. id .. '",' .. rests[next_id % count + 1]
  return wrk.format(method, in_path and wrk.path .. id or wrk.path, {["Content-Type"] = "application/json"}, body)
end
