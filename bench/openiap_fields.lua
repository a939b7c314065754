-- The length prefix of OpenIAP Flow over TCP, for tshark: 4 bytes little-endian, then an Envelope, which
-- tshark's own protobuf dissector takes from there. It is what somebody without envscope would write, and
-- the baseline that envscope is measured against. Choose it for a port with -d
-- tcp.port==8080,openiap_bench; tshark_fields.sh has the whole command line.

local PREFIX = 4
local openiap = Proto("openiap_bench", "OpenIAP Flow, length prefix")
local protobuf = Dissector.get("protobuf")

local function message_length(tvb, _, offset)
	return PREFIX + tvb(offset, PREFIX):le_uint()
end

local function dissect_message(tvb, pinfo, tree)
	if tvb:len() > PREFIX then
		pinfo.private["pb_msg_type"] = "message,openiap.Envelope"
		protobuf:call(tvb(PREFIX):tvb(), pinfo, tree)
	end
	return tvb:len()
end

function openiap.dissector(tvb, pinfo, tree)
	return dissect_tcp_pdus(tvb, tree, PREFIX, message_length, dissect_message)
end

DissectorTable.get("tcp.port"):add_for_decode_as(openiap)
