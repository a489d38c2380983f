// SPDX-License-Identifier: MIT
#include "rig_commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "command.h"

enum { SECTOR_SIZE = 4096, SECTORS = 4 };

static void observe(void *ctx, const struct window_report *report)
{
    struct rig_commands *commands = ctx;
    calibration_session_observe(&commands->calibration, report->raw, report->seconds);
    linearity_session_observe(&commands->linearity, report->raw, report->seconds);
}

void rig_commands_init(struct rig_commands *commands, const struct meter_rig *rig)
{
    memset(commands, 0, sizeof *commands);
    flash_memory_init(&commands->flash, SECTOR_SIZE, SECTORS, FLASH_MEMORY_CUT_IN_ORDER, 7);
    assert_int_equal(record_store_open(&commands->records, &commands->flash.region), STATUS_OK);
    commands->values = record_store_key_value(&commands->records);
    commands->wiring =
        wiring_of_one_voltage(rig->channels, rig->volts_per_code, rig->amperes_per_code);
    assert_int_equal(calibration_store_load(&commands->calibrations, &commands->values), STATUS_OK);
    calibration_session_init(&commands->calibration, &commands->wiring, 0.0,
                             &commands->calibrations, &commands->workspace.calibration);
    const struct linearity_parts parts = { .wiring = &commands->wiring,
                                           .values = &commands->values,
                                           .census = &commands->census,
                                           .workspace = &commands->workspace.linearity,
                                           .code_min = rig->code_min,
                                           .code_max = rig->code_max };
    assert_int_equal(linearity_session_init(&commands->linearity, &parts), STATUS_OK);
    assert_int_equal(maximum_demand_load(&commands->maximum, &commands->values), STATUS_MISSING);
    metering_mailbox_init(&commands->mailbox);
    commands->desk = (struct metering_desk){ .mailbox = &commands->mailbox,
                                             .calibration = &commands->calibration,
                                             .linearity = &commands->linearity,
                                             .maximum = &commands->maximum };
    commands->code_tap = code_census_tap(&commands->census);
    commands->watcher = (struct window_watcher){ .window = observe, .ctx = commands };
}

void rig_commands_bind(struct rig_commands *commands, struct meter_rig *rig)
{
    rig->linearity = code_census_table(&commands->census);
    rig->code_tap = &commands->code_tap;
    rig->watcher = &commands->watcher;
}

struct metering_answer rig_commands_give(struct rig_commands *commands, const char *members)
{
    char text[256];
    struct native_command command;
    const int size = snprintf(text, sizeof text,
                              "{\"cmd_id\":\"c\",\"exp\":2,\"iat\":1,\"target\":\"meter-1\","
                              "\"v\":1,\"who\":\"anna\",%s}",
                              members);
    assert_int_equal(command_parse_native(text, (size_t)size, "meter-1", &command), STATUS_OK);
    assert_null(command.fault);
    assert_int_equal(command.kind, COMMAND_METERING);
    assert_int_equal(metering_mailbox_post(&commands->mailbox, &command.metering), STATUS_OK);
    metering_desk_step(&commands->desk);
    const struct metering_answer answer = *metering_mailbox_peek(&commands->mailbox);
    metering_mailbox_release(&commands->mailbox);
    return answer;
}

void rig_commands_reading(void *ctx, const struct reading *reading)
{
    struct rig_commands *commands = ctx;
    (void)reading;
    metering_desk_step(&commands->desk);
}
