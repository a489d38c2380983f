// SPDX-License-Identifier: MIT
#include "step_countdown.h"

static bool may_go_on(void *ctx)
{
    struct step_countdown *countdown = ctx;
    countdown->steps++;
    if (countdown->left == 0) {
        return false;
    }
    countdown->left--;
    return true;
}

struct secret_file_probe step_countdown_probe(struct step_countdown *countdown)
{
    return (struct secret_file_probe){ .may_go_on = may_go_on, .ctx = countdown };
}
