// SPDX-License-Identifier: MIT
#include "reading_trace.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINE_SIZE = 512, JOURNAL_SIZE = 32 };

struct reading_trace {
    int file;
    uint32_t boot_id;
    char journal[JOURNAL_SIZE + 1];
};

static void write_line(const struct reading_trace *trace, const char *line, int size)
{
    // A line that is cut short by a full disk is worth nothing; the reader skips it.
    (void)!write(trace->file, line, (size_t)size);
}

static void write_event(const struct reading_trace *trace, const char *event, uint64_t seq)
{
    char line[LINE_SIZE];
    if (trace != NULL) {
        write_line(trace, line,
                   snprintf(line, sizeof line, "%s %s %" PRIu64 "\n", event, trace->journal, seq));
    }
}

enum status reading_trace_open(const char *path, const char *journal, uint64_t next_seq,
                               uint32_t boot_id, struct reading_trace **trace)
{
    struct reading_trace *made = calloc(1, sizeof *made);
    char line[LINE_SIZE];

    if (made == NULL) {
        return STATUS_IO;
    }
    made->boot_id = boot_id;
    (void)snprintf(made->journal, sizeof made->journal, "%s", journal);
    made->file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (made->file < 0) {
        free(made);
        return STATUS_IO;
    }
    write_line(made, line,
               snprintf(line, sizeof line, "open %s %" PRIu64 " %" PRIu32 "\n", made->journal,
                        next_seq, boot_id));
    *trace = made;
    return STATUS_OK;
}

void reading_trace_try(struct reading_trace *trace, uint64_t seq, const struct reading *reading)
{
    char line[LINE_SIZE];

    if (trace == NULL) {
        return;
    }
    int size = snprintf(line, sizeof line, "try %s %" PRIu64 " %" PRIu32 " %" PRIu64,
                        trace->journal, seq, trace->boot_id, reading->uptime_ms);
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        size += snprintf(line + size, sizeof line - (size_t)size, " %" PRId64 " %" PRId64,
                         reading->channel[i].import_mj, reading->channel[i].export_mj);
    }
    line[size++] = '\n';
    write_line(trace, line, size);
}

void reading_trace_kept(struct reading_trace *trace, uint64_t seq)
{
    write_event(trace, "kept", seq);
}

void reading_trace_lost(struct reading_trace *trace, uint64_t seq)
{
    write_event(trace, "lost", seq);
}

void reading_trace_close(struct reading_trace *trace)
{
    if (trace != NULL) {
        (void)close(trace->file);
        free(trace);
    }
}
