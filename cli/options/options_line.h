// SPDX-License-Identifier: MIT
#pragma once

/// A command line: a command, its arguments, and options as --name VALUE, --name=VALUE or --flag,
/// in any order. After "--" everything is an argument.

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

enum { OPTIONS_ARGUMENT_LIMIT = 8, OPTIONS_VALUE_LIMIT = 24, OPTIONS_FAULT_SIZE_CLI = 256 };

struct option_rule {
    const char *name; ///< Without the dashes.
    bool has_value;
};

struct option_value {
    const char *name;  ///< As in its rule.
    const char *value; ///< "" for a flag.
};

/// Points into the command line, which must outlive it.
struct options_line {
    const char *command; ///< NULL: none was given.
    const char *argument[OPTIONS_ARGUMENT_LIMIT];
    size_t arguments;
    struct option_value option[OPTIONS_VALUE_LIMIT];
    size_t options;
};

/// Reads argv[1] and what follows. `rules` ends with a NULL name. -h is --help.
///
/// @return STATUS_INVALID  an option is unknown, lacks its value or came twice, or there are too
///                         many arguments; `fault` says which.
MUST_CHECK enum status options_line_read(struct options_line *line, int argc, char *const *argv,
                                         const struct option_rule *rules,
                                         char fault[OPTIONS_FAULT_SIZE_CLI]);

/// The value of an option, "" for a flag that was given, NULL for what was not.
const char *options_line_value(const struct options_line *line, const char *name);

/// Reads a decimal number between `low` and `high`, all of `text`.
bool options_number(const char *text, double low, double high, double *number);
