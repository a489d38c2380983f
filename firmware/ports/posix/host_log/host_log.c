// SPDX-License-Identifier: MIT
#include "host_log.h"

#include <stdarg.h>
#include <time.h>

enum { LINE_SIZE = 512 };

static const char *const weights[] = { "info", "warning", "error" };

static void write_line(struct host_log *log, enum host_log_weight weight, const char *text,
                       uint32_t held_back)
{
    struct timespec now;
    struct tm utc;
    char when[32] = "";

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &utc) != NULL) {
        (void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &utc);
    }
    (void)pthread_mutex_lock(&log->mutex);
    (void)fprintf(log->out, "%s.%03ldZ %s %s: %s", when, now.tv_nsec / 1000000, log->name,
                  weights[weight], text);
    if (held_back > 0) {
        (void)fprintf(log->out, " (and %u times before)", held_back);
    }
    (void)fputc('\n', log->out);
    (void)fflush(log->out);
    (void)pthread_mutex_unlock(&log->mutex);
}

void host_log_init(struct host_log *log, FILE *out, const char *name)
{
    *log = (struct host_log){ .out = out, .name = name };
    (void)pthread_mutex_init(&log->mutex, NULL);
}

void host_log_say(struct host_log *log, enum host_log_weight weight, const char *format, ...)
{
    char text[LINE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    write_line(log, weight, text, 0);
}

void host_log_say_seldom(struct host_log *log, struct host_log_limit *limit,
                         enum host_log_weight weight, const char *format, ...)
{
    struct timespec now;
    char text[LINE_SIZE];
    va_list arguments;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (limit->last_s != 0 && now.tv_sec - limit->last_s < HOST_LOG_REPEAT_S) {
        limit->held_back++;
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    write_line(log, weight, text, limit->held_back);
    *limit = (struct host_log_limit){ .last_s = now.tv_sec };
}
