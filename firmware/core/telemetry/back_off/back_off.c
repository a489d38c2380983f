// SPDX-License-Identifier: MIT
#include "back_off.h"

void back_off_init(struct back_off *back_off, const struct entropy *entropy, uint32_t first_ms,
                   uint32_t limit_ms)
{
    *back_off = (struct back_off){
        .entropy = entropy, .first_ms = first_ms, .limit_ms = limit_ms, .next_ms = first_ms
    };
}

uint32_t back_off_fail(struct back_off *back_off)
{
    const uint32_t whole_ms = back_off->next_ms;
    const uint32_t half_ms = whole_ms / 2;
    uint32_t random = 0;

    back_off->next_ms = whole_ms > back_off->limit_ms / 2 ? back_off->limit_ms : whole_ms * 2;
    // Without randomness the full wait is still a correct one.
    if (back_off->entropy->fill(back_off->entropy->ctx, &random, sizeof random) != STATUS_OK) {
        return whole_ms;
    }
    return whole_ms - random % (half_ms + 1);
}

void back_off_succeed(struct back_off *back_off)
{
    back_off->next_ms = back_off->first_ms;
}
