// SPDX-License-Identifier: MIT
#include "options_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_rule *find_rule(const struct option_rule *rules, const char *name,
                                           size_t length)
{
    for (const struct option_rule *rule = rules; rule->name != NULL; rule++) {
        if (strlen(rule->name) == length && strncmp(rule->name, name, length) == 0) {
            return rule;
        }
    }
    return NULL;
}

static enum status refuse(char fault[OPTIONS_FAULT_SIZE_CLI], const char *text, const char *what)
{
    (void)snprintf(fault, OPTIONS_FAULT_SIZE_CLI, "%s: %s", what, text);
    return STATUS_INVALID;
}

/// Takes the option at argv[*at] and its value.
static enum status take_option(struct options_line *line, int argc, char *const *argv, int *at,
                               const struct option_rule *rules, char fault[OPTIONS_FAULT_SIZE_CLI])
{
    const char *text = argv[*at];
    const char *name = strcmp(text, "-h") == 0 ? "help" : text + 2;
    const char *equals = strchr(name, '=');
    const size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
    const struct option_rule *rule =
        text[1] == '-' || strcmp(text, "-h") == 0 ? find_rule(rules, name, length) : NULL;
    if (rule == NULL) {
        return refuse(fault, "there is no such option here", text);
    }
    if (options_line_value(line, rule->name) != NULL) {
        return refuse(fault, "was given twice", text);
    }
    if (line->options == OPTIONS_VALUE_LIMIT) {
        return refuse(fault, "too many options", text);
    }
    const char *value = equals != NULL ? equals + 1 : "";
    if (rule->has_value && equals == NULL) {
        if (*at + 1 >= argc) {
            return refuse(fault, "wants a value", text);
        }
        value = argv[++*at];
    } else if (!rule->has_value && equals != NULL) {
        return refuse(fault, "takes no value", text);
    }
    line->option[line->options++] = (struct option_value){ rule->name, value };
    return STATUS_OK;
}

enum status options_line_read(struct options_line *line, int argc, char *const *argv,
                              const struct option_rule *rules, char fault[OPTIONS_FAULT_SIZE_CLI])
{
    *line = (struct options_line){ .command = NULL };
    bool only_arguments = false;
    for (int at = 1; at < argc; at++) {
        const char *text = argv[at];
        if (!only_arguments && strcmp(text, "--") == 0) {
            only_arguments = true;
        } else if (!only_arguments && text[0] == '-' && text[1] != '\0') {
            const enum status status = take_option(line, argc, argv, &at, rules, fault);
            if (status != STATUS_OK) {
                return status;
            }
        } else if (line->command == NULL) {
            line->command = text;
        } else if (line->arguments < OPTIONS_ARGUMENT_LIMIT) {
            line->argument[line->arguments++] = text;
        } else {
            return refuse(fault, "too many arguments", text);
        }
    }
    return STATUS_OK;
}

const char *options_line_value(const struct options_line *line, const char *name)
{
    for (size_t n = 0; n < line->options; n++) {
        if (strcmp(line->option[n].name, name) == 0) {
            return line->option[n].value;
        }
    }
    return NULL;
}

bool options_number(const char *text, double low, double high, double *number)
{
    char *end = NULL;
    if (text[0] == '\0' || strspn(text, "+-.0123456789eE") != strlen(text)) {
        return false;
    }
    const double value = strtod(text, &end);
    if (*end != '\0' || !(value >= low && value <= high)) {
        return false;
    }
    *number = value;
    return true;
}
