// SPDX-License-Identifier: MIT
#pragma once

/// Where log lines go. The daemon fills it in; the edges write to it. Any thread may.

enum fleet_log_level {
    FLEET_LOG_ERROR, ///< A person must do something.
    FLEET_LOG_WARNING,
    FLEET_LOG_INFO,
};

struct fleet_log {
    void (*write)(void *ctx, enum fleet_log_level level, const char *line);
    void *ctx;
};

/// Writes one line; anything longer than 500 bytes is cut.
__attribute__((format(printf, 3, 4))) void
fleet_log_line(const struct fleet_log *log, enum fleet_log_level level, const char *format, ...);
