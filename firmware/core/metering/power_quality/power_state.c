// SPDX-License-Identifier: MIT
#include "power_state.h"

bool power_thresholds_are_sound(const struct power_thresholds *thresholds)
{
    const double hysteresis = thresholds->hysteresis;
    return hysteresis >= 0.0 && thresholds->interruption > 0.0 &&
           thresholds->interruption + hysteresis < thresholds->dip &&
           thresholds->dip + hysteresis < thresholds->swell - hysteresis &&
           thresholds->swell < 10.0;
}

enum power_level power_level_of(const struct power_thresholds *thresholds, double share)
{
    if (share < thresholds->interruption) {
        return POWER_LEVEL_NONE;
    }
    if (share < thresholds->interruption + thresholds->hysteresis) {
        return POWER_LEVEL_TRACE;
    }
    if (share < thresholds->dip) {
        return POWER_LEVEL_LOW;
    }
    if (share < thresholds->dip + thresholds->hysteresis) {
        return POWER_LEVEL_LOWISH;
    }
    if (share > thresholds->swell) {
        return POWER_LEVEL_HIGH;
    }
    return share > thresholds->swell - thresholds->hysteresis ? POWER_LEVEL_HIGHISH
                                                              : POWER_LEVEL_NORMAL;
}

enum power_state power_state_next(enum power_state state, enum power_level level)
{
    switch (level) {
    case POWER_LEVEL_NONE:
        return POWER_STATE_INTERRUPTION;
    case POWER_LEVEL_TRACE:
        return state == POWER_STATE_INTERRUPTION ? POWER_STATE_INTERRUPTION : POWER_STATE_DIP;
    case POWER_LEVEL_LOW:
        return POWER_STATE_DIP;
    case POWER_LEVEL_LOWISH:
        return state == POWER_STATE_DIP || state == POWER_STATE_INTERRUPTION ? POWER_STATE_DIP
                                                                             : POWER_STATE_NORMAL;
    case POWER_LEVEL_HIGHISH:
        return state == POWER_STATE_SWELL ? POWER_STATE_SWELL : POWER_STATE_NORMAL;
    case POWER_LEVEL_HIGH:
        return POWER_STATE_SWELL;
    case POWER_LEVEL_NORMAL:
    case POWER_LEVEL_COUNT:
        break;
    }
    return POWER_STATE_NORMAL;
}
