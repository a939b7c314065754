-- The generated dissector without Wireshark: plugin.lua PLUGIN MESSAGES WAY
--
-- MESSAGES is a pcap of exported PDUs (envscope -w FILE --pdu -F pcap). The plugin is loaded against a stand-in for Wireshark's Lua interface and
-- given each message in one of three ways: `pdu`, alone; `tcp`, behind its length, the stream cut in pieces that have nothing to do with the
-- messages; `ws`, the same in WebSocket messages. Printed is what it says of each: command, seq, id, rid, type, two fields of payloads, whether it
-- names its request, and the rules.
--
-- The stand-in has those names of Wireshark's Lua interface that the dissector needs and 4.0 has, and nothing else: any other name is an error. It
-- was not held against the manuals of other versions. Numbers that come from it are floats where Lua knows the difference, as Wireshark's may be.

local plugin, messages, way = arg[1], arg[2], arg[3]

local function strict(name, table)
	return setmetatable(table, { __index = function(_, key)
		error(name .. " has no " .. tostring(key), 2)
	end })
end

local function class(name, methods)
	return { __index = function(_, key)
		return methods[key] or error(name .. " has no " .. tostring(key), 2)
	end }
end

local function number(n)
	return n + 0.0
end

-- Bytes: Tvb, TvbRange, ByteArray.

local Bytes = {}

local function range_of(text)
	return setmetatable({ text = text }, Bytes)
end

local function little(text)
	local n = 0
	for i = #text, 1, -1 do
		n = n * 256 + text:byte(i)
	end
	return n
end

