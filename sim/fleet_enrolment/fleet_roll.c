// SPDX-License-Identifier: MIT
#include "fleet_roll.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 128 };

static enum status grow(struct fleet_roll *roll, unsigned *capacity)
{
    const unsigned wanted = *capacity == 0 ? 64 : 2 * *capacity;
    struct fleet_member *members = calloc(wanted, sizeof *members);

    if (members == NULL) {
        return STATUS_FULL;
    }
    // Not by realloc(), which leaves tokens behind.
    if (roll->members != NULL) {
        memcpy(members, roll->members, roll->count * sizeof *members);
        explicit_bzero(roll->members, roll->count * sizeof *members);
        free(roll->members);
    }
    roll->members = members;
    *capacity = wanted;
    return STATUS_OK;
}

static enum status take_line(struct fleet_roll *roll, unsigned *capacity, const char *line)
{
    struct fleet_member member = { 0 };
    char rest = '\0';
    enum status status = STATUS_OK;

    if (sscanf(line, "%32s %64s %c", member.id, member.token, &rest) != 2) {
        return STATUS_CORRUPT;
    }
    if (roll->count == *capacity) {
        status = grow(roll, capacity);
    }
    if (status == STATUS_OK) {
        roll->members[roll->count++] = member;
    }
    explicit_bzero(&member, sizeof member);
    return status;
}

enum status fleet_roll_read(const char *path, struct fleet_roll *roll, unsigned *line)
{
    char text[LINE_SIZE];
    unsigned capacity = 0;
    enum status status = STATUS_OK;
    FILE *file = fopen(path, "re");

    *roll = (struct fleet_roll){ 0 };
    *line = 0;
    if (file == NULL) {
        return STATUS_MISSING;
    }
    while (status == STATUS_OK && fgets(text, sizeof text, file) != NULL) {
        (*line)++;
        status = take_line(roll, &capacity, text);
    }
    if (ferror(file) != 0) {
        status = STATUS_MISSING;
    }
    (void)fclose(file);
    explicit_bzero(text, sizeof text);
    if (status == STATUS_OK && roll->count == 0) {
        status = STATUS_CORRUPT;
    }
    if (status != STATUS_OK) {
        fleet_roll_close(roll);
    }
    return status;
}

void fleet_roll_close(struct fleet_roll *roll)
{
    if (roll->members != NULL) {
        explicit_bzero(roll->members, roll->count * sizeof *roll->members);
        free(roll->members);
    }
    *roll = (struct fleet_roll){ 0 };
}
