/* A dissector for Wireshark, written in its Lua, of the messages that are compiled in. */
#ifndef EXPORT_WIRESHARK_PLUGIN_H
#define EXPORT_WIRESHARK_PLUGIN_H

#include <stdio.h>

/* Writes it: one file that needs no other. */
void wireshark_plugin_write(FILE *out);

#endif
