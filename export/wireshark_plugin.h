/* A dissector for Wireshark, written in its Lua, of the messages that are compiled in. */
#ifndef EXPORT_WIRESHARK_PLUGIN_H
#define EXPORT_WIRESHARK_PLUGIN_H

#include <stdbool.h>
#include <stdio.h>

/* Writes it: one file that needs no other. False if writing failed (errno). */
bool wireshark_plugin_write(FILE *out);

#endif
