// SPDX-License-Identifier: MIT
#include "fleet_log.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_SIZE = 501 };

void fleet_log_line(const struct fleet_log *log, enum fleet_log_level level, const char *format,
                    ...)
{
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    // What devices send may end up here; a control character must not forge a line.
    for (char *c = line; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7F) {
            *c = '?';
        }
    }
    log->write(log->ctx, level, line);
}
