#!/bin/sh
# Wireshark runs what it finds in its folder of external capture programs; this one is envscope.
exec "${ENVSCOPE:-@PREFIX@/bin/envscope}" "$@"
