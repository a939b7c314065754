/* The reports, for export/report.c and the files that make their rows only. */
#ifndef EXPORT_REPORT_PART_H
#define EXPORT_REPORT_PART_H

#include "export/report.h"

#define REPORT_COLUMNS(table) .column = (table), .columns = sizeof(table) / sizeof *(table)

extern const struct report report_summary, report_commands, report_connections, report_threads, report_rules, report_streams, report_traces,
	report_correlations, report_workitems;

#endif
