// SPDX-License-Identifier: MIT
#include "process_usage.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_SIZE = 1024 };

enum status process_usage_read(pid_t pid, struct process_usage *usage)
{
    char path[64];
    char text[TEXT_SIZE];
    unsigned long user = 0;
    unsigned long system = 0;
    long resident = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return STATUS_MISSING;
    }
    const size_t size = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[size] = '\0';

    // The command name, field 2, may hold spaces and brackets; the fields after its last ')' do
    // not.
    const char *fields = strrchr(text, ')');
    if (fields == NULL ||
        sscanf(fields + 1,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d "
               "%*d %*u %*u %ld",
               &user, &system, &resident) != 3) {
        return STATUS_MISSING;
    }
    const uint64_t tick_us = 1000000u / (uint64_t)sysconf(_SC_CLK_TCK);
    usage->cpu_us = (user + system) * tick_us;
    usage->resident_kib = (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE) / 1024u;
    return STATUS_OK;
}
