// SPDX-License-Identifier: MIT
#include "command_history.h"

static bool same(const char *left, const char *right)
{
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    return *left == *right;
}

void command_history_init(struct command_history *history)
{
    *history = (struct command_history){ .next = 0 };
}

struct command_record *command_history_repeats(struct command_history *history, const char *cmd_id)
{
    for (uint32_t i = 0; i < COMMAND_HISTORY_COUNT; i++) {
        struct command_record *record = &history->records[i];
        if (record->cmd_id[0] != '\0' && same(record->cmd_id, cmd_id)) {
            record->reply_due = record->settled;
            return record;
        }
    }
    return NULL;
}

uint32_t command_history_add(struct command_history *history, const char *cmd_id)
{
    const uint32_t ticket = history->next++;
    struct command_record *record = &history->records[ticket % COMMAND_HISTORY_COUNT];
    size_t size = 0;

    *record = (struct command_record){ .ticket = ticket, .reason = "" };
    while (cmd_id[size] != '\0' && size < COMMAND_ID_SIZE) {
        record->cmd_id[size] = cmd_id[size];
        size++;
    }
    record->cmd_id[size] = '\0';
    return ticket;
}

static struct command_record *look_up(struct command_history *history, uint32_t ticket)
{
    struct command_record *record = &history->records[ticket % COMMAND_HISTORY_COUNT];
    return record->cmd_id[0] != '\0' && record->ticket == ticket ? record : NULL;
}

void command_history_measures(struct command_history *history,
                              const struct metering_request *request)
{
    struct command_record *record = look_up(history, request->id);
    if (record != NULL) {
        record->measures = true;
        record->telling = metering_subject_telling(metering_subject_of(request->action));
        record->channel = request->channel;
    }
}

void command_history_settle(struct command_history *history, uint32_t ticket,
                            enum command_outcome outcome, const char *reason, uint8_t relay_mask)
{
    struct command_record *record = look_up(history, ticket);
    if (record == NULL) {
        return;
    }
    if (!record->settled) {
        record->outcome = outcome;
        record->reason = reason;
        record->relay_mask = relay_mask;
        record->settled = true;
    }
    record->reply_due = true;
}

struct command_record *command_history_due(struct command_history *history)
{
    for (uint32_t i = 0; i < COMMAND_HISTORY_COUNT; i++) {
        struct command_record *record =
            &history->records[(history->next + i) % COMMAND_HISTORY_COUNT];
        if (record->cmd_id[0] != '\0' && record->reply_due) {
            return record;
        }
    }
    return NULL;
}
