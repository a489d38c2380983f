// SPDX-License-Identifier: MIT
#include "button.h"

enum { US_PER_MS = 1000 };

static enum button_state next_stuck(enum button_event event)
{
    return event == BUTTON_READS_OPEN ? BUTTON_UP : BUTTON_STUCK;
}

static enum button_state next_up(enum button_event event)
{
    return event == BUTTON_READS_CLOSED ? BUTTON_CLOSING : BUTTON_UP;
}

static enum button_state next_closing(enum button_event event)
{
    switch (event) {
    case BUTTON_READS_OPEN:
        return BUTTON_UP;
    case BUTTON_SETTLED:
        return BUTTON_DOWN;
    case BUTTON_READS_CLOSED:
    case BUTTON_HELD_OUT:
        return BUTTON_CLOSING;
    }
    return BUTTON_CLOSING;
}

static enum button_state next_down(enum button_event event)
{
    switch (event) {
    case BUTTON_READS_OPEN:
        return BUTTON_OPENING;
    case BUTTON_HELD_OUT:
        return BUTTON_STUCK;
    case BUTTON_READS_CLOSED:
    case BUTTON_SETTLED:
        return BUTTON_DOWN;
    }
    return BUTTON_DOWN;
}

static enum button_state next_opening(enum button_event event)
{
    switch (event) {
    case BUTTON_READS_CLOSED:
        return BUTTON_DOWN;
    case BUTTON_SETTLED:
        return BUTTON_UP;
    case BUTTON_READS_OPEN:
    case BUTTON_HELD_OUT:
        return BUTTON_OPENING;
    }
    return BUTTON_OPENING;
}

enum button_state button_next(enum button_state state, enum button_event event)
{
    switch (state) {
    case BUTTON_STUCK:
        return next_stuck(event);
    case BUTTON_UP:
        return next_up(event);
    case BUTTON_CLOSING:
        return next_closing(event);
    case BUTTON_DOWN:
        return next_down(event);
    case BUTTON_OPENING:
        return next_opening(event);
    }
    return BUTTON_STUCK;
}

enum button_action button_action_of(uint64_t held_ms)
{
    if (held_ms >= BUTTON_RESTART_MS) {
        return BUTTON_ACTION_RESTART;
    }
    if (held_ms >= BUTTON_FACTORY_RESET_MS) {
        return BUTTON_ACTION_FACTORY_RESET;
    }
    if (held_ms >= BUTTON_HOTSPOT_MS) {
        return BUTTON_ACTION_HOTSPOT;
    }
    return held_ms >= BUTTON_WIFI_RESET_MS ? BUTTON_ACTION_WIFI_RESET : BUTTON_ACTION_NONE;
}

void button_init(struct button *button)
{
    *button = (struct button){ .state = BUTTON_STUCK };
}

static bool has_passed(uint64_t since_us, uint64_t now_us, uint64_t duration_ms)
{
    return now_us - since_us >= duration_ms * US_PER_MS;
}

enum button_action button_step(struct button *button, bool closed, uint64_t now_us)
{
    const enum button_state before = button->state;
    button->state = button_next(before, closed ? BUTTON_READS_CLOSED : BUTTON_READS_OPEN);
    if (before == BUTTON_UP && button->state == BUTTON_CLOSING) {
        button->pressed_us = now_us;
    }
    if (before == BUTTON_DOWN && button->state == BUTTON_OPENING) {
        button->released_us = now_us;
    }

    if (button->state == BUTTON_CLOSING &&
        has_passed(button->pressed_us, now_us, BUTTON_DEBOUNCE_MS)) {
        button->state = button_next(button->state, BUTTON_SETTLED);
    }
    if (button->state == BUTTON_DOWN && has_passed(button->pressed_us, now_us, BUTTON_RESTART_MS)) {
        button->state = button_next(button->state, BUTTON_HELD_OUT);
        return BUTTON_ACTION_RESTART;
    }
    if (button->state == BUTTON_OPENING &&
        has_passed(button->released_us, now_us, BUTTON_DEBOUNCE_MS)) {
        button->state = button_next(button->state, BUTTON_SETTLED);
        return button_action_of((button->released_us - button->pressed_us) / US_PER_MS);
    }
    return BUTTON_ACTION_NONE;
}

const char *button_action_name(enum button_action action)
{
    switch (action) {
    case BUTTON_ACTION_NONE:
        return "none";
    case BUTTON_ACTION_WIFI_RESET:
        return "wifi_reset";
    case BUTTON_ACTION_HOTSPOT:
        return "hotspot";
    case BUTTON_ACTION_FACTORY_RESET:
        return "factory_reset";
    case BUTTON_ACTION_RESTART:
        return "restart";
    }
    return "unknown";
}