local methods = {
	len = function(b) return number(#b.text) end,
	reported_len = function(b) return number(#b.text) end,
	uint = function(b) return number(little(b.text:reverse())) end,
	le_uint = function(b) return number(little(b.text)) end,
	le_int = function(b) return number(little(b.text)) end,
	le_float = function(b) return number(#b.text) end,
	le_uint64 = function(b) return little(b.text) end,
	le_int64 = function(b) return little(b.text) end,
	string = function(b) return b.text end,
	raw = function(b, at, size)
		at = at or 0
		assert(at >= 0 and at + (size or 0) <= #b.text, "raw bytes beyond the bytes")
		return b.text:sub(at + 1, size and at + size)
	end,
	bytes = function(b) return range_of(b.text) end,
	tvb = function(b) return range_of(b.text) end,
	append = function(b, other) b.text = b.text .. other.text end,
}
Bytes.__index = class("a range", methods).__index
Bytes.__call = function(b, at, size)
	at, size = at or 0, size or #b.text - (at or 0)
	assert(at >= 0 and size >= 0 and at + size <= #b.text, "a range beyond the bytes")
	return range_of(b.text:sub(at + 1, at + size))
end

-- The tree.

local Item = {}
local said

local function add(item, what, range, value)
	assert(what ~= nil, "add without a field")
	local shown = value
	if shown == nil then
		shown = getmetatable(range) == Bytes and range.text or range
	end
	assert(not tostring(value):find("seq=%d+%."), "a seq that is shown as a float")
	if what.abbr then
		said[what.abbr] = said[what.abbr] or shown
	end
	return setmetatable({ parent = item }, Item)
end

Item.__index = class("a tree item", {
	add = add,
	add_le = add,
	set_generated = function(item) return item end,
	prepend_text = function(item) return item end,
	add_proto_expert_info = function(item, info)
		assert(info and info.rule, "no expert info")
		said.rules[#said.rules + 1] = info.rule
		return item
	end,
}).__index

-- What a dissector is made of.

local protos, tables, postdissectors = {}, {}, {}

function Proto(name, description)
	assert(not protos[name] and description)
	local proto = { name = name, prefs = {}, heuristics = {} }
	proto.register_heuristic = function(p, where, take) p.heuristics[where] = take end
	protos[name] = proto
	return proto
end

local function field(abbr, label)
	assert(abbr:match("^openiap[%w_.]*$") and label, abbr)
	return { abbr = abbr }
end

ProtoField = strict("ProtoField", {})
for _, name in ipairs({ "none", "string", "bytes", "bool", "int32", "uint32", "int64", "uint64", "float", "double", "framenum", "relative_time",
	"absolute_time" }) do
	ProtoField[name] = field
end
ProtoExpert = strict("ProtoExpert", { new = function(abbr, text, group, severity)
	assert(text and group and severity)
	return { rule = abbr:match("^openiap%.rule%.([%w_]+)$") }
end })
Pref = strict("Pref", { bool = function(_, value) return value end, range = function(_, value) return value end })
base = strict("base", { DEC = 1, NONE = 0, UTC = 2 })
frametype = strict("frametype", { REQUEST = 1, RESPONSE = 2 })
expert = strict("expert", {
	severity = strict("severity", { ERROR = 3, WARN = 2, NOTE = 1 }),
	group = strict("group", { SEQUENCE = 1, MALFORMED = 2, PROTOCOL = 3 }),
})
ENC_UTF_8, DESEGMENT_ONE_MORE_SEGMENT = 2, 268435455
Field = strict("Field", { new = function() return function() end end })
NSTime = strict("NSTime", { new = function(seconds, nanos) return { seconds, nanos } end })
Int64 = strict("Int64", { new = function(low, high) return (high or 0) * 4294967296 + low end })
UInt64 = strict("UInt64", { new = function(low) return setmetatable({}, class("UInt64", {
	rshift = function() return UInt64.new(low) end, lower = function() return low end, higher = function() return 0 end,
})) end })
ByteArray = strict("ByteArray", { new = function() return range_of("") end })
Dissector = strict("Dissector", { get = function() return setmetatable({}, class("a dissector", { call = function() return 0 end })) end })
DissectorTable = strict("DissectorTable", { get = function(name)
	tables[name] = tables[name] or { added = 0 }
	return setmetatable(tables[name], class("a dissector table", {
		add = function(t) t.added = t.added + 1 end, remove = function() end, get_dissector = function() end, add_for_decode_as = function() end,
	}))
end })
function register_postdissector(proto) postdissectors[#postdissectors + 1] = proto end
function all_field_infos() end

setmetatable(_G, { __index = function(_, name)
	if name == "unpack" or name == "bit" or name == "bit32" then
		error("not every Lua has " .. name, 2)
	end
end })

-- The messages.

local function read_pdus(path)
	local file = assert(io.open(path, "rb"))
	local all, at, pdus = file:read("*a"), 25, {}
	file:close()
	while at + 16 <= #all do
		local size = little(all:sub(at + 8, at + 11))
		local packet, tag = all:sub(at + 16, at + 15 + size), 1
		local pdu = { ports = {} }
		while true do
			local kind, length = little(packet:sub(tag, tag + 1):reverse()), little(packet:sub(tag + 2, tag + 3):reverse())
			if kind == 25 or kind == 26 then
				pdu.ports[kind] = little(packet:sub(tag + 4, tag + 7):reverse())
			end
			tag = tag + 4 + length
			if kind == 0 then
				break
			end
		end
		pdu.bytes = packet:sub(tag)
		pdus[#pdus + 1] = pdu
		at = at + 16 + size
	end
	return pdus
end

local column = class("a column", { set = function() end, fence = function() end, clear_fence = function() end })

local function packet_info(count, pdu)
	local seen = { number = number(count), visited = false, src = "a", dst = "b", src_port = number(pdu.ports[25]), dst_port = number(pdu.ports[26]),
		rel_ts = count / 1000, match = "openiap", can_desegment = 1, desegment_offset = 0, desegment_len = 0,
		cols = { protocol = setmetatable({}, column), info = setmetatable({}, column) } }
	return strict("pinfo", seen)
end

local function dissect(take, bytes, pinfo)
	take(range_of(bytes), pinfo, setmetatable({}, Item))
end

-- Prints what was said of a message, in the order in which the messages began.
local lines = {}

local function finish()
	table.sort(said.rules)
	local line = {}
	for _, name in ipairs({ "command", "seq", "id", "rid", "type", "query.collectionname", "signin.username" }) do
		local value = said["openiap." .. name]
		line[#line + 1] = value == nil and "" or type(value) == "number" and string.format("%d", value) or tostring(value)
	end
	line[#line + 1] = said["openiap.request_in"] and "answer" or ""
	line[#line + 1] = table.concat(said.rules, ",")
	lines[#lines + 1] = table.concat(line, "\t")
end

local function length_of(bytes)
	local n = #bytes
	return string.char(n % 256, math.floor(n / 256) % 256, math.floor(n / 65536) % 256, 0)
end

-- Wireshark's part of a stream: what a dissector wants more of is kept and given again with the next piece.
local function play_tcp(pdus)
	local waiting, count = {}, 0
	for _, pdu in ipairs(pdus) do
		local port, stream = pdu.ports[25], length_of(pdu.bytes) .. pdu.bytes
		for from = 1, #stream, 1460 do
			local all = (waiting[port] or "") .. stream:sub(from, from + 1459)
			count = count + 1
			local pinfo = packet_info(count, pdu)
			said = { rules = {} }
			dissect(protos.openiap_tcp.dissector, all, pinfo)
			waiting[port] = pinfo.desegment_len > 0 and all:sub(math.floor(pinfo.desegment_offset) + 1) or nil
			if said["openiap.command"] then
				finish()
			end
		end
	end
end

local function play_ws(pdus)
	for count, pdu in ipairs(pdus) do
		local length, half = length_of(pdu.bytes), math.floor(#pdu.bytes / 2)
		said = { rules = {} }
		local pinfo = packet_info(count, pdu)
		for _, part in ipairs(count % 2 == 0 and { length .. pdu.bytes } or { length, pdu.bytes:sub(1, half), pdu.bytes:sub(half + 1) }) do
			dissect(protos.openiap_ws.heuristics.ws, part, pinfo)
		end
		finish()
	end
end

local function play_pdus(pdus)
	for count, pdu in ipairs(pdus) do
		said = { rules = {} }
		dissect(protos.openiap.dissector, pdu.bytes, packet_info(count, pdu))
		finish()
	end
end

assert(loadfile(plugin))()
protos.openiap.init()
assert(#postdissectors == 1 and tables["grpc_message_type"].added > 80 and tables["tcp.port"].added == 1)
said = { rules = {} };
({ pdu = play_pdus, tcp = play_tcp, ws = play_ws })[way](read_pdus(messages))
print(table.concat(lines, "\n"))
