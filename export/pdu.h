/* Messages as exported PDUs: packets of the link type LINKTYPE_WIRESHARK_UPPER_PDU, which Wireshark gives to a dissector by its name. */
#ifndef EXPORT_PDU_H
#define EXPORT_PDU_H

#include "decode/forms.h"

enum {
	LINK_UPPER_PDU = 252,
	PDU_MAX = 262144, /* bytes of such a packet: Wireshark takes no longer one */
};

/* Appends the packet of a message: tags (big endian: type 2, length 2, value; Wireshark's epan/exported_pdu_tlvs.h) for the dissector,
 * addresses, ports and the direction, then the message. An Envelope as it was captured goes to "openiap", and so does one made of a bare
 * gRPC payload; JSON text goes to "json". bytes: what was captured of it. What goes beyond PDU_MAX is cut. Returns the bytes of the packet if the message were whole. */
uint32_t pdu_add(struct buf *out, const struct session *s, const struct record *r, struct slice bytes);

#endif
