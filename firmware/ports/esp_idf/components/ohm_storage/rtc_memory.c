// SPDX-License-Identifier: MIT
#include "rtc_memory.h"

#include "esp_attr.h"

static RTC_NOINIT_ATTR struct retained_memory memory;

struct retained_memory *rtc_memory(void)
{
    return &memory;
}
