// SPDX-License-Identifier: MIT
#include "command_result.h"

#include <string.h>

const char *command_outcome_name(enum command_outcome outcome)
{
    switch (outcome) {
    case COMMAND_OUTCOME_DONE:
        return "done";
    case COMMAND_OUTCOME_BUSY:
        return "busy";
    case COMMAND_OUTCOME_INVALID:
        return "invalid";
    case COMMAND_OUTCOME_EXPIRED:
        return "expired";
    case COMMAND_OUTCOME_REFUSED:
        return "refused";
    case COMMAND_OUTCOME_FAILED:
        return "failed";
    case COMMAND_OUTCOME_UNCONFIRMED:
        return "unconfirmed";
    }
    return "unconfirmed";
}

bool command_outcome_parse(const char *name, enum command_outcome *outcome)
{
    for (int i = COMMAND_OUTCOME_DONE; i < COMMAND_OUTCOME_UNCONFIRMED; i++) {
        if (strcmp(name, command_outcome_name((enum command_outcome)i)) == 0) {
            *outcome = (enum command_outcome)i;
            return true;
        }
    }
    return false;
}
